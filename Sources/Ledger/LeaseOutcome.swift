package import EnrollmentCore

/// What came of asking for a lease.
package enum LeaseOutcome: Hashable, Sendable {
    /// It is the caller's now, or was and goes on.
    case taken
    /// Somebody else's until then, by the store's clock.
    case held(by: String, until: Timestamp)
}
