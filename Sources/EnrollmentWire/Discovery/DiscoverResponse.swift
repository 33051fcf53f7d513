internal import EnrollmentCore
internal import XMLKit

/// Where a device goes next and how it is to prove its user ([MS-MDE2] § 3.1.4.1.3.2).
struct DiscoverResponse: Hashable, Sendable {
    let method: DiscoverySettings.Method
    /// The highest version both sides speak.
    let enrollmentVersion: ProtocolVersion
    let policyServiceURL: String
    let enrollmentServiceURL: String

    /// Decides the answer.
    ///
    /// - Throws: ``EnrollmentError``: `deviceNotSupported` for a client older than the settings allow, `notSupported`
    ///   when it can do none of the methods its mail domain is offered.
    init(to request: DiscoverRequest, under settings: DiscoverySettings) throws(EnrollmentError) {
        guard request.requestVersion >= settings.lowestVersion else {
            throw EnrollmentError(
                .deviceNotSupported,
                "The client speaks an older version of the enrollment protocol than this server serves.",
                rule: "discovery.version",
                facts: [
                    Fact("requestVersion", "\(request.requestVersion)"), Fact("lowest", "\(settings.lowestVersion)"),
                ]
            )
        }
        let offered = request.mailDomain.flatMap { settings.methodsByDomain[$0] } ?? settings.defaultMethods
        let method = offered.first { request.authPolicies.isEmpty || request.authPolicies.contains($0.policy) }
        guard let method else {
            throw EnrollmentError(
                .notSupported,
                "The client can do none of the ways to sign in that its mail domain is offered.",
                rule: "discovery.auth-policy",
                facts: [
                    Fact("client", request.authPolicies.map(\.rawValue).joined(separator: " ")),
                    Fact("offered", offered.map(\.policy.rawValue).joined(separator: " ")),
                ]
            )
        }
        self.method = method
        self.enrollmentVersion = min(request.requestVersion, settings.highestVersion)
        self.policyServiceURL = settings.policyServiceURL
        self.enrollmentServiceURL = settings.enrollmentServiceURL
    }

    func write(to writer: inout XMLWriter) {
        writer.element("DiscoverResponse", ["xmlns": Namespace.discovery]) { writer in
            writer.element("DiscoverResult") { writer in
                writer.element("AuthPolicy", text: self.method.policy.rawValue)
                writer.element("EnrollmentVersion", text: "\(self.enrollmentVersion)")
                writer.element("EnrollmentPolicyServiceUrl", text: self.policyServiceURL)
                writer.element("EnrollmentServiceUrl", text: self.enrollmentServiceURL)
                if let url = self.method.authenticationServiceURL {
                    writer.element("AuthenticationServiceUrl", text: url)
                }
            }
        }
    }
}
