internal import XMLKit

/// The policy answer.
///
/// Its order is fixed by the schema of [MS-XCEP] § 6.2, and whatever is nillable and unused is written with `xsi:nil`:
/// Windows refuses the answer otherwise (WS_E_INVALID_FORMAT).
struct GetPoliciesResponse {
    private static let hashReference = "0"
    let settings: PolicySettings

    func write(to writer: inout XMLWriter) {
        writer.element(
            "GetPoliciesResponse",
            ["xmlns": Namespace.policy, "xmlns:xsi": Namespace.schemaInstance]
        ) { writer in
            writer.element("response") { writer in
                writer.element("policyID", text: self.settings.policyID)
                writer.element("policyFriendlyName", text: self.settings.friendlyName)
                writer.element("nextUpdateHours", text: "8")
                Self.absent("policiesNotChanged", &writer)
                writer.element("policies") { writer in
                    writer.element("policy") { writer in
                        writer.element("policyOIDReference", text: Self.hashReference)
                        Self.absent("cAs", &writer)
                        self.writeAttributes(to: &writer)
                    }
                }
            }
            Self.absent("cAs", &writer)
            Self.writeHashAlgorithm(to: &writer)
        }
    }

    private func writeAttributes(to writer: inout XMLWriter) {
        writer.element("attributes") { writer in
            writer.element("commonName", text: self.settings.friendlyName)
            writer.element("policySchema", text: "3")
            writer.element("certificateValidity") { writer in
                writer.element("validityPeriodSeconds", text: "\(self.settings.validityPeriod)")
                writer.element("renewalPeriodSeconds", text: "\(self.settings.renewalPeriod)")
            }
            writer.element("permission") { writer in
                writer.element("enroll", text: "true")
                writer.element("autoEnroll", text: "false")
            }
            self.writeKeyAttributes(to: &writer)
            writer.element("revision") { writer in
                writer.element("majorRevision", text: "101")
                writer.element("minorRevision", text: "0")
            }
            for name in [
                "supersededPolicies", "privateKeyFlags", "subjectNameFlags", "enrollmentFlags", "generalFlags",
            ] {
                Self.absent(name, &writer)
            }
            writer.element("hashAlgorithmOIDReference", text: Self.hashReference)
            for name in ["rARequirements", "keyArchivalAttributes", "extensions"] {
                Self.absent(name, &writer)
            }
        }
    }

    private func writeKeyAttributes(to writer: inout XMLWriter) {
        writer.element("privateKeyAttributes") { writer in
            writer.element("minimalKeyLength", text: "\(self.settings.minimalKeyLength)")
            for name in ["keySpec", "keyUsageProperty", "permissions", "algorithmOIDReference"] {
                Self.absent(name, &writer)
            }
            guard !self.settings.cryptoProviders.isEmpty else { return Self.absent("cryptoProviders", &writer) }
            writer.element("cryptoProviders") { writer in
                for provider in self.settings.cryptoProviders {
                    writer.element("provider", text: provider)
                }
            }
        }
    }

    /// SHA-256, in group 1 as [MS-XCEP] § 3.1.4.1.3.16 numbers hash algorithms.
    private static func writeHashAlgorithm(to writer: inout XMLWriter) {
        writer.element("oIDs") { writer in
            writer.element("oID") { writer in
                writer.element("value", text: "2.16.840.1.101.3.4.2.1")
                writer.element("group", text: "1")
                writer.element("oIDReferenceID", text: Self.hashReference)
                writer.element("defaultName", text: "szOID_NIST_sha256")
            }
        }
    }

    private static func absent(_ name: String, _ writer: inout XMLWriter) {
        writer.element(name, ["xsi:nil": "true"])
    }
}
