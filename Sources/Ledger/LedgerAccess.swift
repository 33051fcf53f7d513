/// What a ledger is opened for.
package enum LedgerAccess: Hashable, Sendable {
    /// For `init`: a store that is not there yet, or empty, is made.
    case founding
    /// For the service and for orders: the schema is brought up to date.
    case readWrite
    /// For look-ups beside a service that may be writing: nothing is made, migrated, repaired or locked.
    case readOnly
}
