import EnrollmentTestKit

/// An OCSP request (RFC 6960 § 4.1.1) whose every field can be made wrong.
struct ForgedQuestion: Sendable {
    static let sha1 = DERElement.sequence([.identifier("1.3.14.3.2.26"), .null])
    static let nonceIdentifier = "1.3.6.1.5.5.7.48.1.2"

    var version: DERElement?
    var requestorName: DERElement?
    var certificateIDs: [DERElement] = [ForgedQuestion.certificateID()]
    var singleExtensions: [DERElement] = []
    var extensions: [DERElement] = []
    var signature: DERElement?
    var surplus: [DERElement] = []

    static func certificateID(
        algorithm: DERElement = sha1,
        nameHash: [UInt8] = [UInt8](repeating: 1, count: 20),
        keyHash: [UInt8] = [UInt8](repeating: 2, count: 20),
        serial: [UInt8] = [1] + (0x81...0x90)
    ) -> DERElement {
        .sequence([algorithm, .octetString(nameHash), .octetString(keyHash), .integer(serial)])
    }

    static func nonce(_ octets: [UInt8]) -> DERElement {
        .sequence([.identifier(Self.nonceIdentifier), .octetString(DERElement.octetString(octets).octets)])
    }

    var der: [UInt8] {
        var fields: [DERElement] = []
        if let version = self.version { fields.append(version) }
        if let name = self.requestorName { fields.append(name) }
        let single = self.singleExtensions.isEmpty ? [] : [DERElement.context(0, [.sequence(self.singleExtensions)])]
        fields.append(.sequence(self.certificateIDs.map { .sequence([$0] + single) }))
        if !self.extensions.isEmpty { fields.append(.context(2, [.sequence(self.extensions)])) }
        let signature = self.signature.map { [$0] } ?? []
        return DERElement.sequence([.sequence(fields + self.surplus)] + signature).octets
    }
}
