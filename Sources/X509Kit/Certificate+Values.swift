internal import SwiftASN1

extension Certificate {
    /// Seconds since 1970.
    public func notBeforeSeconds() throws(X509Error) -> Int64 {
        try asX509Error("notBefore") { try CertificateTime.seconds(self.notBefore) }
    }

    /// Seconds since 1970; the last second that is still valid.
    public func notAfterSeconds() throws(X509Error) -> Int64 {
        try asX509Error("notAfter") { try CertificateTime.seconds(self.notAfter) }
    }

    public func scheme() throws(X509Error) -> SignatureScheme {
        try asX509Error("signature algorithm") { try SignatureScheme(node: self.outerAlgorithm) }
    }

    public func subjectKey() throws(X509Error) -> PublicKeyInfo {
        try PublicKeyInfo(der: self.publicKeyInfo)
    }

    /// The first common name of the subject, if its string is UTF-8.
    public var commonName: String? {
        for attribute in self.subjectNames.joined() where attribute.type == OID.commonName {
            guard case .primitive(let octets) = attribute.value.content else { return nil }
            return String(validating: octets, as: UTF8.self)
        }
        return nil
    }

    /// The subject's attributes, in order, where it has no other kinds than this authority writes.
    ///
    /// - Throws: ``X509Error`` for another kind, an attribute that shares its place, or a string that is not UTF-8.
    public func subjectAttributes() throws(X509Error) -> [DistinguishedName.Attribute] {
        var attributes: [DistinguishedName.Attribute] = []
        for names in self.subjectNames {
            guard names.count == 1, case .primitive(let octets) = names[0].value.content,
                let text = String(validating: octets, as: UTF8.self)
            else { throw X509Error("subject: an attribute that cannot be read") }
            switch names[0].type {
            case OID.country: attributes.append(.country(text))
            case OID.organization: attributes.append(.organization(text))
            case OID.organizationalUnit: attributes.append(.organizationalUnit(text))
            case OID.commonName: attributes.append(.commonName(text))
            case let other: throw X509Error("subject: \(other) is not known")
            }
        }
        return attributes
    }

    /// How many authorities may follow below it (RFC 5280 § 4.2.1.9); `nil` for any number.
    public func pathLength() throws(X509Error) -> Int? {
        guard let value = self.value(of: OID.basicConstraints)?.value else { return nil }
        return try asX509Error("basicConstraints") {
            var nodes = try Self.children(try StrictDER.parse(value), "basicConstraints")
            _ = nodes.next()
            return try nodes.next().map { try Int(derEncoded: $0) }
        }
    }

    /// Whether BasicConstraints says it is an authority's.
    public var isAuthority: Bool {
        guard let value = self.value(of: OID.basicConstraints)?.value, let node = try? StrictDER.parse(value),
            case .constructed(let nodes) = node.content
        else { return false }
        var iterator = nodes.makeIterator()
        // An unreadable BOOLEAN means it is not, which is the careful reading; the lint reports it.
        return iterator.next().flatMap { try? Bool(derEncoded: $0) } ?? false
    }

    /// The key identifier that certificates of this issuer name, if there is one.
    public var subjectKeyIdentifier: [UInt8]? {
        guard let value = self.value(of: OID.subjectKeyIdentifier)?.value, let node = try? StrictDER.parse(value),
            case .primitive(let octets) = node.content
        else { return nil }
        return Array(octets)
    }

    /// Dotted object identifiers of the extended key usages; `nil` when the extension is absent.
    public func extendedKeyUsages() throws(X509Error) -> [String]? {
        try self.purposeIdentifiers()?.map(\.description)
    }

    func purposeIdentifiers() throws(X509Error) -> [ASN1ObjectIdentifier]? {
        guard let value = self.value(of: OID.extendedKeyUsage)?.value else { return nil }
        return try asX509Error("extKeyUsage") {
            try DER.sequence(of: ASN1ObjectIdentifier.self, identifier: .sequence, rootNode: try StrictDER.parse(value))
        }
    }

    /// Each name as its context tag and contents: 2 dNSName, 6 URI, 7 iPAddress, 0 otherName.
    public func alternativeNames() throws(X509Error) -> [(tag: UInt, contents: [UInt8])] {
        guard let value = self.value(of: OID.subjectAlternativeName)?.value else { return [] }
        return try asX509Error("subjectAltName") {
            var names: [(tag: UInt, contents: [UInt8])] = []
            var iterator = try Self.children(try StrictDER.parse(value), "subjectAltName")
            while let node = iterator.next() {
                switch node.content {
                case .primitive(let octets): names.append((node.identifier.tagNumber, Array(octets)))
                case .constructed: names.append((node.identifier.tagNumber, Array(node.encodedBytes)))
                }
            }
            return names
        }
    }

    /// The bits by their numbers in RFC 5280 § 4.2.1.3; `nil` when the extension is absent.
    public func keyUsage() throws(X509Error) -> UInt16? {
        guard let value = self.value(of: OID.keyUsage)?.value else { return nil }
        return try asX509Error("keyUsage") {
            let string = try ASN1BitString(derEncoded: try StrictDER.parse(value))
            var bits: UInt16 = 0
            for (index, octet) in string.bytes.enumerated() where index < 2 {
                for bit in 0..<8 where octet & 0x80 >> UInt8(bit) != 0 && index * 8 + bit < 9 {
                    bits |= 1 << UInt16(index * 8 + bit)
                }
            }
            return bits
        }
    }
}
