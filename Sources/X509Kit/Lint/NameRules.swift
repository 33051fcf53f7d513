internal import SwiftASN1

extension CertificateLint {
    static let nameRules: [LintRule] = [
        LintRule("issuer.not-empty", "RFC 5280 § 4.1.2.4") { subject in
            subject.certificate.issuerNames.isEmpty ? "the issuer's name is empty" : nil
        },
        LintRule("issuer.is-the-issuers-subject", "RFC 5280 § 6.1.3; CRLs were refused for less") { subject in
            let expected = subject.context.issuer?.subject ?? subject.certificate.subject
            return subject.certificate.issuer == expected ? nil : "the octets differ from the issuer's subject"
        },
        LintRule("subject.not-empty", "RFC 5280 § 4.1.2.6") { subject in
            subject.certificate.subjectNames.isEmpty ? "the subject is empty" : nil
        },
        LintRule("subject.one-common-name", "readers disagree on which of several counts") { subject in
            let count = subject.certificate.subjectNames.joined().count { $0.type == OID.commonName }
            return count == 1 ? nil : "\(count) common names"
        },
        LintRule("name.one-attribute-each", "X.501; multi-valued names compare differently") { subject in
            let single = (subject.certificate.subjectNames + subject.certificate.issuerNames).allSatisfy {
                $0.count == 1
            }
            return single ? nil : "a relative distinguished name without exactly one attribute"
        },
        LintRule("name.string-type", "RFC 5280 § 4.1.2.4") { subject in
            try subject.firstProblem { attribute, _ in
                let type = attribute.value.identifier
                let allowed: Bool =
                    switch attribute.type {
                    case OID.country: type == .printableString
                    case OID.domainComponent: type == .ia5String
                    default: type == .utf8String || type == .printableString
                    }
                return allowed ? nil : "a string type its attribute does not take"
            }
        },
        LintRule("name.printable-string-alphabet", "X.680 § 41.4; an underscore there cost a reissue") { subject in
            try subject.firstProblem { attribute, octets in
                guard attribute.value.identifier == .printableString else { return nil }
                let marks = Array(" '()+,-./:=?".utf8)
                let printable = octets.allSatisfy { octet in
                    switch octet {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"):
                        true
                    default: marks.contains(octet)
                    }
                }
                return printable ? nil : "a character that PrintableString does not have"
            }
        },
        LintRule("name.utf8", "RFC 3629") { subject in
            try subject.firstProblem { _, octets in
                String(validating: octets, as: UTF8.self) == nil ? "a string that is not UTF-8" : nil
            }
        },
        LintRule("name.not-empty-value", "RFC 5280 appendix A.1") { subject in
            try subject.firstProblem { _, octets in octets.isEmpty ? "an empty attribute" : nil }
        },
        LintRule("name.no-control-characters", "a NUL inside a name once fooled every client") { subject in
            try subject.firstProblem { _, octets in
                octets.contains { $0 < 0x20 || $0 == 0x7f } ? "a control character" : nil
            }
        },
        LintRule("name.no-surrounding-blanks", "RFC 4518 § 2.6") { subject in
            try subject.firstProblem { _, octets in
                let blank = UInt8(ascii: " ")
                return octets.first == blank || octets.last == blank ? "a blank at an end" : nil
            }
        },
        LintRule("name.length-limits", "RFC 5280 appendix A.1: ub-common-name 64") { subject in
            try subject.firstProblem { attribute, octets in
                let limit: Int
                switch attribute.type {
                case OID.commonName, OID.organization, OID.organizationalUnit: limit = 64
                case OID.locality, OID.state: limit = 128
                default: return nil
                }
                let count = String(decoding: octets, as: UTF8.self).unicodeScalars.count
                return count <= limit ? nil : "\(count) characters where \(limit) are allowed"
            }
        },
        LintRule("name.country-code", "RFC 5280 appendix A.1; ISO 3166") { subject in
            try subject.firstProblem { attribute, octets in
                guard attribute.type == OID.country else { return nil }
                let letters = octets.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) }
                return octets.count == 2 && letters ? nil : "a country that is not two capital letters"
            }
        },
    ]
}

extension LintSubject {
    /// What `judge` first finds wrong with an attribute of the subject.
    ///
    /// The issuer's name is compared with its certificate as a whole and was judged when that was made.
    fileprivate func firstProblem(
        _ judge: (Certificate.NameAttribute, ArraySlice<UInt8>) throws -> String?
    ) throws -> String? {
        for attribute in self.certificate.subjectNames.joined() {
            guard case .primitive(let octets) = attribute.value.content else {
                return "an attribute that is not a primitive string"
            }
            if let problem = try judge(attribute, octets) { return problem }
        }
        return nil
    }
}
