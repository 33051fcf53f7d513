import EnrollmentCore
import Ledger

/// Finds the one device that a command is to change.
///
/// A beginning of an id is for looking only: a symbol left out must not reset somebody else's device. A name will do
/// where only one live device has it.
enum DeviceTarget {
    /// - Throws: ``CommandProblem`` with exit `notFound` when there is no such device or more than one; `usage` for a
    ///   part of an id.
    static func find(_ text: String, in ledger: any LedgerStore) async throws(CommandProblem) -> DeviceRecord {
        if let id = DeviceID(text) {
            let device = try await answer { () throws(EnrollmentError) in try await ledger.device(id) }
            guard let device else { throw .notFound("device", text, "gatehouse device list") }
            return device
        }
        let matches = try await answer { () throws(EnrollmentError) in
            try await ledger.devices(matching: text, limit: PageSize.largest)
        }
        let named = matches.filter { $0.name.lowercased() == text.lowercased() }
        let live = named.filter(\.state.occupiesSlot)
        // Where none is live, a name still leads to the device that a second run of the same order is about.
        let candidates = live.isEmpty ? named : live
        if let only = candidates.first, candidates.count == 1 { return only }
        guard candidates.isEmpty else {
            throw CommandProblem(
                "GH-FIND-002",
                "\(text) is not one device; name it by its id",
                candidates.prefix(10).map { ("\($0.device)", "\($0.state.rawValue), \($0.userPrincipalName)") },
                exit: .notFound
            )
        }
        guard let match = matches.first else { throw .notFound("device", text, "gatehouse device list") }
        throw CommandProblem(
            "GH-USAGE-012",
            "\(text) is a part of a device id; a change takes the whole of it",
            matches.count == 1 ? [("try", "\(match.device)")] : [("see", "gatehouse device list")],
            exit: .usage
        )
    }
}
