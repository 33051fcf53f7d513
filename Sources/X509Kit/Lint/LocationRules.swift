internal import SwiftASN1

extension CertificateLint {
    static let alternativeNameRules: [LintRule] = [
        LintRule("alternative-names.not-empty", "RFC 5280 § 4.2.1.6: SIZE (1..MAX)") { subject in
            guard subject.certificate.value(of: OID.subjectAlternativeName) != nil else { return nil }
            return try subject.certificate.alternativeNames().isEmpty ? "an empty list" : nil
        },
        LintRule("alternative-names.for-end-entities", "clients read names from there alone, RFC 9525") { subject in
            // Nobody connects to an OCSP responder by the name in its certificate.
            guard !subject.certificate.isAuthority, try !subject.certificate.signsOCSP() else { return nil }
            return subject.certificate.value(of: OID.subjectAlternativeName) == nil ? "no alternative name" : nil
        },
        LintRule("alternative-names.dns", "RFC 1034 § 3.5; RFC 9525 § 6.3") { subject in
            for name in try subject.certificate.alternativeNames() where name.tag == 2 {
                if !Self.isHostName(name.contents) { return "a dNSName that is not a host name" }
            }
            return nil
        },
        LintRule("alternative-names.uri", "RFC 5280 § 4.2.1.6: absolute, RFC 3986") { subject in
            for name in try subject.certificate.alternativeNames() where name.tag == 6 {
                if !Self.isAbsoluteURI(name.contents) { return "a URI that is not absolute" }
            }
            return nil
        },
        LintRule("alternative-names.address", "RFC 5280 § 4.2.1.6") { subject in
            for name in try subject.certificate.alternativeNames() where name.tag == 7 {
                if name.contents.count != 4 && name.contents.count != 16 {
                    return "an address of \(name.contents.count) octets"
                }
            }
            return nil
        },
        LintRule("alternative-names.no-duplicates", "a repeated name is a mistake somewhere above") { subject in
            let names = try subject.certificate.alternativeNames().map { [UInt8($0.tag)] + $0.contents }
            return Set(names).count == names.count ? nil : "a name appears twice"
        },
    ]

    static let keyIdentifierRules: [LintRule] = [
        LintRule("subject-key-identifier.present", "RFC 5280 § 4.2.1.2") { subject in
            subject.certificate.subjectKeyIdentifier?.isEmpty ?? true ? "no SubjectKeyIdentifier" : nil
        },
        LintRule("authority-key-identifier.present", "RFC 5280 § 4.2.1.1") { subject in
            guard !subject.isSelfSigned else { return nil }
            return subject.certificate.value(of: OID.authorityKeyIdentifier) == nil ? "no AuthorityKeyIdentifier" : nil
        },
        LintRule("authority-key-identifier.is-the-issuers", "RFC 5280 § 4.2.1.1") { subject in
            guard let value = subject.certificate.value(of: OID.authorityKeyIdentifier)?.value else { return nil }
            var nodes = try Certificate.children(try StrictDER.parse(value), "authorityKeyIdentifier")
            guard let node = nodes.next(), node.identifier == .contextSpecific(0),
                case .primitive(let identifier) = node.content
            else { return "no key identifier in it" }
            let issuer = subject.context.issuer ?? subject.certificate
            return issuer.subjectKeyIdentifier.map { $0[...] == identifier } ?? false
                ? nil : "not the issuer's SubjectKeyIdentifier"
        },
        LintRule("authority-key-identifier.key-alone", "issuer and serial there stop a reissued issuer") { subject in
            guard let value = subject.certificate.value(of: OID.authorityKeyIdentifier)?.value else { return nil }
            var nodes = try Certificate.children(try StrictDER.parse(value), "authorityKeyIdentifier")
            while let node = nodes.next() {
                if node.identifier != .contextSpecific(0) { return "more than the key identifier" }
            }
            return nil
        },
    ]

