internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Ledger
internal import Logging
internal import Testing

/// A ledger behind a relay that breaks its connections, and one beside it that looks at what is recorded.
///
/// The first has a single connection, so that it is known which one breaks.
struct PostgresBreak {
    let ledger: PostgresLedger
    let witness: PostgresLedger
    let proxy: TCPProxy
    let database: PostgresDatabase

    static func run(
        adjust: (inout PostgresLedgerSettings) -> Void = { _ in },
        _ body: (PostgresBreak) async throws -> Void
    ) async throws {
        try await PostgresFixture.withDatabase { (database) async throws -> Void in
            let proxy = TCPProxy(to: database.server.port)
            var settings = PostgresFixture.settings(database, port: proxy.port, connections: 1)
            // Nobody else speaks through the relay meanwhile.
            settings.pollInterval = .seconds(3_600)
            settings.doubtPatience = .seconds(30)
            adjust(&settings)
            let logger = Logger(label: "test")
            let ledger = try await PostgresLedger.open(settings, logger: logger)
            // The watch has said all that it says before it waits for an hour.
            try await PostgresOpeningTests.wait {
                try await database.psql(
                    """
                    SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND query = 'LISTEN gatehouse' AND state = 'idle'
                    """
                ) == "1"
            }
            let witness = try await PostgresLedger.open(PostgresFixture.settings(database), logger: logger)
            _ = try await ledger.issuers()
            do {
                try await body(PostgresBreak(ledger: ledger, witness: witness, proxy: proxy, database: database))
            } catch {
                await ledger.close()
                await witness.close()
                throw error
            }
            await ledger.close()
            await witness.close()
        }
    }

    /// Cuts the connection at the next COMMIT, by the name that it is prepared under: READ COMMITTED holds the word too.
    func cutAtCommit(_ moment: TCPProxy.Moment) {
        self.proxy.cut(at: Array("_COMMIT".utf8), moment)
    }
}
