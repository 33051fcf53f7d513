/// What a ledger is opened for.
package enum LedgerAccess: Hashable, Sendable {
    /// For the service: one writer, and the schema brought up to date.
    case readWrite
    /// For look-ups beside a service that may be writing: nothing is made, migrated, repaired or locked.
    case readOnly
}
