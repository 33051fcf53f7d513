import EnrollmentTestKit

extension Breach {
    static let ofStructure: [Breach] = [
        Breach("structure.version-3") { $0.version = .context(0, [.integer([1])]) },
        Breach("structure.version-3") { $0.version = nil },
        Breach("structure.no-unique-identifiers") { $0.uniqueIdentifier = .context(1, octets: [0, 0xaa]) },
        Breach("structure.signature-algorithms-agree") {
            $0.outerAlgorithm = .sequence([.identifier("1.2.840.10045.4.3.3")])
        },
        Breach("structure.signature-algorithm-known", implies: ["structure.signature-algorithm-canonical"]) {
            // ecdsa-with-SHA1
            $0.innerAlgorithm = .sequence([.identifier("1.2.840.10045.4.1")])
            $0.outerAlgorithm = $0.innerAlgorithm
        },
        Breach("structure.signature-algorithm-canonical") {
            // sha256WithRSAEncryption without its NULL
            $0.innerAlgorithm = .sequence([.identifier("1.2.840.113549.1.1.11")])
            $0.outerAlgorithm = $0.innerAlgorithm
        },
        Breach("structure.signature-whole-octets") { $0.signature = .bitString([0x30, 0xf0], unused: 4) },
        Breach("structure.signature-not-empty") { $0.signature = .bitString([]) },
    ]

    private static let ownForm: Set<String> = ["serial.node-and-16-random-octets"]

    static let ofSerialNumber: [Breach] = [
        Breach("serial.positive", implies: Self.ownForm) { $0.serialNumber = .integer([0x80] + (0x81...0x90)) },
        Breach("serial.not-zero", implies: Self.ownForm) { $0.serialNumber = .integer([0]) },
        Breach("serial.at-most-20-octets", implies: Self.ownForm) { $0.serialNumber = .integer([1] + (1...20)) },
        Breach("serial.shortest-form", implies: Self.ownForm) { $0.serialNumber = .integer([0, 1] + (1...15)) },
        Breach("serial.node-and-16-random-octets") { $0.serialNumber = .integer([1] + (1...15)) },
        Breach("serial.node-and-16-random-octets") { $0.serialNumber = .integer([0] + (0x81...0x90)) },
    ]

    static let ofValidity: [Breach] = [
        Breach("validity.utctime-through-2049") { $0.notAfter = .generalizedTime("20261231235959Z") },
        Breach("validity.utctime-through-2049", in: .root) { $0.notAfter = .generalizedTime("20491231235959Z") },
        Breach("validity.time-type", in: .root, implies: ["validity.begins-before-it-ends"]) {
            $0.notAfter = .utf8("20451231235959Z")
        },
        Breach("validity.whole-seconds-zulu", in: .root) { $0.notAfter = .generalizedTime("20501231235959.5Z") },
        Breach("validity.begins-before-it-ends") {
            $0.notBefore = .utcTime("260201000000Z")
            $0.notAfter = .utcTime("260101000000Z")
        },
        Breach("validity.begins-before-it-ends") { $0.notAfter = $0.notBefore },
        Breach("validity.not-before-1970", in: .root) { $0.notBefore = .utcTime("691231235959Z") },
        Breach("validity.end-entity-at-most-3-years") { $0.notAfter = .utcTime("290101000000Z") },
        Breach(
            "validity.within-the-issuer",
            withIssuer: { certificate, issuer in
                certificate.notAfter = .utcTime("261231235959Z")
                issuer.notAfter = .utcTime("261231235958Z")
            }
        ),
    ]

    static let ofPublicKey: [Breach] = [
        Breach("key.accepted") {
            $0.publicKeyInfo = .ellipticKey(curve: "1.3.132.0.35", point: [4] + [UInt8](repeating: 1, count: 132))
        },
        Breach("key.rsa-at-least-2048-bits") {
            $0.publicKeyInfo = .rsaKey(modulus: ForgedCertificate.modulus(octets: 128))
        },
        Breach("key.rsa-at-least-2048-bits") {
            // 2047 bits
            $0.publicKeyInfo = .rsaKey(modulus: [0x7f] + ForgedCertificate.modulus(octets: 255))
        },
        Breach("key.rsa-at-most-8192-bits") {
            $0.publicKeyInfo = .rsaKey(modulus: ForgedCertificate.modulus(octets: 1_025))
        },
        Breach("key.rsa-modulus-odd") {
            $0.publicKeyInfo = .rsaKey(modulus: ForgedCertificate.modulus(octets: 255) + [0x0e])
        },
        Breach("key.rsa-exponent") { $0.putRSA(exponent: [1]) },
        Breach("key.rsa-exponent") { $0.putRSA(exponent: [3]) },
        Breach("key.rsa-exponent") { $0.putRSA(exponent: [0xff, 0xff]) },
        Breach("key.rsa-exponent") { $0.putRSA(exponent: [1, 0, 0]) },
        Breach("key.rsa-exponent") { $0.putRSA(exponent: [1] + [UInt8](repeating: 1, count: 32)) },
    ]
}

extension ForgedCertificate {
    fileprivate mutating func putRSA(exponent: [UInt8]) {
        self.publicKeyInfo = .rsaKey(modulus: Self.modulus(octets: 256), exponent: exponent)
    }
}
