internal import EnrollmentTestKit
internal import Foundation
internal import Ledger
internal import Logging

/// A database that something is measured in: one of this run's own server, or one that was there before.
struct PostgresPlace {
    /// As libpq takes it, without the password.
    let address: String
    /// `nil` where the address or the environment says enough.
    let password: String?

    init(_ database: PostgresDatabase) {
        self.address = database.connectionString
        self.password = database.password
    }

    init(address: String) {
        self.address = address
        self.password = nil
    }

    func ledger(_ access: LedgerAccess = .readWrite) async throws -> PostgresLedger {
        try await PostgresLedger.open(
            PostgresLedgerSettings(address: self.address, password: self.password),
            access: access,
            logger: Logger(label: "benchmark")
        )
    }

    /// Runs a client of PostgreSQL's, whose last argument is the database.
    ///
    /// - Returns: What it said.
    func run(_ program: String, _ arguments: [String], seconds: Int = 120) async throws -> String {
        var address = self.address
        let file = FileManager.default.temporaryDirectory.appending(path: "pgpass-\(UUID().uuidString)")
        if let password {
            try Data("*:*:*:*:\(password)\n".utf8).write(to: file)
            chmod(file.path, 0o600)
            address += " passfile=\(file.path)"
        }
        // There may be none, and one that is left behind is a nuisance, not a failure.
        defer { try? FileManager.default.removeItem(at: file) }
        let outcome = try await ExternalCommand.run(program, arguments + [address], seconds: seconds)
        guard outcome.status == 0 else { throw BenchmarkProblem("\(program): \(outcome.output)") }
        return outcome.output
    }

    /// The rows of a question, columns parted by `|`.
    func rows(_ question: String) async throws -> [String] {
        try await self.run("psql", ["-XAtq", "-v", "ON_ERROR_STOP=1", "-c", question])
            .split(separator: "\n").map { String($0) }
    }
}
