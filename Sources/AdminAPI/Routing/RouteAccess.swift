package import EnrollmentCore

/// What a route of the admin interface asks of its caller.
package enum RouteAccess: Hashable, Sendable {
    /// Nothing: the listener's own address is the only fence.
    case open
    /// A token or a client certificate with this scope.
    case scope(APIScope)
    /// The same, or one of the addresses that are listed as verifiers.
    case verifier(APIScope)

    /// What a caller with credentials needs; `nil` for ``open``.
    package var scope: APIScope? {
        switch self {
        case .open: nil
        case .scope(let scope), .verifier(let scope): scope
        }
    }
}
