internal import SwiftASN1

extension CertificateLint {
    static let structureRules: [LintRule] = [
        LintRule("structure.version-3", "RFC 5280 § 4.1.2.1") { subject in
            subject.certificate.version == 2 ? nil : "version \(subject.certificate.version + 1), not 3"
        },
        LintRule("structure.no-unique-identifiers", "RFC 5280 § 4.1.2.8") { subject in
            subject.certificate.hasUniqueIdentifiers ? "a unique identifier is there" : nil
        },
        LintRule("structure.signature-algorithms-agree", "RFC 5280 § 4.1.1.2") { subject in
            let agree =
                subject.certificate.innerAlgorithm.encodedBytes == subject.certificate.outerAlgorithm.encodedBytes
            return agree ? nil : "the algorithm inside the signed part differs from the one outside"
        },
        LintRule("structure.signature-algorithm-known", "RFC 5758; RFC 4055; RFC 8410") { subject in
            _ = try SignatureScheme(node: subject.certificate.innerAlgorithm)
            return nil
        },
        LintRule("structure.signature-algorithm-canonical", "RFC 4055 § 5") { subject in
            var coder = DER.Serializer()
            try SignatureScheme(node: subject.certificate.innerAlgorithm).serialize(into: &coder)
            let canonical = coder.serializedBytes[...] == subject.certificate.innerAlgorithm.encodedBytes
            return canonical ? nil : "the algorithm's parameters are not as its standard has them"
        },
        LintRule("structure.signature-whole-octets", "RFC 5280 § 4.1.1.3") { subject in
            subject.certificate.signaturePaddingBits == 0 ? nil : "the signature's bits are not whole octets"
        },
        LintRule("structure.signature-not-empty", "RFC 5280 § 4.1.1.3") { subject in
            subject.certificate.signature.isEmpty ? "the signature is empty" : nil
        },
    ]

    static let serialNumberRules: [LintRule] = [
        LintRule("serial.positive", "RFC 5280 § 4.1.2.2") { subject in
            (subject.certificate.serialNumber.first ?? 0xff) < 0x80 ? nil : "the serial number is negative"
        },
        LintRule("serial.not-zero", "RFC 5280 § 4.1.2.2") { subject in
            subject.certificate.serialNumber.contains { $0 != 0 } ? nil : "the serial number is zero"
        },
        LintRule("serial.at-most-20-octets", "RFC 5280 § 4.1.2.2") { subject in
            let count = subject.certificate.serialNumber.count
            return count <= 20 ? nil : "the serial number has \(count) octets"
        },
        LintRule("serial.shortest-form", "X.690 § 8.3.2") { subject in
            let octets = subject.certificate.serialNumber
            guard octets.count > 1 else { return nil }
            let padded = octets[0] == 0 && octets[1] < 0x80 || octets[0] == 0xff && octets[1] >= 0x80
            return padded ? "the serial number has a needless leading octet" : nil
        },
        LintRule("serial.node-and-16-random-octets", "a 63-bit default revoked whole populations") { subject in
            let octets = subject.certificate.serialNumber
            let fits = octets.count == 17 && (0x01...0x7f).contains(octets[0])
            return fits ? nil : "the serial number is not a node octet 01–7f and 16 random octets"
        },
    ]

    static let validityRules: [LintRule] = [
        LintRule("validity.utctime-through-2049", "RFC 5280 § 4.1.2.5") { subject in
            for node in [subject.certificate.notBefore, subject.certificate.notAfter]
            where node.identifier == .generalizedTime {
                if try GeneralizedTime(derEncoded: node).year < 2_050 { return "GeneralizedTime before 2050" }
            }
            return nil
        },
        LintRule("validity.time-type", "RFC 5280 § 4.1.2.5") { subject in
            let nodes = [subject.certificate.notBefore, subject.certificate.notAfter]
            let known = nodes.allSatisfy { $0.identifier == .utcTime || $0.identifier == .generalizedTime }
            return known ? nil : "a time that is neither UTCTime nor GeneralizedTime"
        },
        LintRule("validity.whole-seconds-zulu", "RFC 5280 § 4.1.2.5.1") { subject in
            for node in [subject.certificate.notBefore, subject.certificate.notAfter] {
                let digits = node.identifier == .utcTime ? 12 : 14
                guard case .primitive(let octets) = node.content, octets.count == digits + 1,
                    octets.last == UInt8(ascii: "Z"),
                    octets.dropLast().allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
                else { return "a time that is not \(digits) digits and Z" }
            }
            return nil
        },
        LintRule("validity.begins-before-it-ends", "RFC 5280 § 4.1.2.5") { subject in
            let begins = try subject.certificate.notBeforeSeconds()
            let ends = try subject.certificate.notAfterSeconds()
            return begins < ends ? nil : "it ends before it begins"
        },
        LintRule("validity.not-before-1970", "UTCTime's two digits were read as 1950 elsewhere") { subject in
            try subject.certificate.notBeforeSeconds() >= 0 ? nil : "it begins before 1970"
        },
        LintRule("validity.end-entity-at-most-3-years", "what cannot be replaced soon cannot be revoked well") {
            subject in
            guard !subject.certificate.isAuthority else { return nil }
            let length = try subject.certificate.notAfterSeconds() - subject.certificate.notBeforeSeconds() + 1
            return length <= 1_096 * 86_400 ? nil : "an end entity's certificate for \(length / 86_400) days"
        },
        LintRule("validity.within-the-issuer", "clients reject what outlives its issuer") { subject in
            guard let issuer = subject.context.issuer else { return nil }
            let outlives = try subject.certificate.notAfterSeconds() > issuer.notAfterSeconds()
            return outlives ? "it ends after its issuer" : nil
        },
    ]
}
