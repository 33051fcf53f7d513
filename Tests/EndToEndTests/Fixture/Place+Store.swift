import EnrollmentTestKit
import Foundation
import SQLiteKit

extension Place {
    /// The first column of what a query gives, as text; a statement that gives no rows is run for what it does.
    ///
    /// - Parameters:
    ///   - sqlite: The statement in SQLite's words.
    ///   - postgres: In PostgreSQL's; `nil` when they are the same.
    /// - Returns: One text for each row.
    /// - Throws: When the store does not answer.
    @discardableResult
    func query(_ sqlite: String, postgres: String? = nil) async throws -> [String] {
        if let access = self.store.access {
            return try await access.database.psql(postgres ?? sqlite).split(separator: "\n").map(String.init)
        }
        // One that only reads leaves the write-ahead log as it found it.
        let reads = sqlite.hasPrefix("SELECT") || sqlite.hasPrefix("PRAGMA")
        let outcome = try await ExternalCommand.run(
            "sqlite3",
            ["-batch", reads ? "-readonly" : "-bail", "-cmd", ".timeout 10000", self.database, sqlite]
        )
        guard outcome.status == 0 else { throw Failure(description: outcome.output) }
        return outcome.output.split(separator: "\n").map(String.init)
    }

    /// Everything that the store holds, as far as it can be looked through for a text.
    func storedOctets() async throws -> Data {
        guard let access = self.store.access else {
            return ["", "-wal"].reduce(into: Data()) { octets, suffix in
                // The write-ahead log goes when the database is closed in order.
                octets += (try? Data(contentsOf: URL(filePath: self.database + suffix))) ?? Data()
            }
        }
        return try await access.database.dump()
    }
}

extension PostgresDatabase {
    /// What is in all tables, as text, and what columns of octets hold once more as it is.
    func dump() async throws -> Data {
        let passwords = FileManager.default.temporaryDirectory.appending(path: "dump-pass-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: passwords) }  // Left behind at worst.
        let made = FileManager.default.createFile(
            atPath: passwords.path,
            contents: Data("*:*:*:*:\(self.password)\n".utf8),
            attributes: [.posixPermissions: 0o600]
        )
        guard made else { throw Place.Failure(description: "no file for the password") }
        let address = self.connectionString + " passfile=\(passwords.path)"
        let outcome = try await ExternalCommand.run("pg_dump", ["--data-only", "-d", address])
        guard outcome.status == 0 else { throw Place.Failure(description: outcome.output) }
        return Data(outcome.output.utf8)
            + outcome.output.matches(of: /\\x([0-9a-f]+)/).reduce(into: Data()) { octets, match in
                octets += Self.octets(match.output.1)
            }
    }

    private static func octets(_ digits: Substring) -> [UInt8] {
        let values = digits.utf8.map { $0 < UInt8(ascii: "a") ? $0 & 15 : $0 - UInt8(ascii: "a") + 10 }
        return stride(from: 0, to: values.count - 1, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    }
}
