internal import SwiftASN1

extension CertificateLint {
    private static let keyCertSign: UInt16 = 1 << 5
    private static let cRLSign: UInt16 = 1 << 6
    private static let digitalSignature: UInt16 = 1 << 0
    private static let keyEncipherment: UInt16 = 1 << 2

    static let constraintRules: [LintRule] = [
        LintRule("basic-constraints.present", "RFC 5280 § 4.2.1.9") { subject in
            subject.certificate.value(of: OID.basicConstraints) == nil ? "no BasicConstraints" : nil
        },
        LintRule("basic-constraints.critical", "RFC 5280 § 4.2.1.9") { subject in
            subject.certificate.value(of: OID.basicConstraints)?.isCritical == false ? "not critical" : nil
        },
        LintRule("basic-constraints.encoding", "X.690 § 11.5; RFC 5280 § 4.2.1.9") { subject in
            guard let value = subject.certificate.value(of: OID.basicConstraints)?.value else { return nil }
            var nodes = try Certificate.children(try StrictDER.parse(value), "basicConstraints")
            guard let first = nodes.next() else { return nil }
            guard first.identifier == .boolean, try Bool(derEncoded: first) else {
                return "a path length without cA, or cA FALSE written out"
            }
            if let length = nodes.next(), try Int(derEncoded: length) < 0 { return "a negative path length" }
            try nodes.end("basicConstraints")
            return nil
        },
        LintRule("basic-constraints.depth-allowed", "RFC 5280 § 6.1.4: pathLenConstraint") { subject in
            guard subject.certificate.isAuthority, let issuer = subject.context.issuer else { return nil }
            guard let above = try issuer.pathLength() else { return nil }
            let own = try subject.certificate.pathLength()
            return above > 0 && own.map { $0 < above } ?? false ? nil : "deeper than its issuer allows"
        },
    ]

