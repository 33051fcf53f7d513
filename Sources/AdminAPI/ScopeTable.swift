package import EnrollmentCore

/// What a route of the admin interface asks of its caller.
package enum RouteAccess: Hashable, Sendable {
    /// Nothing: the listener's own address is the only fence.
    case open
    /// A token or a client certificate with this scope.
    case scope(APIScope)
}
