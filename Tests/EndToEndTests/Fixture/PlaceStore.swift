import EnrollmentTestKit
import Foundation
import Testing

/// The stores that tests run on, for tables of arguments.
enum StoreKind: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case sqlite = "SQLite"
    case postgres = "PostgreSQL"

    var testDescription: String { self.rawValue }
}

/// Where a place keeps its ledger.
enum PlaceStore: Sendable {
    case sqlite
    case postgres(PostgresAccess)

    var access: PostgresAccess? {
        if case .postgres(let access) = self { access } else { nil }
    }
}

/// A database, and how a place reaches it.
struct PostgresAccess: Sendable {
    /// Where the test looks, whatever stands between it and the server.
    var database: PostgresDatabase
    /// A connection string of libpq's, without the password.
    var url: String
    var password: String
    /// Connections of one process.
    var connections = 6
    /// Seconds that a request waits for one of them.
    var waitSeconds = 2
    /// Goes into the section as it is.
    var more = ""

    init(_ database: PostgresDatabase) {
        self.database = database
        self.url = database.connectionString
        self.password = database.password
    }

    /// Through something else that listens on loopback.
    init(_ database: PostgresDatabase, through proxy: TCPProxy) {
        self.init(database)
        self.url = database.connectionString(port: proxy.port)
    }
}

extension Place {
    var database: String { self.folder.appending(path: "gatehouse.db").path }

    /// The value of the key `store` in the configuration.
    func storeSection() throws -> String {
        switch self.store {
        case .sqlite:
            return "{ kind: \"sqlite\", path: \"gatehouse.db\" }"
        case .postgres(let access):
            let file = try self.keep(secret: access.password, as: "store.password")
            return """
                {
                    kind: "postgres", url: "\(access.url)", password: { file: "\(file)" },
                    connections: \(access.connections), waitSeconds: \(access.waitSeconds), \(access.more)
                }
                """
        }
    }
}
