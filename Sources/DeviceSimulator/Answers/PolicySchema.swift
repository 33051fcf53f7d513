/// The sequences of the policy answer's schema ([MS-XCEP] § 6).
enum PolicySchema {
    static let answer = [
        SchemaElement("response", .nillable), SchemaElement("cAs", .nillable), SchemaElement("oIDs", .nillable),
    ]
    static let response = [
        SchemaElement("policyID", .text), SchemaElement("policyFriendlyName", .nillable),
        SchemaElement("nextUpdateHours", .nillable), SchemaElement("policiesNotChanged", .nillable),
        SchemaElement("policies", .nillable), SchemaElement.wildcard,
    ]
    static let policy = [
        SchemaElement("policyOIDReference", .value), SchemaElement("cAs", .nillable),
        SchemaElement("attributes", .value),
        SchemaElement.wildcard,
    ]
    static let attributes = [
        SchemaElement("commonName", .value), SchemaElement("policySchema", .value),
        SchemaElement("certificateValidity", .value), SchemaElement("permission", .value),
        SchemaElement("privateKeyAttributes", .value), SchemaElement("revision", .value),
        SchemaElement("supersededPolicies", .nillable), SchemaElement("privateKeyFlags", .nillable),
        SchemaElement("subjectNameFlags", .nillable), SchemaElement("enrollmentFlags", .nillable),
        SchemaElement("generalFlags", .nillable), SchemaElement("hashAlgorithmOIDReference", .nillable),
        SchemaElement("rARequirements", .nillable), SchemaElement("keyArchivalAttributes", .nillable),
        SchemaElement("extensions", .nillable), SchemaElement.wildcard,
    ]
    static let validity = [
        SchemaElement("validityPeriodSeconds", .value), SchemaElement("renewalPeriodSeconds", .value),
    ]
    static let permission = [SchemaElement("enroll", .value), SchemaElement("autoEnroll", .value)]
    /// The two in the middle stand in no schema, but in [MS-MDE2] § 4.2.2, for devices of version 5.0 on.
    static let privateKey = [
        SchemaElement("minimalKeyLength", .value), SchemaElement("keySpec", .nillable),
        SchemaElement("keyUsageProperty", .nillable), SchemaElement("permissions", .nillable),
        SchemaElement("algorithmOIDReference", .nillable), SchemaElement("AttestationFailureBehavior", .optional),
        SchemaElement("OperationTimeout", .optional), SchemaElement("cryptoProviders", .nillable),
    ]
    static let providers = [SchemaElement("provider", .repeated)]
    static let revision = [SchemaElement("majorRevision", .value), SchemaElement("minorRevision", .value)]
    static let objectIdentifier = [
        SchemaElement("value", .value), SchemaElement("group", .value), SchemaElement("oIDReferenceID", .value),
        SchemaElement("defaultName", .nillable), SchemaElement.wildcard,
    ]
}
