import Authority
import EnrollmentCore
import Ledger
import OpenSSLKit

/// Asks an offline root on behalf of a command, and writes the file for it.
struct CeremonyDesk {
    /// For which a root's CRLs that come with another request are valid.
    private static let listDays = 180

    let ledger: any LedgerStore
    let configuration: Configuration

    /// Asks the active root for the certificate of another issuing authority.
    ///
    /// - Parameters:
    ///   - id: Of the new issuer.
    ///   - key: Made here, and kept sealed until the answer comes.
    ///   - file: Where the request is written; must not be there yet.
    ///   - act: Who, why.
    /// - Returns: What was asked for.
    /// - Throws: ``CommandProblem`` with exit `refused` when there is no root to ask, or another ceremony is open.
    func askForIssuer(
        _ id: String,
        key: KeyType,
        file: String,
        by act: AdministrativeAct
    ) async throws(CommandProblem) -> CommandOutput {
        try CeremonyFiles.requireAbsent(file)
        let profiles = try ProfileFolder.load(self.configuration)
        let order = CeremonyService.Order(
            id: id,
            organization: nil,
            key: key,
            profile: profiles.issuing,
            listDays: Self.listDays
        )
        return try await self.ask(file, act, "Done. The certificate of \(id) is recorded, and waits for its root.") {
            (service, vault) throws(EnrollmentError) in
            try await service.askForIssuer(order, as: .issuing, keys: vault, act: act)
        }
    }

    /// Asks a root for its CRLs of now.
    func askForLists(
        of root: String,
        days: Int,
        file: String,
        by act: AdministrativeAct
    ) async throws(CommandProblem) -> CommandOutput {
        try CeremonyFiles.requireAbsent(file)
        return try await self.ask(file, act, "Done. The CRLs of \(root) are recorded, and wait for its signature.") {
            (service, vault) throws(EnrollmentError) in
            try await service.askForLists(of: root, days: days, keys: vault, act: act)
        }
    }

    private func ask(
        _ file: String,
        _ act: AdministrativeAct,
        _ heading: String,
        _ request: (CeremonyService, KeyRing) async throws(EnrollmentError) -> CeremonyService.Asked
    ) async throws(CommandProblem) -> CommandOutput {
        let keys = try await KeyRing.open(by: self.configuration, in: self.ledger)
        let asked: CeremonyService.Asked
        do throws(EnrollmentError) {
            asked = try await request(CeremonyService(self.ledger, keys.vault, self.configuration), keys)
        } catch {
            throw CommandProblem(ceremony: error)
        }
        try CeremonyFiles.create(file, asked.file)
        return try CeremonyScreen.asked(asked.request, file: file, trace: act.traceID, heading: heading)
    }
}
