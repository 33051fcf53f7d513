internal import EnrollmentCore
internal import PostgresKit
internal import SQLiteKit

extension EnrollmentError {
    /// What an enrollment is told when the store did not do its part; nothing is half done then.
    static func ledger(_ error: SQLiteError) -> EnrollmentError {
        switch error.kind {
        case .busy:
            EnrollmentError(
                .inMaintenance,
                "The database is locked by another process; end it or wait for it.",
                rule: "ledger.busy",
                cause: error
            )
        case .diskFull:
            EnrollmentError(
                .inMaintenance,
                "There is no room for the database to grow; free space on its disk.",
                rule: "ledger.full",
                cause: error
            )
        case .readOnly:
            EnrollmentError(
                .inMaintenance,
                "The database cannot be written; check its mode, its owner and how its disk is mounted.",
                rule: "ledger.readOnly",
                cause: error
            )
        case .corrupt, .notADatabase:
            EnrollmentError(
                .enrollmentServer,
                "The database is damaged; stop the service and restore a backup.",
                rule: "ledger.damaged",
                cause: error
            )
        case .cannotOpen:
            EnrollmentError(
                .enrollmentServer,
                "The database cannot be opened; check its path, its mode and its owner.",
                rule: "ledger.cannotOpen",
                cause: error
            )
        default:
            EnrollmentError(
                .enrollmentServer,
                "The database did not do its part (\(error.name)); nothing was recorded.",
                rule: "ledger.store",
                cause: error
            )
        }
    }

    /// The typed form of whatever a transaction's body threw.
    static func ledger(_ error: any Error) -> EnrollmentError {
        switch error {
        case let error as EnrollmentError: error
        case let error as SQLiteError: .ledger(error)
        case let error as PostgresError: .ledger(error)
        case let error as CommitFailure: .ledger(error.cause)
        default:
            EnrollmentError(
                .enrollmentServer,
                "The ledger met an error it does not know; nothing was recorded.",
                rule: "ledger.store",
                cause: error
            )
        }
    }

    /// A row that this version cannot read back: the file was changed by other hands.
    static func unreadable(_ what: String) -> EnrollmentError {
        EnrollmentError(
            .enrollmentServer,
            "A record in the database cannot be read (\(what)); check the database and restore a backup.",
            rule: "ledger.unreadable"
        )
    }
}
