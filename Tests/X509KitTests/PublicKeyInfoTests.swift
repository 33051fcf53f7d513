import EnrollmentTestKit
import Testing
import X509Kit

/// Keys as the table below needs them.
private enum KeyForm {
    static let modulus = ForgedCertificate.modulus(octets: 256)
    static let p256 = "1.2.840.10045.3.1.7"

    static func rsa(_ numbers: [DERElement], parameters: [DERElement] = [.null]) -> DERElement {
        let algorithm = DERElement.sequence([.identifier("1.2.840.113549.1.1.1")] + parameters)
        return .sequence([algorithm, .bitString(DERElement.sequence(numbers).octets)])
    }

    static func ed25519(_ octets: [UInt8], parameters: [DERElement] = []) -> DERElement {
        .sequence([.sequence([.identifier("1.3.101.112")] + parameters), .bitString(octets)])
    }
}

@Suite("Public key info")
struct PublicKeyInfoTests {
    @Test("an RSA key is read as its two numbers")
    func rsa() throws {
        let key = try PublicKeyInfo(der: DERElement.rsaKey(modulus: KeyForm.modulus).octets)
        #expect(key.key == .rsa(modulus: KeyForm.modulus, exponent: [1, 0, 1]))
    }

    @Test("an elliptic-curve key is read as its point", arguments: [(KeyForm.p256, 32), ("1.3.132.0.34", 48)])
    func elliptic(_ curve: String, _ width: Int) throws {
        let point = [4] + [UInt8](repeating: 7, count: 2 * width)
        let element = DERElement.ellipticKey(curve: curve, point: point)
        let key = try PublicKeyInfo(der: element.octets)
        #expect(key.key == .elliptic(width == 32 ? .p256 : .p384, point: point))
        #expect(key.keyBits == point)
        #expect(key.der == element.octets)
    }

    @Test("an Ed25519 key is read as its octets")
    func edwards() throws {
        let octets = [UInt8](0..<32)
        #expect(try PublicKeyInfo(der: KeyForm.ed25519(octets).octets).key == .ed25519(octets))
    }

    @Test(
        "a key of another kind or form is refused",
        arguments: [
            ("RSA without parameters", KeyForm.rsa([.positive(KeyForm.modulus), .integer([3])], parameters: [])),
            ("RSA-PSS", .sequence([.sequence([.identifier("1.2.840.113549.1.1.10")]), .bitString([0])])),
            ("RSA with surplus numbers", KeyForm.rsa([.positive(KeyForm.modulus), .integer([3]), .integer([3])])),
            ("RSA without an exponent", KeyForm.rsa([.positive(KeyForm.modulus)])),
            ("a negative modulus", KeyForm.rsa([.integer(KeyForm.modulus), .integer([3])])),
            ("a zero modulus", KeyForm.rsa([.integer([0]), .integer([3])])),
            ("an empty modulus", KeyForm.rsa([.integer([]), .integer([3])])),
            ("a padded modulus", KeyForm.rsa([.integer([0, 0] + KeyForm.modulus), .integer([3])])),
            ("a padded exponent", KeyForm.rsa([.positive(KeyForm.modulus), .integer([0, 3])])),
            ("P-521", .ellipticKey(curve: "1.3.132.0.35", point: [4] + [UInt8](repeating: 1, count: 132))),
            ("secp256k1", .ellipticKey(curve: "1.3.132.0.10", point: [4] + [UInt8](repeating: 1, count: 64))),
            ("a compressed point", .ellipticKey(curve: KeyForm.p256, point: [2] + [UInt8](repeating: 1, count: 32))),
            ("a hybrid point", .ellipticKey(curve: KeyForm.p256, point: [6] + [UInt8](repeating: 1, count: 64))),
            ("a short point", .ellipticKey(curve: KeyForm.p256, point: [4] + [UInt8](repeating: 1, count: 63))),
            ("a long point", .ellipticKey(curve: KeyForm.p256, point: [4] + [UInt8](repeating: 1, count: 65))),
            ("the point at infinity", .ellipticKey(curve: KeyForm.p256, point: [0])),
            ("no point", .ellipticKey(curve: KeyForm.p256, point: [])),
            ("no curve", .sequence([.sequence([.identifier("1.2.840.10045.2.1")]), .bitString([4])])),
            (
                "an explicit curve",
                .sequence([
                    .sequence([.identifier("1.2.840.10045.2.1"), .sequence([.integer([1])])]),
                    .bitString([4] + [UInt8](repeating: 1, count: 64)),
                ])
            ),
            ("a short Ed25519 key", KeyForm.ed25519([UInt8](0..<31))),
            ("Ed25519 with parameters", KeyForm.ed25519([UInt8](0..<32), parameters: [.null])),
            ("X25519", .sequence([.sequence([.identifier("1.3.101.110")]), .bitString([UInt8](0..<32))])),
            ("nothing", .sequence([])), ("no key", .sequence([.sequence([.identifier("1.3.101.112")])])),
            (
                "bits that are no octets",
                .sequence([.sequence([.identifier("1.3.101.112")]), .bitString([UInt8](1...31) + [0x10], unused: 4)])
            ),
            (
                "a surplus element",
                .sequence([.sequence([.identifier("1.3.101.112")]), .bitString([UInt8](0..<32)), .null])
            ),
        ] as [(String, DERElement)]
    )
    func refusal(_ what: String, _ element: DERElement) {
        #expect(throws: X509Error.self) { try PublicKeyInfo(der: element.octets) }
    }

    @Test("octets after the key are refused")
    func trailing() {
        #expect(throws: X509Error.self) { try PublicKeyInfo(der: KeyForm.ed25519([UInt8](0..<32)).octets + [0]) }
    }
}
