package import EnrollmentCore
package import Logging

/// Which store the ledger is in.
package enum StoreSettings: Sendable {
    case sqlite(LedgerSettings)
    case postgres(PostgresLedgerSettings)

    /// Opens the store.
    ///
    /// - Parameters:
    ///   - access: What it is opened for.
    ///   - logger: Hears of records that were lost or postponed.
    /// - Returns: The ledger, ready for work.
    /// - Throws: ``EnrollmentError``, as ``SQLiteLedger/open(_:access:logger:faults:)`` and
    ///   ``PostgresLedger/open(_:access:logger:)`` say.
    package func open(
        access: LedgerAccess = .readWrite,
        logger: Logger
    ) async throws(EnrollmentError) -> any LedgerStore {
        switch self {
        case .sqlite(let settings): try await SQLiteLedger.open(settings, access: access, logger: logger)
        case .postgres(let settings): try await PostgresLedger.open(settings, access: access, logger: logger)
        }
    }
}
