internal import SwiftASN1

extension Certificate {
    /// The subject as RFC 4514 text; whatever is no plain string shows as `#` and its DER in hexadecimal.
    public var subjectText: String { Self.text(self.subjectNames) }

    /// The issuer, in the same form.
    public var issuerText: String { Self.text(self.issuerNames) }

    /// What the extensions say, in their order: a name, whether it is critical, and its contents for people.
    ///
    /// Every extension is there. One that has no words here shows its identifier and its octets.
    ///
    /// - Throws: ``X509Error`` when a known one cannot be read.
    public func extensionTexts() throws(X509Error) -> [(name: String, isCritical: Bool, text: String)] {
        try asX509Error("extensions") {
            try (self.extensions ?? []).map { part in
                let (name, text) = try self.words(for: part)
                return (name, part.isCritical, text)
            }
        }
    }

    private func words(for part: Extension) throws -> (String, String) {
        switch part.identifier {
        case OID.basicConstraints:
            let length = try self.pathLength().map { ", at most \($0) below" } ?? ""
            return ("basic constraints", self.isAuthority ? "authority\(length)" : "end entity")
        case OID.keyUsage:
            let names = [
                "digitalSignature", "nonRepudiation", "keyEncipherment", "dataEncipherment", "keyAgreement",
                "keyCertSign", "cRLSign", "encipherOnly", "decipherOnly",
            ]
            let bits = try self.keyUsage() ?? 0
            return (
                "key usage",
                names.enumerated().filter { bits >> $0.offset & 1 == 1 }.map(\.element).joined(separator: ", ")
            )
        case OID.extendedKeyUsage:
            let known = [
                OID.serverAuth.description: "serverAuth", OID.clientAuth.description: "clientAuth",
                OID.ocspSigning.description: "ocspSigning",
            ]
            let names = try self.extendedKeyUsages() ?? []
            return ("extended key usage", names.map { known[$0] ?? $0 }.joined(separator: ", "))
        case OID.subjectKeyIdentifier:
            return ("subject key identifier", Self.hexadecimal(self.subjectKeyIdentifier ?? []))
        case OID.authorityKeyIdentifier: return ("authority key identifier", Self.hexadecimal(part.value))
        case OID.crlDistributionPoints: return ("CRL", try self.crlURLs().map(Self.printable).joined(separator: ", "))
        case OID.authorityInformationAccess:
            let texts = try self.accessURLs().map { access in
                let method =
                    access.method == OID.accessOCSP
                    ? "OCSP" : access.method == OID.accessIssuers ? "issuer" : access.method.description
                return "\(method) \(Self.printable(access.url))"
            }
            return ("information access", texts.joined(separator: ", "))
        default: return (part.identifier.description, Self.hexadecimal(part.value))
        }
    }

    /// As in RFC 4514 § 2: the last attribute first.
    private static func text(_ names: [[NameAttribute]]) -> String {
        let labels = [
            OID.commonName.description: "CN", OID.country.description: "C", OID.organization.description: "O",
            OID.organizationalUnit.description: "OU", OID.locality.description: "L", OID.state.description: "ST",
            OID.domainComponent.description: "DC",
        ]
        return names.reversed().map { attributes in
            attributes.map { attribute in
                let type = attribute.type.description
                return "\(labels[type] ?? type)=\(Self.text(attribute.value))"
            }.joined(separator: "+")
        }.joined(separator: ",")
    }

    private static func text(_ value: ASN1Node) -> String {
        let strings: [ASN1Identifier] = [.utf8String, .printableString, .ia5String]
        guard strings.contains(value.identifier), case .primitive(let octets) = value.content,
            let text = String(validating: octets, as: UTF8.self)
        else { return "#\(Self.hexadecimal(value.encodedBytes))" }
        return Self.printable(text)
    }

    /// Without anything that could make the line say something else than it holds: escaped as RFC 4514 § 2.4 has it, what
    /// is not plain ASCII or a letter by its octets.
    private static func printable(_ text: String) -> String {
        var shown = ""
        for (index, scalar) in text.unicodeScalars.enumerated() {
            let isEdge = index == 0 && (scalar == "#" || scalar == " ")
            if isEdge || "\"+,;<>\\=".unicodeScalars.contains(scalar) {
                shown += "\\\(scalar)"
            } else if (0x20...0x7e).contains(scalar.value) || scalar.properties.isAlphabetic {
                shown.unicodeScalars.append(scalar)
            } else {
                shown += String(scalar).utf8.map { "\\" + Self.hexadecimal([$0]) }.joined()
            }
        }
        return shown
    }

    private static func hexadecimal(_ octets: some Sequence<UInt8>) -> String {
        octets.map { octet in
            let digits = String(octet, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
