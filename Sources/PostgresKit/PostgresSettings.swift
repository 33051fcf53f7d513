/// How to reach a database and how long to wait for it.
public struct PostgresSettings: Sendable {
    /// When a peer that says nothing any more is given up by the kernel.
    public struct Keepalive: Hashable, Sendable {
        /// Silence after which the kernel asks whether the peer is there; whole seconds.
        public var idle: Duration = .seconds(15)
        /// Time between two such questions; whole seconds.
        public var interval: Duration = .seconds(5)
        /// Questions without an answer.
        public var count = 3
        /// How long octets may stay unacknowledged; milliseconds.
        public var unacknowledged: Duration = .seconds(20)

        public init() {}
    }

    /// A keyword string or URI of libpq's (PostgreSQL documentation § 34.1.1).
    ///
    /// With several hosts they are tried in order, each with its share of ``connectTimeout``. What is left out comes from
    /// the `PG*` variables of the environment and the files that libpq reads. GSSAPI encryption is never used: libpq
    /// gives no way to wait for it.
    public var connectionString: String
    /// Goes before any other password.
    public var password: String?
    /// How the server's administrator sees us, unless the connection string or `PGAPPNAME` says otherwise.
    public var applicationName = "gatehouse"
    /// For the whole attempt, however many hosts; looking up names takes as long as the system's resolver lets it.
    public var connectTimeout: Duration = .seconds(5)
    /// For each wait for an answer.
    ///
    /// The server is told to give up a little sooner on a statement, in half the time on a lock, and after twice the time
    /// on a transaction that is left open; `options` in the connection string goes before.
    public var statementTimeout: Duration = .seconds(30)
    public var keepalive = Keepalive()

    public init(connectionString: String, password: String? = nil) {
        self.connectionString = connectionString
        self.password = password
    }
}

extension PostgresSettings: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Where to, and nothing that could be secret: a connection string may hold a password.
    public var description: String {
        let options = ConnectionOptions(parsing: self.connectionString)
        let shown = ["host", "hostaddr", "port", "dbname", "user", "sslmode", "target_session_attrs", "service"]
        let words = shown.compactMap { name in options[name].map { "\(name)=\($0)" } }
        return words.isEmpty ? "the database that the environment names" : words.joined(separator: " ")
    }

    public var debugDescription: String { self.description }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension Duration {
    var milliseconds: Int64 {
        let (seconds, attoseconds) = self.components
        return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }
}