    static let locationRules: [LintRule] = [
        LintRule("crl-distribution-points.http", "RFC 5280 § 4.2.1.13; TLS there is a circle") { subject in
            try subject.certificate.crlURLs().contains { !$0.hasPrefix("http://") }
                ? "a distribution point that is not plain http" : nil
        },
        LintRule("crl-distribution-points.name-the-issuer", "“current” in a URL broke every older leaf") { subject in
            let urls = try subject.certificate.crlURLs()
            let named = urls.allSatisfy { $0.holds("/\(subject.context.issuerID)/") }
            return named ? nil : "a URL without the issuer's id \(subject.context.issuerID)"
        },
        LintRule("authority-information-access.http", "RFC 5280 § 4.2.2.1") { subject in
            try subject.certificate.accessURLs().contains { !$0.url.hasPrefix("http://") }
                ? "a location that is not plain http" : nil
        },
        LintRule("authority-information-access.names-the-issuer", "“current” in a URL broke every older leaf") {
            subject in
            let issuerID = subject.context.issuerID
            for access in try subject.certificate.accessURLs() {
                let named =
                    access.method == OID.accessIssuers
                    ? access.url.holds("/\(issuerID).") : access.url.hasSuffix("/\(issuerID)")
                if !named { return "a URL without the issuer's id \(issuerID)" }
            }
            return nil
        },
    ]

    private static func isHostName(_ octets: [UInt8]) -> Bool {
        let text = String(decoding: octets, as: UTF8.self)
        let bare = text.hasPrefix("*.") ? text.dropFirst(2) : text[...]
        let labels = bare.split(separator: ".", omittingEmptySubsequences: false)
        return octets.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { octet in
                        switch octet {
                        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                            true
                        default: false
                        }
                    }
            }
    }

    private static func isAbsoluteURI(_ octets: [UInt8]) -> Bool {
        guard let colon = octets.firstIndex(of: UInt8(ascii: ":")), colon > 0, colon < octets.count - 1 else {
            return false
        }
        return octets.allSatisfy { (0x21...0x7e).contains($0) }
    }
}

extension Certificate {
    func crlURLs() throws -> [String] {
        guard let value = self.value(of: OID.crlDistributionPoints)?.value else { return [] }
        var urls: [String] = []
        var points = try Self.children(try StrictDER.parse(value), "cRLDistributionPoints")
        while let point = points.next() {
            var fields = try Self.children(point, "distributionPoint")
            var name = try Self.children(try fields.required("distributionPoint"), "distributionPointName")
            var names = try Self.children(try name.required("fullName"), "fullName")
            while let node = names.next() { urls.append(try Self.uri(node)) }
        }
        return urls
    }

    func accessURLs() throws -> [(method: ASN1ObjectIdentifier, url: String)] {
        guard let value = self.value(of: OID.authorityInformationAccess)?.value else { return [] }
        var accesses: [(method: ASN1ObjectIdentifier, url: String)] = []
        var descriptions = try Self.children(try StrictDER.parse(value), "authorityInfoAccess")
        while let description = descriptions.next() {
            var fields = try Self.children(description, "accessDescription")
            let method = try ASN1ObjectIdentifier(derEncoded: try fields.required("accessMethod"))
            accesses.append((method, try Self.uri(try fields.required("accessLocation"))))
        }
        return accesses
    }

    private static func uri(_ node: ASN1Node) throws -> String {
        guard node.identifier == .contextSpecific(6), case .primitive(let octets) = node.content else {
            throw X509Error("a location that is not a URI")
        }
        return String(decoding: octets, as: UTF8.self)
    }
}

extension String {
    /// Whether the octets of `part` occur: `contains` would compare by characters, at fifty times the cost.
    fileprivate func holds(_ part: String) -> Bool {
        var rest = self.utf8[...]
        while rest.count >= part.utf8.count {
            if rest.starts(with: part.utf8) { return true }
            rest.removeFirst()
        }
        return false
    }
}
