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

    /// Asks the roots that are offline for the links to a new root that are missing.
    ///
    /// - Parameters:
    ///   - root: The new one.
    ///   - folder: Where the requests are written, one for each root that has to sign; made if it is not there.
    ///   - mandate: Who, why.
    /// - Returns: What was asked for.
    /// - Throws: ``CommandProblem`` with exit `refused` when no link leads there, or a ceremony for one is open.
    func askForLinks(
        to root: String,
        into folder: String,
        _ mandate: Mandate
    ) async throws(CommandProblem) -> [(asked: CeremonyService.Asked, file: String, act: AdministrativeAct)] {
        let profiles = try ProfileFolder.load(self.configuration)
        let keys = try await KeyRing.open(by: self.configuration, in: self.ledger)
        let service = CeremonyService(self.ledger, keys.vault, self.configuration)
        let missing = try await Self.refusing { () throws(EnrollmentError) in
            try await CeremonyService.links(to: root, in: self.ledger).filter { $0.standing == .missing }
        }
        let file = { (link: CeremonyService.Link) in "\(folder)/link-\(link.subject.id)-by-\(link.signer.id).txt" }
        for link in missing { try CeremonyFiles.requireAbsent(file(link)) }
        if !missing.isEmpty, !FilePath.exists(folder) {
            do throws(FileError) {
                try FilePath.createFolder(folder, mode: 0o755)
            } catch {
                throw CommandProblem("GH-CEREMONY-002", "\(error)", exit: .failed)
            }
        }
        var all: [(asked: CeremonyService.Asked, file: String, act: AdministrativeAct)] = []
        for link in missing {
            let (asked, act) = try await Self.refusing { () throws(EnrollmentError) in
                let act = try mandate.act(.askCeremony, at: SystemClock().now)
                let asked = try await service.ask(
                    for: link,
                    to: root,
                    profile: profiles.root,
                    listDays: Self.listDays,
                    keys: keys,
                    act: act
                )
                return (asked, act)
            }
            try Self.write(asked, to: file(link))
            all.append((asked, file(link), act))
        }
        return all
    }

    private func ask(
        _ file: String,
        _ act: AdministrativeAct,
        _ heading: String,
        _ request: (CeremonyService, KeyRing) async throws(EnrollmentError) -> CeremonyService.Asked
    ) async throws(CommandProblem) -> CommandOutput {
        let keys = try await KeyRing.open(by: self.configuration, in: self.ledger)
        let asked = try await Self.refusing { () throws(EnrollmentError) in
            try await request(CeremonyService(self.ledger, keys.vault, self.configuration), keys)
        }
        try Self.write(asked, to: file)
        return try CeremonyScreen.asked(asked.request, file: file, trace: act.traceID, heading: heading)
    }

    /// It is recorded by now: a file that cannot be written is written again.
    private static func write(_ asked: CeremonyService.Asked, to file: String) throws(CommandProblem) {
        do throws(CommandProblem) {
            try CeremonyFiles.create(file, asked.file)
        } catch {
            throw CommandProblem(
                error.code,
                "\(error.sentence); ceremony \(asked.request.id) is recorded",
                [("try", "gatehouse ca ceremonies --again \(asked.request.id) --out FILE")],
                exit: error.exit
            )
        }
    }

    static func refusing<Value>(
        _ body: () async throws(EnrollmentError) -> Value
    ) async throws(CommandProblem) -> Value {
        do throws(EnrollmentError) {
            return try await body()
        } catch {
            throw CommandProblem(ceremony: error)
        }
    }
}
