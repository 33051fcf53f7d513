internal import SwiftASN1

extension CertificateLint {
    static let publicKeyRules: [LintRule] = [
        LintRule("key.accepted", "RFC 3279; RFC 5480; RFC 8410") { subject in
            _ = try subject.certificate.subjectKey()
            return nil
        },
        LintRule("key.rsa-at-least-2048-bits", "NIST SP 800-131A") { subject in
            guard case .rsa(let modulus, _) = try? subject.certificate.subjectKey().key else { return nil }
            let bits = modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0)
            return bits >= 2_048 ? nil : "an RSA modulus of \(bits) bits"
        },
        LintRule("key.rsa-at-most-8192-bits", "checking a giant key is a denial of service") { subject in
            guard case .rsa(let modulus, _) = try? subject.certificate.subjectKey().key else { return nil }
            return modulus.count <= 1_024 ? nil : "an RSA modulus of \(modulus.count) octets"
        },
        LintRule("key.rsa-modulus-odd", "an even modulus has a factor of two") { subject in
            guard case .rsa(let modulus, _) = try? subject.certificate.subjectKey().key else { return nil }
            return modulus.last.map { $0 & 1 == 1 } ?? false ? nil : "an even RSA modulus"
        },
        LintRule("key.rsa-exponent", "FIPS 186-5 § A.1.1; exponent 1 signs nothing") { subject in
            guard case .rsa(_, let exponent) = try? subject.certificate.subjectKey().key else { return nil }
            let large = exponent.count > 3 || exponent.count == 3 && exponent[0] >= 1
            let odd = exponent.last.map { $0 & 1 == 1 } ?? false
            return large && odd && exponent.count <= 32 ? nil : "an RSA exponent outside the odd numbers 2¹⁶+1 … 2²⁵⁶"
        },
    ]

    private static let known = [
        OID.basicConstraints, OID.keyUsage, OID.extendedKeyUsage, OID.subjectKeyIdentifier,
        OID.authorityKeyIdentifier, OID.subjectAlternativeName, OID.crlDistributionPoints,
        OID.authorityInformationAccess, OID.securityExtension, OID.ocspNoCheck,
    ]

    static let extensionRules: [LintRule] = [
        LintRule("extensions.present", "RFC 5280 § 4.1.2.9") { subject in
            subject.certificate.extensions == nil ? "no extensions" : nil
        },
        LintRule("extensions.list-not-empty", "RFC 5280 § 4.1: SIZE (1..MAX)") { subject in
            subject.certificate.extensions?.isEmpty == true ? "an empty list of extensions" : nil
        },
        LintRule("extensions.no-duplicates", "RFC 5280 § 4.2") { subject in
            let identifiers = subject.certificate.extensions?.map(\.identifier) ?? []
            return Set(identifiers).count == identifiers.count ? nil : "an extension appears twice"
        },
        LintRule("extensions.false-not-written", "X.690 § 11.5") { subject in
            let written = subject.certificate.extensions?.contains { $0.writesCriticality && !$0.isCritical } ?? false
            return written ? "a criticality of FALSE is written out" : nil
        },
        LintRule("extensions.not-empty-value", "X.690") { subject in
            for element in subject.certificate.extensions ?? [] {
                _ = try asX509Error("extension \(element.identifier)") { try StrictDER.parse(element.value) }
            }
            return nil
        },
        LintRule("extensions.known", "this authority writes no others") { subject in
            let stranger = subject.certificate.extensions?.first { !Self.known.contains($0.identifier) }
            return stranger.map { "extension \($0.identifier)" }
        },
        LintRule("extensions.criticality", "RFC 5280 § 4.2.1; an unknown critical one is fatal") { subject in
            for element in subject.certificate.extensions ?? [] where element.isCritical {
                if element.identifier != OID.basicConstraints && element.identifier != OID.keyUsage {
                    return "extension \(element.identifier) is critical"
                }
            }
            return nil
        },
        LintRule("extensions.arcs-fit-32-bits", "Windows drops every template after a larger one") { subject in
            // Writing an identifier out costs more than half the other rules together; the known ones were looked at.
            for element in subject.certificate.extensions ?? [] where !Self.known.contains(element.identifier) {
                let arcs = element.identifier.description.split(separator: ".")
                if arcs.contains(where: { UInt32($0) == nil }) { return "identifier \(element.identifier)" }
            }
            return nil
        },
    ]
}
