internal import EnrollmentCore

/// One of the wire operations of [MS-MDE2], each with its pair of Actions and its body.
enum Operation: Sendable {
    case discover
    case getPolicies
    case requestSecurityToken

    /// The Action a request must carry.
    var action: String {
        switch self {
        case .discover: "\(Namespace.discovery)/IDiscoveryService/Discover"
        case .getPolicies: "\(Namespace.policy)/IPolicy/GetPolicies"
        case .requestSecurityToken: "\(Namespace.enrollment)/RST/wstep"
        }
    }

    /// The Action of the answer, a fault included.
    var responseAction: String {
        switch self {
        case .discover: "\(Namespace.discovery)/IDiscoveryService/DiscoverResponse"
        case .getPolicies: "\(Namespace.policy)/IPolicy/GetPoliciesResponse"
        case .requestSecurityToken: "\(Namespace.enrollment)/RSTRC/wstep"
        }
    }

    /// The one element the Body must hold.
    var bodyElement: (localName: String, namespace: String) {
        switch self {
        case .discover: ("Discover", Namespace.discovery)
        case .getPolicies: ("GetPolicies", Namespace.policy)
        case .requestSecurityToken: ("RequestSecurityToken", Namespace.trust)
        }
    }

    /// What records call an attempt at it.
    var attempted: Attempt.Operation {
        switch self {
        case .discover: .discovery
        case .getPolicies: .policy
        case .requestSecurityToken: .enrollment
        }
    }
}
