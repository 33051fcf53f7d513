extension PostgresError {
    /// What a caller can usefully tell apart.
    public enum Kind: Hashable, Sendable, CaseIterable {
        // Connecting.

        /// Nobody answers, or not in time; nothing was sent that could have had an effect.
        case cannotConnect
        /// The server does not believe who we are, or does not let such a user in at all.
        case wrongPassword
        /// There is no database of that name.
        case noDatabase
        /// The server's certificate is not trusted or names another host, or TLS is asked for and not offered.
        case tls
        /// The server has no connection left for us.
        case tooManyConnections
        /// The connection string is not one that libpq understands.
        case invalidSettings

        // The connection.

        /// The connection ended before the answer came.
        case connectionLost
        /// The answer did not come in time; the connection is given up, the server may still be at work.
        case deadlinePassed
        /// The server shuts down or starts up, or an administrator ended the session.
        case shuttingDown
        /// A prepared statement does not fit any more or is not there: the connection has to be replaced.
        case stalePlan

        // Transactions.

        /// Run the whole transaction again.
        case serializationFailure
        /// Run the whole transaction again.
        case deadlock
        /// The server gave up on the statement or on a lock in time.
        case timeout
        /// A statement after one that failed, in a transaction that can only be rolled back.
        case transactionFailed

        // Constraints.

        case uniqueViolation
        case foreignKeyViolation
        case checkViolation
        case notNullViolation
        /// A constraint of another sort.
        case otherViolation

        // The server and its data.

        /// The server is a standby, or takes no writes for another reason.
        case readOnly
        case diskFull
        /// Out of memory, locks or another resource.
        case outOfResources
        case insufficientPrivilege
        case undefinedTable
        case undefinedColumn
        /// The server found damage in its files.
        case corrupt
        /// The server could not read or write a file.
        case inputOutput

        // Values.

        /// A value that cannot be sent: text with U+0000, or more parameters than the protocol can count.
        case invalidValue
        /// A column of a type that this kit does not read; cast it in the statement.
        case unexpectedType

        // The pool.

        /// No connection became free in time, or too many were waiting already.
        case poolExhausted
        /// The pool was closed.
        case poolClosed

        case other
    }
}

extension PostgresError.Kind {
    /// What an SQLSTATE means to a caller.
    init(sqlState: String) {
        self = Self.exact[sqlState] ?? Self.classes[String(sqlState.prefix(2))] ?? .other
    }

    private static let exact: [String: Self] = [
        "28P01": .wrongPassword, "28000": .wrongPassword, "3D000": .noDatabase,
        "53300": .tooManyConnections, "53100": .diskFull,
        "57P01": .shuttingDown, "57P02": .shuttingDown, "57P03": .shuttingDown, "57P05": .shuttingDown,
        "25P03": .shuttingDown, "25P02": .transactionFailed, "25006": .readOnly,
        "40001": .serializationFailure, "40P01": .deadlock,
        "57014": .timeout, "55P03": .timeout,
        "23505": .uniqueViolation, "23503": .foreignKeyViolation, "23514": .checkViolation,
        "23502": .notNullViolation,
        "42501": .insufficientPrivilege, "42P01": .undefinedTable, "42703": .undefinedColumn,
        "26000": .stalePlan, "42P05": .stalePlan,
        "XX001": .corrupt, "XX002": .corrupt, "58030": .inputOutput,
        "58P01": .inputOutput,
    ]

    private static let classes: [String: Self] = [
        "08": .connectionLost, "23": .otherViolation, "40": .serializationFailure, "53": .outOfResources,
    ]
}
