/// What discovery answers.
package struct DiscoverySettings: Sendable {
    /// A way to prove the user that can be announced.
    package enum Method: Hashable, Sendable {
        case onPremise
        /// The URL of the sign-in page, which the device opens.
        case federated(authenticationServiceURL: String)
        case certificate

        var policy: AuthPolicy {
            switch self {
            case .onPremise: .onPremise
            case .federated: .federated
            case .certificate: .certificate
            }
        }

        var authenticationServiceURL: String? {
            guard case .federated(let url) = self else { return nil }
            return url
        }
    }

    /// Absolute URL of the policy service; from configuration, never from a request.
    package let policyServiceURL: String
    /// Absolute URL of the enrollment service, on the same host.
    package let enrollmentServiceURL: String
    /// The oldest protocol version that is served.
    package let lowestVersion: ProtocolVersion
    /// The newest version that is announced.
    ///
    /// 3.0 lets every Windows 10 and 11 enroll; 5.0 makes Windows 11 attach an attestation claim.
    package let highestVersion: ProtocolVersion
    /// Ways to prove the user, preferred first, by mail domain in lower case.
    package let methodsByDomain: [String: [Method]]
    /// The same for every other address and for none.
    package let defaultMethods: [Method]

    package init(
        policyServiceURL: String,
        enrollmentServiceURL: String,
        lowestVersion: ProtocolVersion = ProtocolVersion(3),
        highestVersion: ProtocolVersion = ProtocolVersion(3),
        methodsByDomain: [String: [Method]] = [:],
        defaultMethods: [Method] = [.onPremise]
    ) {
        self.policyServiceURL = policyServiceURL
        self.enrollmentServiceURL = enrollmentServiceURL
        self.lowestVersion = lowestVersion
        self.highestVersion = highestVersion
        self.methodsByDomain = methodsByDomain
        self.defaultMethods = defaultMethods
    }
}
