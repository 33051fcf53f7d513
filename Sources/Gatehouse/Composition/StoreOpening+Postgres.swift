import EnrollmentCore
import Ledger

extension StoreOpening {
    /// How the configured database is used.
    func settings(_ location: PostgresLocation) throws(CommandProblem) -> PostgresLedgerSettings {
        let password = try location.password?.fetch().reveal()
        var settings = PostgresLedgerSettings(
            address: location.address?.text ?? "",
            password: password.map { String(decoding: $0, as: UTF8.self) }
        )
        settings.connections = location.connections
        settings.wait = .seconds(location.waitSeconds)
        settings.connectTimeout = .seconds(location.connectSeconds)
        settings.statementTimeout = .seconds(location.statementSeconds)
        settings.largestClockSkew = .seconds(location.largestClockSkewSeconds)
        return settings
    }

    func open(_ settings: PostgresLedgerSettings, _ access: LedgerAccess) async throws(CommandProblem)
        -> any LedgerStore
    {
        try await answer { () throws(EnrollmentError) in
            try await PostgresLedger.open(settings, access: access, logger: self.logger)
        }
    }
}
