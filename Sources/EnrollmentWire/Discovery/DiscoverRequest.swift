internal import EnrollmentCore
internal import XMLKit

/// What a device asks when it looks for its enrollment server ([MS-MDE2] § 3.1.4.1.3.1).
struct DiscoverRequest: Hashable, Sendable {
    /// As typed; empty in programmatic enrollment, `domain\\user` where a server address was typed.
    let emailAddress: String
    let requestVersion: ProtocolVersion
    let deviceType: String?
    let applicationVersion: String?
    /// What the client can do, in its order and without words unknown here; empty when it did not say.
    let authPolicies: [AuthPolicy]

    /// The part behind the last `@`, lower case; `nil` without one.
    var mailDomain: String? {
        guard let at = self.emailAddress.lastIndex(of: "@") else { return nil }
        let domain = self.emailAddress[self.emailAddress.index(after: at)...].lowercased()
        return domain.isEmpty ? nil : domain
    }

    /// Reads the Body of a Discover message; children come in any order (`xsd:all`), unknown ones are ignored.
    ///
    /// - Throws: ``EnrollmentError`` with code `messageFormat`.
    init(_ body: XMLElement) throws(EnrollmentError) {
        let request = try body.required("request", in: Namespace.discovery)
        self.emailAddress = try Self.text("EmailAddress", in: request) ?? ""
        let version = try Self.text("RequestVersion", in: request) ?? ""
        guard let requestVersion = ProtocolVersion(version) else {
            throw .messageFormat("RequestVersion is not a decimal number.", rule: "discovery.request-version")
        }
        self.requestVersion = requestVersion
        self.deviceType = try Self.text("DeviceType", in: request)
        self.applicationVersion = try Self.text("ApplicationVersion", in: request)
        self.authPolicies = try Self.authPolicies(in: request)
    }

    private static func text(_ name: String, in request: XMLElement) throws(EnrollmentError) -> String? {
        try request.only(name, in: Namespace.discovery)?.value(atMost: 1024)
    }

    /// One published message puts the word straight into AuthPolicies.
    private static func authPolicies(in request: XMLElement) throws(EnrollmentError) -> [AuthPolicy] {
        guard let list = try request.only("AuthPolicies", in: Namespace.discovery) else { return [] }
        let inside = list.children.filter {
            $0.matches("AuthPolicy", in: Namespace.discovery, ignoringTrailingSlash: true)
        }
        var policies: [AuthPolicy] = []
        for element in inside.isEmpty && list.holdsTextOnly ? [list] : inside {
            guard let policy = AuthPolicy(rawValue: try element.value), !policies.contains(policy) else { continue }
            policies.append(policy)
        }
        return policies
    }
}
