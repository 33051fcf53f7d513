internal import CPostgres

extension PostgresConnection {
    /// Connects.
    ///
    /// - Parameter settings: Where to and how long to try.
    /// - Returns: A connection that takes statements.
    /// - Throws: ``PostgresError``; ``PostgresError/Kind/cannotConnect`` also when nobody answers in time.
    public static func open(_ settings: PostgresSettings) throws(PostgresError) -> PostgresConnection {
        var attempt = ConnectionAttempt(settings)
        let link = try attempt.run()
        PQsetErrorVerbosity(link.pointer, PQERRORS_DEFAULT)
        guard PQsetnonblocking(link.pointer, 1) == 0, PQenterPipelineMode(link.pointer) == 1 else {
            throw link.lost("connect")
        }
        return PostgresConnection(link, patience: settings.statementTimeout)
    }

    /// Where a transaction stands.
    public enum TransactionStatus: Hashable, Sendable {
        case idle
        case inTransaction
        /// Open, and good for nothing but ROLLBACK.
        case failed
        /// Statements were sent since the last synchronization, or the connection is broken.
        case unknown
    }

    /// Where the transaction stood at the last ``synchronize()``.
    public var transactionStatus: TransactionStatus {
        guard self.isSynchronized, !self.isBroken else { return .unknown }
        return switch PQtransactionStatus(self.link.pointer) {
        case PQTRANS_IDLE: .idle
        case PQTRANS_INTRANS: .inTransaction
        case PQTRANS_INERROR: .failed
        default: .unknown
        }
    }

    /// The server's version, for example 150018 for 15.18.
    public var serverVersion: Int { Int(PQserverVersion(self.link.pointer)) }

    /// The server's process for this connection, as its views and `pg_terminate_backend` name it.
    public var serverProcess: Int { Int(PQbackendPID(self.link.pointer)) }

    /// The host and port that this connection goes to.
    public var endpoint: String {
        let host = PQhost(self.link.pointer).map { String(cString: $0) } ?? ""
        let port = PQport(self.link.pointer).map { String(cString: $0) } ?? ""
        return "\(host):\(port)"
    }

    /// Whether the connection is encrypted.
    public var isEncrypted: Bool { PQsslInUse(self.link.pointer) == 1 }

    /// A parameter that the server reports by itself, also when it changes: `in_hot_standby`, for example.
    ///
    /// - Parameter name: As in the PostgreSQL documentation § 34.2.
    /// - Returns: Its value as of the last answer.
    public func parameter(_ name: String) -> String? {
        PQparameterStatus(self.link.pointer, name).map { String(cString: $0) }
    }

    /// Whether the server has closed the connection since the last answer.
    ///
    /// Costs one system call, as a rule, and sends nothing; `false` is no promise.
    public var isStranded: Bool { self.isBroken || self.isSynchronized && self.link.hasEnded() }
}
