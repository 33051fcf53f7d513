import ServiceRuntime

/// Where the ledger is kept.
enum StoreLocation: Hashable, Sendable {
    /// One file on this machine, for one process.
    case sqlite(path: String)
    /// A server, for any number of replicas.
    case postgres(PostgresLocation)

    /// The file, where there is one.
    var path: String? {
        if case .sqlite(let path) = self { path } else { nil }
    }

    /// Whether other processes like this one may be at work in it.
    var isShared: Bool { self.path == nil }

    /// For people; never holds a secret.
    var name: String {
        switch self {
        case .sqlite(let path): path
        case .postgres(let location): location.address?.text ?? "PostgreSQL as the environment (PG…) says"
        }
    }
}

/// A PostgreSQL database, and how it is used.
struct PostgresLocation: Hashable, Sendable {
    /// `nil` where the environment names everything, as every client of the library takes it.
    var address: PostgresAddress?
    var password: SecretReference?
    /// At once, by this process.
    var connections = 8
    /// For a connection, until a request is told to come again.
    var waitSeconds = 2
    /// For a connection to be made, however many hosts are tried.
    var connectSeconds = 5
    /// For one answer of the server.
    var statementSeconds = 30
    /// By how much this machine's clock may differ from the server's.
    var largestClockSkewSeconds = 60
}

/// Reads `store: {…}`.
enum StoreSection {
    private enum Kind: String, CaseIterable {
        case sqlite
        case postgres
    }

    static func read(_ reader: SettingsReader, folder: String) throws(SettingsError) -> StoreLocation {
        guard let kind = try reader.choice("kind", Kind.self) else { throw reader.missing("kind") }
        let location: StoreLocation
        switch kind {
        case .sqlite: location = .sqlite(path: FilePath.resolve(try reader.requiredString("path"), in: folder))
        case .postgres: location = .postgres(try self.postgres(reader, folder: folder))
        }
        try reader.finish()
        return location
    }

    private static func postgres(_ reader: SettingsReader, folder: String) throws(SettingsError) -> PostgresLocation {
        var location = PostgresLocation()
        if let text = try reader.string("url") {
            do throws(PostgresAddress.Problem) {
                location.address = try PostgresAddress(text)
            } catch {
                throw reader.error("url", "\(error)")
            }
        }
        if let password = try reader.object("password") {
            location.password = try SecretReference(password, relativeTo: folder)
        }
        location.connections = try reader.integer("connections", in: 2...256, default: location.connections)
        location.waitSeconds = try reader.integer("waitSeconds", in: 1...30, default: location.waitSeconds)
        location.connectSeconds = try reader.integer("connectSeconds", in: 1...60, default: location.connectSeconds)
        location.statementSeconds = try reader.integer(
            "statementSeconds",
            in: 1...600,
            default: location.statementSeconds
        )
        location.largestClockSkewSeconds = try reader.integer(
            "largestClockSkewSeconds",
            in: 1...3_600,
            default: location.largestClockSkewSeconds
        )
        return location
    }
}
