import EnrollmentTestKit

/// A CRL (RFC 5280 § 5.1) whose every field can be made wrong; its signature is never a real one.
struct ForgedRevocationList: Sendable {
    static let url = "http://pki.contoso.example/pki/crl/2026-a/0.crl"

    var version: DERElement? = .integer([1])
    var innerAlgorithm = ForgedCertificate.ecdsaWithSHA256
    var outerAlgorithm = ForgedCertificate.ecdsaWithSHA256
    var issuer = ForgedCertificate.issuing.subject
    var thisUpdate = DERElement.utcTime("260301000000Z")
    var nextUpdate: DERElement? = .utcTime("260302000000Z")
    /// `nil` leaves the field out.
    var entries: [DERElement]? = [ForgedRevocationList.entry(), ForgedRevocationList.entry(reason: 1)]
    var extensions: [ForgedCertificate.Extension]? = ForgedRevocationList.goodExtensions
    var signature = DERElement.bitString([0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01])

    static let goodExtensions: [ForgedCertificate.Extension] = [
        .init(
            identifier: "2.5.29.35",
            value: DERElement.sequence([.context(0, octets: [UInt8](repeating: 0x22, count: 20))]).octets
        ),
        .init(identifier: "2.5.29.20", value: DERElement.integer([7]).octets),
        Self.distributionPoint(Self.url),
        .init(identifier: "1.3.6.1.4.1.311.21.4", value: DERElement.utcTime("260301060000Z").octets),
    ]

    static func distributionPoint(_ url: String, critical: Bool? = true) -> ForgedCertificate.Extension {
        let point = DERElement.context(0, [.context(0, [.context(6, octets: Array(url.utf8))])])
        return .init(identifier: "2.5.29.28", critical: critical, value: DERElement.sequence([point]).octets)
    }

    static func entry(
        serial: [UInt8] = [1] + (0x81...0x90),
        at time: DERElement = .utcTime("260228120000Z"),
        reason: UInt8? = nil,
        others: [DERElement] = []
    ) -> DERElement {
        var extensions = others
        if let reason {
            let code = DERElement.octetString(DERElement(tag: 0x0a, [reason]).octets)
            extensions.append(.sequence([.identifier("2.5.29.21"), code]))
        }
        return .sequence([.integer(serial), time] + (extensions.isEmpty ? [] : [.sequence(extensions)]))
    }

    var der: [UInt8] {
        var fields: [DERElement] = []
        if let version = self.version { fields.append(version) }
        fields += [self.innerAlgorithm, self.issuer, self.thisUpdate]
        if let nextUpdate = self.nextUpdate { fields.append(nextUpdate) }
        if let entries = self.entries { fields.append(.sequence(entries)) }
        if let extensions = self.extensions { fields.append(.context(0, [.sequence(extensions.map(\.element))])) }
        return DERElement.sequence([.sequence(fields), self.outerAlgorithm, self.signature]).octets
    }

    mutating func put(_ identifier: String, critical: Bool? = nil, _ value: DERElement) {
        let new = ForgedCertificate.Extension(identifier: identifier, critical: critical, value: value.octets)
        if let index = self.extensions?.firstIndex(where: { $0.identifier == identifier }) {
            self.extensions?[index] = new
        } else {
            self.extensions = (self.extensions ?? []) + [new]
        }
    }

    mutating func remove(_ identifier: String) {
        self.extensions?.removeAll { $0.identifier == identifier }
    }
}
