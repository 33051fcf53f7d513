internal import XMLKit

/// What the policy asks of the device's key and request.
struct PolicyAnswer: Hashable, Sendable {
    /// Bits.
    let minimalKeyLength: Int
    /// The digest to sign the request with, dotted.
    let hashAlgorithm: String

    /// Reads `GetPoliciesResponse` ([MS-XCEP] § 3.1.4.1.1.2): schema order, explicit nils, references that lead somewhere.
    init(_ body: XMLElement, _ judge: Judge) throws(Deviation) {
        try judge.require(
            body.matches("GetPoliciesResponse", in: Names.policy),
            .body,
            "GetPoliciesResponse",
            found: body.localName
        )
        let checker = SchemaChecker(judge: judge)
        let parts = try checker.check(body, PolicySchema.answer)
        let response = try judge.unwrap(parts["response"], .policyNil, "a response that is not nil")
        let responseParts = try checker.check(response, PolicySchema.response)
        let policies = try judge.unwrap(responseParts["policies"], .policyNil, "policies that are not nil")
        let identifiers = try Self.objectIdentifiers(in: parts["oIDs"], checker)
        var first: PolicyAnswer?
        for policy in policies.children {
            try judge.require(policy.localName == "policy", .policyOrder, "policy", found: policy.localName)
            let read = try PolicyAnswer(policy: policy, identifiers: identifiers, checker)
            first = first ?? read
        }
        self = try judge.unwrap(first, .policyOrder, "at least one policy")
    }

    private init(
        policy: XMLElement,
        identifiers: [Int: String],
        _ checker: SchemaChecker
    ) throws(Deviation) {
        let judge = checker.judge
        let parts = try checker.check(policy, PolicySchema.policy)
        let reference = try checker.number(parts["policyOIDReference"], "policyOIDReference")
        try judge.require(
            identifiers[reference] != nil,
            .policyReference,
            "an oID with oIDReferenceID \(reference)",
            found: "oIDs \(identifiers.keys.sorted())"
        )
        let attributes = try judge.unwrap(parts["attributes"], .policyNil, "attributes that are not nil")
        let values = try checker.check(attributes, PolicySchema.attributes)
        let schema = try checker.number(values["policySchema"], "policySchema")
        try judge.require(schema == 3, .policySchema, "policySchema 3", found: String(schema))
        let validity = try judge.unwrap(values["certificateValidity"], .policyNil, "certificateValidity")
        let seconds = try checker.check(validity, PolicySchema.validity)
        let whole = try checker.number(seconds["validityPeriodSeconds"], "validityPeriodSeconds")
        let renewal = try checker.number(seconds["renewalPeriodSeconds"], "renewalPeriodSeconds")
        try judge.require(renewal < whole, .policyValue, "a renewal period below \(whole) s", found: "\(renewal) s")
        let permission = try judge.unwrap(values["permission"], .policyNil, "permission")
        let permitted = try checker.check(permission, PolicySchema.permission)["enroll"]?.trimmedText ?? ""
        try judge.require(permitted == "true" || permitted == "1", .policyValue, "enroll true", found: permitted)
        let key = try judge.unwrap(values["privateKeyAttributes"], .policyNil, "privateKeyAttributes")
        let keyParts = try checker.check(key, PolicySchema.privateKey)
        self.minimalKeyLength = try checker.number(keyParts["minimalKeyLength"], "minimalKeyLength")
        try judge.require(
            (2048...16384).contains(self.minimalKeyLength),
            .minimalKey,
            "a minimal key of 2048 bits or more",
            found: String(self.minimalKeyLength)
        )
        try checker.checkIfPresent(keyParts["cryptoProviders"], PolicySchema.providers)
        try checker.checkIfPresent(values["revision"], PolicySchema.revision)
        let hash = try checker.number(values["hashAlgorithmOIDReference"], "hashAlgorithmOIDReference")
        self.hashAlgorithm = try judge.unwrap(
            identifiers[hash],
            .hashReference,
            "an oID with oIDReferenceID \(hash)",
            found: "oIDs \(identifiers.keys.sorted())"
        )
    }

    private static func objectIdentifiers(
        in list: XMLElement?,
        _ checker: SchemaChecker
    ) throws(Deviation) -> [Int: String] {
        var identifiers: [Int: String] = [:]
        guard let list else { return identifiers }
        for entry in list.children {
            let parts = try checker.check(entry, PolicySchema.objectIdentifier)
            let value = parts["value"]?.trimmedText ?? ""
            // Windows stops without a word at an arc over 32 bits.
            let arcs = value.split(separator: ".", omittingEmptySubsequences: false).map { UInt32($0) }
            try checker.judge.require(
                arcs.count > 1 && !arcs.contains(nil),
                .objectIdentifier,
                "a dotted object identifier with arcs of 32 bits",
                found: value
            )
            identifiers[try checker.number(parts["oIDReferenceID"], "oIDReferenceID")] = value
        }
        return identifiers
    }
}
