import EnrollmentCore
import Ledger

extension StoreOpening {
    /// Fetches the password, if there is one.
    static func settings(_ location: PostgresLocation) throws(CommandProblem) -> PostgresLedgerSettings {
        let password = try location.password.map { (reference) throws(CommandProblem) in try reference.fetch() }
        var settings = PostgresLedgerSettings(
            address: location.address?.text ?? "",
            password: password.map { String(decoding: $0.reveal(), as: UTF8.self) }
        )
        settings.connections = location.connections
        settings.wait = .seconds(location.waitSeconds)
        settings.connectTimeout = .seconds(location.connectSeconds)
        settings.statementTimeout = .seconds(location.statementSeconds)
        settings.largestClockSkew = .seconds(location.largestClockSkewSeconds)
        return settings
    }

    /// - Throws: ``CommandProblem`` with exit `unavailable` for whatever is wrong with the server or on the way to it.
    func open(
        _ settings: PostgresLedgerSettings,
        _ access: LedgerAccess
    ) async throws(CommandProblem) -> any LedgerStore {
        do throws(EnrollmentError) {
            return try await PostgresLedger.open(settings, access: access, logger: self.logger)
        } catch {
            let remedy =
                error.rule == "ledger.empty"
                ? ("try", "gatehouse init --config \(self.configuration.file)")
                : ("key", "store in \(self.configuration.file)")
            throw CommandProblem(
                "GH-STORE-002",
                error.detail,
                [("store", self.configuration.store.name), ("rule", error.rule)]
                    + error.facts.map { ($0.name, $0.value) } + [remedy],
                exit: .unavailable
            )
        }
    }
}
