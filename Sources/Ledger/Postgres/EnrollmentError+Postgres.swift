internal import EnrollmentCore
internal import PostgresKit

extension EnrollmentError {
    /// What an enrollment, or whoever starts the service, is told when the database did not do its part.
    ///
    /// Nothing is half done then: the server takes back what was not committed.
    static func ledger(_ error: PostgresError) -> EnrollmentError {
        let (code, detail, rule) = Self.words(error.kind) ?? Self.otherWords(error)
        return EnrollmentError(code, detail, rule: rule, cause: error)
    }

    private static func words(_ kind: PostgresError.Kind) -> (Code, String, String)? {
        switch kind {
        case .cannotConnect:
            (
                .inMaintenance,
                "The database server does not answer; see that it runs, and that host, port and firewall are right.",
                "ledger.unreachable"
            )
        case .connectionLost, .shuttingDown:
            (
                .inMaintenance, "The connection to the database was lost; nothing was recorded. Try again.",
                "ledger.connection"
            )
        case .deadlinePassed, .timeout:
            (
                .inMaintenance,
                "The database did not answer in time; see what its server is busy with (pg_stat_activity, pg_locks).",
                "ledger.slow"
            )
        case .poolExhausted:
            (
                .inMaintenance,
                "All connections to the database stayed in use; its server is too slow for this load, or there are too"
                    + " few of them.",
                "ledger.pool"
            )
        case .poolClosed:
            (.inMaintenance, "The ledger is closed: the service is stopping.", "ledger.closed")
        case .serializationFailure, .deadlock, .uniqueViolation:
            (
                .inMaintenance, "Others were in the way each time it was tried; nothing was recorded. Try again.",
                "ledger.contended"
            )
        case .readOnly:
            (
                .inMaintenance,
                "The database server takes no writes; it is a standby, or was told to be read only.",
                "ledger.readOnly"
            )
        case .diskFull:
            (
                .inMaintenance, "There is no room for the database to grow; free space on its server's disk.",
                "ledger.full"
            )
        case .tooManyConnections:
            (
                .inMaintenance,
                "The database server has no connection left; raise max_connections, or give each replica fewer.",
                "ledger.connections"
            )
        case .outOfResources:
            (
                .inMaintenance,
                "The database server is out of memory or locks; see its log (max_locks_per_transaction, memory).",
                "ledger.resources"
            )
        default: Self.lastingWords(kind)
        }
    }

    /// What waiting does not mend.
    private static func lastingWords(_ kind: PostgresError.Kind) -> (Code, String, String)? {
        switch kind {
        case .wrongPassword:
            (
                .enrollmentServer,
                "The database server refused user or password; check them, and what pg_hba.conf allows from here.",
                "ledger.password"
            )
        case .noDatabase:
            (
                .enrollmentServer,
                "The database server has no database of that name; make it: CREATE DATABASE … ENCODING 'UTF8'"
                    + " TEMPLATE template0",
                "ledger.noDatabase"
            )
        case .tls:
            (
                .enrollmentServer,
                "The database server's certificate is not trusted, is for another host, or it offers no TLS; check"
                    + " sslmode, sslrootcert and the host's name.",
                "ledger.tls"
            )
        case .invalidSettings:
            (
                .enrollmentServer, "The database's address is not one that libpq understands.",
                "ledger.address"
            )
        case .insufficientPrivilege:
            (
                .enrollmentServer,
                "The database user may not do what the ledger has to; let it own the database, or grant it its tables.",
                "ledger.privilege"
            )
        case .undefinedTable, .undefinedColumn:
            (
                .enrollmentServer,
                "The database lacks a table or column; compare it with a backup (gatehouse store check).",
                "ledger.schema"
            )
        case .corrupt, .inputOutput:
            (
                .enrollmentServer,
                "The database is damaged, or its disk is; stop the service and restore a backup.",
                "ledger.damaged"
            )
        case .invalidValue:
            (.messageFormat, "A text holds the character U+0000, which cannot be recorded.", "ledger.text")
        default: nil
        }
    }

    private static func otherWords(_ error: PostgresError) -> (Code, String, String) {
        (
            .enrollmentServer,
            "The database did not do its part (\(error.sqlState ?? "\(error.kind)")); nothing was recorded.",
            "ledger.store"
        )
    }

    /// A commit whose outcome nobody knows, and could not find out in time.
    ///
    /// Whoever asks again finds what was recorded, or an intent that housekeeping ends.
    static func undecided(_ error: PostgresError) -> EnrollmentError {
        EnrollmentError(
            .inMaintenance,
            "The connection to the database was lost while it committed, and it could not be asked what became of that."
                + " Try again.",
            rule: "ledger.undecided",
            cause: error
        )
    }

    /// What only reads just now.
    static func readOnlyStore(_ reason: String) -> EnrollmentError {
        EnrollmentError(.inMaintenance, "Nothing can be recorded: \(reason).", rule: "ledger.readOnly")
    }
}
