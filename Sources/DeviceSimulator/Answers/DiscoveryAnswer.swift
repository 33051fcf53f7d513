internal import XMLKit

/// What discovery says: how to sign in, and where to go on.
struct DiscoveryAnswer: Hashable, Sendable {
    /// `OnPremise` or `Federated`.
    let authPolicy: String
    let policyAddress: String
    let enrollmentAddress: String
    /// The `EnrollmentVersion`; 3.0 when it is left out.
    let version: String

    /// Reads `DiscoverResponse` ([MS-MDE2] § 3.1.4.1.3.2).
    init(_ body: XMLElement, profile: DeviceProfile, _ judge: Judge) throws(Deviation) {
        try judge.require(
            body.matches("DiscoverResponse", in: Names.discovery, ignoringTrailingSlash: true),
            .body,
            "DiscoverResponse",
            found: body.localName
        )
        let result = try judge.unwrap(Self.child("DiscoverResult", of: body), .body, "a DiscoverResult")
        let policy = Self.child("AuthPolicy", of: result)?.trimmedText ?? "none"
        try judge.require(
            ["OnPremise", "Federated"].contains(policy),
            .authPolicy,
            "OnPremise or Federated, which the device offered",
            found: policy
        )
        let authentication = Self.text("AuthenticationServiceUrl", of: result)
        try judge.require(
            policy == "Federated" || authentication == nil,
            .noAuthenticationAddress,
            "no AuthenticationServiceUrl with OnPremise",
            found: authentication ?? ""
        )
        self.version = try Self.version(of: result, profile: profile, judge)
        self.policyAddress = try Self.address("EnrollmentPolicyServiceUrl", of: result, .policyAddress, judge)
        self.enrollmentAddress = try Self.address("EnrollmentServiceUrl", of: result, .enrollmentAddress, judge)
        let hosts = (Self.host(of: self.policyAddress), Self.host(of: self.enrollmentAddress))
        try judge.require(hosts.0 == hosts.1, .sameHost, "policy on the host \(hosts.1)", found: hosts.0)
        self.authPolicy = policy
    }

    private static func child(_ name: String, of element: XMLElement) -> XMLElement? {
        element.first(name, in: Names.discovery, ignoringTrailingSlash: true)
    }

    private static func text(_ name: String, of element: XMLElement) -> String? {
        guard let child = self.child(name, of: element), !child.isNil else { return nil }
        return child.trimmedText
    }

    private static func version(
        of result: XMLElement,
        profile: DeviceProfile,
        _ judge: Judge
    ) throws(Deviation) -> String {
        guard let text = self.text("EnrollmentVersion", of: result) else { return "3.0" }
        let version = try judge.unwrap(Self.decimal(text), .enrollmentVersion, "a decimal number", found: text)
        let highest = Self.decimal(profile.requestVersion) ?? (9, 0)
        try judge.require(
            version >= (3, 0) && version <= highest,
            .enrollmentVersion,
            "3.0 to \(profile.requestVersion), which the device announced",
            found: text
        )
        return text
    }

    static func decimal(_ text: String) -> (Int, Int)? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = Int(parts[0]) else { return nil }
        guard parts.count == 2 else { return (whole, 0) }
        return Int(parts[1]).map { (whole, $0) }
    }

    private static func address(
        _ name: String,
        of result: XMLElement,
        _ rule: ProtocolRule,
        _ judge: Judge
    ) throws(Deviation) -> String {
        let address = try judge.unwrap(self.text(name, of: result), rule, name)
        try judge.require(
            address.lowercased().hasPrefix("https://") && !self.host(of: address).isEmpty,
            rule,
            "an https address",
            found: address
        )
        return address
    }

    /// The host name of an https address, in lower case, without its port.
    static func host(of address: String) -> String {
        let authority = address.lowercased().dropFirst("https://".count).prefix { $0 != "/" && $0 != "?" }
        if authority.hasPrefix("[") { return String(authority.prefix { $0 != "]" }) }
        return String(authority.prefix { $0 != ":" })
    }
}
