internal import CPostgres
internal import Glibc

/// The keywords and values to connect with; among equal keywords the last counts.
struct ConnectionParameters {
    private var pairs: [(keyword: String, value: String)] = []

    init(_ settings: PostgresSettings) {
        let keepalive = settings.keepalive
        // Before the connection string, which may say otherwise.
        self.pairs = [
            ("fallback_application_name", settings.applicationName),
            ("keepalives_idle", "\(keepalive.idle.components.seconds)"),
            ("keepalives_interval", "\(keepalive.interval.components.seconds)"),
            ("keepalives_count", "\(keepalive.count)"),
            ("tcp_user_timeout", "\(keepalive.unacknowledged.milliseconds)"),
            ("dbname", settings.connectionString),
            ("client_encoding", "UTF8"),
            ("gssencmode", "disable"),
            ("options", Self.options(settings)),
        ]
        if let password = settings.password { self.pairs.append(("password", password)) }
    }

    /// Our limits first: of two settings in `options` the server takes the later.
    private static func options(_ settings: PostgresSettings) -> String {
        let timeout = settings.statementTimeout.milliseconds
        let limits = [
            // Sooner than we give up, so that the answer still comes and the connection can be kept.
            "statement_timeout": max(1, timeout * 9 / 10),
            "lock_timeout": max(1, timeout / 2),
            "idle_in_transaction_session_timeout": max(1, timeout * 2),
        ]
        let own =
            limits.sorted { $0.key < $1.key }.map { "-c \($0.key)=\($0.value)" } + ["-c client_min_messages=error"]
        let theirs =
            ConnectionOptions(parsing: settings.connectionString)["options"]
            ?? getenv("PGOPTIONS").map { String(cString: $0) }
        return (own + [theirs ?? ""]).joined(separator: " ")
    }

    /// Replaces what other sources say.
    mutating func set(_ keyword: String, _ value: String) {
        self.pairs.append((keyword, value))
    }

    /// Starts to connect; the caller owns what comes back.
    func start() -> OpaquePointer? {
        var keywords: [UnsafePointer<CChar>?] = []
        var values: [UnsafePointer<CChar>?] = []
        var copies: [UnsafeMutablePointer<CChar>] = []
        defer {
            for copy in copies {
                // One of them is a password.
                memset(copy, 0, strlen(copy))
                free(copy)
            }
        }
        for (keyword, value) in self.pairs {
            guard let keyword = strdup(keyword), let value = strdup(value) else { return nil }
            copies += [keyword, value]
            keywords.append(UnsafePointer(keyword))
            values.append(UnsafePointer(value))
        }
        keywords.append(nil)
        values.append(nil)
        return PQconnectStartParams(keywords, values, 1)
    }
}