    static let usageRules: [LintRule] = [
        LintRule("key-usage.present", "RFC 5280 § 4.2.1.3") { subject in
            subject.certificate.value(of: OID.keyUsage) == nil ? "no KeyUsage" : nil
        },
        LintRule("key-usage.critical", "RFC 5280 § 4.2.1.3") { subject in
            subject.certificate.value(of: OID.keyUsage)?.isCritical == false ? "not critical" : nil
        },
        LintRule("key-usage.not-empty", "RFC 5280 § 4.2.1.3") { subject in
            try subject.certificate.keyUsage() == 0 ? "no bit is set" : nil
        },
        LintRule("key-usage.shortest-form", "X.690 § 11.2.2") { subject in
            guard let value = subject.certificate.value(of: OID.keyUsage)?.value else { return nil }
            let bits = try ASN1BitString(derEncoded: try StrictDER.parse(value))
            guard let last = bits.bytes.last, last != 0 else { return "trailing zero octets" }
            return last.trailingZeroBitCount == bits.paddingBits ? nil : "trailing zero bits"
        },
        LintRule("key-usage.authority-signs", "RFC 5280 § 4.2.1.3") { subject in
            guard subject.certificate.isAuthority, let usage = try subject.certificate.keyUsage() else { return nil }
            let needed = Self.keyCertSign | Self.cRLSign
            return usage & needed == needed ? nil : "an authority without keyCertSign and cRLSign"
        },
        LintRule("key-usage.end-entity-does-not-sign", "RFC 5280 § 4.2.1.9") { subject in
            guard !subject.certificate.isAuthority, let usage = try subject.certificate.keyUsage() else { return nil }
            let forbidden = Self.keyCertSign | Self.cRLSign
            return usage & forbidden == 0 ? nil : "an end entity with keyCertSign or cRLSign"
        },
        LintRule("key-usage.end-entity-authenticates", "TLS 1.3 needs digitalSignature, RFC 8446 § 4.4.2.2") {
            subject in
            guard !subject.certificate.isAuthority, let usage = try subject.certificate.keyUsage() else { return nil }
            return usage & Self.digitalSignature != 0 ? nil : "an end entity without digitalSignature"
        },
        LintRule("key-usage.fits-the-key", "RFC 8813 § 3; RFC 8410 § 5") { subject in
            guard let usage = try subject.certificate.keyUsage(), usage & Self.keyEncipherment != 0 else { return nil }
            guard case .rsa = try subject.certificate.subjectKey().key else {
                return "keyEncipherment with a key that cannot encipher"
            }
            return nil
        },
        LintRule("extended-key-usage.present", "RFC 5280 § 4.2.1.12; a missing one allows everything") { subject in
            guard !subject.certificate.isAuthority else { return nil }
            return subject.certificate.value(of: OID.extendedKeyUsage) == nil ? "no ExtendedKeyUsage" : nil
        },
        LintRule("extended-key-usage.not-empty", "RFC 5280 § 4.2.1.12: SIZE (1..MAX)") { subject in
            try subject.certificate.purposeIdentifiers()?.isEmpty == true ? "an empty list" : nil
        },
        LintRule("extended-key-usage.not-any", "AD CS ESC2") { subject in
            let purposes = try subject.certificate.purposeIdentifiers() ?? []
            return purposes.contains(OID.anyExtendedKeyUsage) ? "anyExtendedKeyUsage" : nil
        },
        LintRule("extended-key-usage.no-duplicates", "RFC 5280 § 4.2.1.12") { subject in
            let purposes = try subject.certificate.purposeIdentifiers() ?? []
            return Set(purposes).count == purposes.count ? nil : "a purpose appears twice"
        },
        LintRule("extended-key-usage.single-role", "a client's certificate must never serve") { subject in
            let purposes = try subject.certificate.purposeIdentifiers() ?? []
            guard !subject.certificate.isAuthority, purposes.count > 1 else { return nil }
            return "more than one purpose in an end entity's certificate"
        },
        LintRule("extended-key-usage.allowed-by-issuer", "a serverAuth-only issuer ended every client") { subject in
            guard let allowed = try subject.context.issuer?.purposeIdentifiers() else { return nil }
            let purposes = try subject.certificate.purposeIdentifiers() ?? []
            let surplus = purposes.first { !allowed.contains($0) }
            return surplus.map { "\($0) is not among the issuer's purposes" }
        },
        LintRule("ocsp-no-check.on-responders-only", "RFC 6960 § 4.2.2.2.1; it makes revocation pointless") { subject in
            guard subject.certificate.value(of: OID.ocspNoCheck) != nil else { return nil }
            let purposes = try subject.certificate.purposeIdentifiers() ?? []
            return purposes == [OID.ocspSigning] && !subject.certificate.isAuthority
                ? nil : "ocsp-nocheck in a certificate that is not for OCSP signing alone"
        },
        LintRule("ocsp-no-check.on-every-responder", "RFC 6960 § 4.2.2.2.1; clients would go round in circles") {
            subject in
            guard try subject.certificate.signsOCSP() else { return nil }
            return subject.certificate.value(of: OID.ocspNoCheck) == nil
                ? "an OCSP responder without ocsp-nocheck" : nil
        },
        LintRule("ocsp-no-check.is-null", "RFC 6960 § 4.2.2.2.1: NULL") { subject in
            guard let value = subject.certificate.value(of: OID.ocspNoCheck)?.value else { return nil }
            return value.elementsEqual([0x05, 0x00]) ? nil : "its value is not NULL"
        },
        LintRule("ocsp-no-check.at-most-90-days", "nobody can revoke what nobody is to check") { subject in
            guard try subject.certificate.signsOCSP() else { return nil }
            let length = try subject.certificate.notAfterSeconds() - subject.certificate.notBeforeSeconds() + 1
            return length <= 90 * 86_400 ? nil : "an OCSP responder's certificate for \(length / 86_400) days"
        },
        LintRule("ocsp-no-check.signs-nothing-else", "RFC 5280 § 4.2.1.12: digitalSignature") { subject in
            guard try subject.certificate.signsOCSP() else { return nil }
            return try subject.certificate.keyUsage() == Self.digitalSignature
                ? nil : "an OCSP responder with another key usage than digitalSignature"
        },
    ]
}

extension Certificate {
    /// Whether it is an end entity's and for signing OCSP answers.
    func signsOCSP() throws -> Bool {
        guard !self.isAuthority else { return false }
        return try self.purposeIdentifiers()?.contains(OID.ocspSigning) ?? false
    }
}
