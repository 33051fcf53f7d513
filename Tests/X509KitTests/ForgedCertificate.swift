import EnrollmentTestKit

/// A certificate (RFC 5280 § 4.1) whose every field can be made wrong; its signature is never a real one.
struct ForgedCertificate: Sendable {
    struct Extension: Sendable {
        var identifier: String
        /// `nil` leaves the BOOLEAN out.
        var critical: Bool?
        /// Contents of the OCTET STRING.
        var value: [UInt8]

        var element: DERElement {
            .sequence(
                [.identifier(self.identifier)] + (self.critical.map { [.boolean($0)] } ?? [])
                    + [.octetString(self.value)]
            )
        }
    }

    static let ecdsaWithSHA256 = DERElement.sequence([.identifier("1.2.840.10045.4.3.2")])
    static let serial = DERElement.integer([1] + (0x81...0x90))

    var version: DERElement? = .context(0, [.integer([2])])
    var serialNumber = ForgedCertificate.serial
    var innerAlgorithm = ForgedCertificate.ecdsaWithSHA256
    var outerAlgorithm = ForgedCertificate.ecdsaWithSHA256
    var issuer: DERElement
    var notBefore = DERElement.utcTime("260101000000Z")
    var notAfter = DERElement.utcTime("261231235959Z")
    var subject: DERElement
    var publicKeyInfo = ForgedCertificate.ellipticKey
    /// Stands between the key and the extensions.
    var uniqueIdentifier: DERElement?
    /// `nil` leaves the field out.
    var extensions: [Extension]?
    var signature = DERElement.bitString([0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01])

    var der: [UInt8] {
        var fields: [DERElement] = []
        if let version = self.version { fields.append(version) }
        fields += [self.serialNumber, self.innerAlgorithm, self.issuer]
        fields += [.sequence([self.notBefore, self.notAfter]), self.subject, self.publicKeyInfo]
        if let identifier = self.uniqueIdentifier { fields.append(identifier) }
        if let extensions = self.extensions {
            fields.append(.context(3, [.sequence(extensions.map(\.element))]))
        }
        return DERElement.sequence([.sequence(fields), self.outerAlgorithm, self.signature]).octets
    }

    // MARK: Changing extensions

    /// Puts an extension in the place of the one with its identifier, or at the end.
    mutating func put(_ identifier: String, critical: Bool? = nil, _ value: DERElement) {
        let new = Extension(identifier: identifier, critical: critical, value: value.octets)
        var list = self.extensions ?? []
        if let index = list.firstIndex(where: { $0.identifier == identifier }) {
            list[index] = new
        } else {
            list.append(new)
        }
        self.extensions = list
    }

    mutating func remove(_ identifier: String) {
        self.extensions?.removeAll { $0.identifier == identifier }
    }

    mutating func setCritical(_ identifier: String, _ critical: Bool?) {
        for index in self.extensions?.indices ?? 0..<0 where self.extensions?[index].identifier == identifier {
            self.extensions?[index].critical = critical
        }
    }
}

/// Identifiers that the tests name.
enum ExtensionID {
    static let subjectKeyIdentifier = "2.5.29.14"
    static let keyUsage = "2.5.29.15"
    static let subjectAlternativeName = "2.5.29.17"
    static let basicConstraints = "2.5.29.19"
    static let crlDistributionPoints = "2.5.29.31"
    static let authorityKeyIdentifier = "2.5.29.35"
    static let extendedKeyUsage = "2.5.29.37"
    static let authorityInformationAccess = "1.3.6.1.5.5.7.1.1"
    static let ocspNoCheck = "1.3.6.1.5.5.7.48.1.5"
}

enum PurposeID {
    static let any = "2.5.29.37.0"
    static let serverAuth = "1.3.6.1.5.5.7.3.1"
    static let clientAuth = "1.3.6.1.5.5.7.3.2"
    static let ocspSigning = "1.3.6.1.5.5.7.3.9"
}
