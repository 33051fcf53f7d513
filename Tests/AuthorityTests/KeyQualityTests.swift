import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing
import X509Kit

@Suite("Key quality", .timeLimit(.minutes(25)))
struct KeyQualityTests {
    /// Quality comes before proof: the signature of these requests is never looked at.
    private static func rule(_ key: DERElement, _ algorithm: DERElement = ForgedRequest.rsaWithSHA256) -> String? {
        let request = ForgedRequest(publicKeyInfo: key, algorithm: algorithm)
        let error = #expect(throws: EnrollmentError.self) { try CertificationRequestInspector().inspect(request.der) }
        #expect(error?.code == .certificateRequest)
        return error?.rule
    }

    /// Nobody has the private half, so a good key ends at the proof.
    private static let accepted = "request.proof-of-possession"

    /// The modulus of a real key of 2048 bits.
    private static let modulus = Result { () throws -> [UInt8] in
        let info = try PublicKeyInfo(der: try SigningKey.generate(.rsa(bits: 2_048)).publicKeyInfo)
        guard case .rsa(let modulus, _) = info.key else { throw X509Error("not an RSA key") }
        return modulus
    }

    /// An odd multiple of `factor` with so many octets, its top bit set.
    private static func multiple(of factor: UInt32, octets count: Int) -> [UInt8] {
        var octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 151 + 197) | ($0 == 0 ? 0x80 : 0) }
        let remainder = octets.reduce(UInt32(0)) { ($0 << 8 | UInt32($1)) % factor }
        var surplus = factor - remainder
        if (UInt32(octets[count - 1]) + surplus) & 1 == 0 { surplus += factor }
        for index in octets.indices.reversed() {
            surplus += UInt32(octets[index])
            octets[index] = UInt8(surplus & 0xff)
            surplus >>= 8
        }
        return octets
    }

    @Test("a good key passes")
    func good() throws {
        #expect(Self.rule(.rsaKey(modulus: try Self.modulus.get())) == Self.accepted)
    }

    @Test("an RSA key below 2048 bits is refused", arguments: [512, 1_024, 2_040])
    func tooShort(_ bits: Int) throws {
        let key = try SigningKey.generate(.rsa(bits: bits))
        let error = #expect(throws: EnrollmentError.self) {
            try CertificationRequestInspector().inspect(try ForgedRequest(for: key).signed(by: key).der)
        }
        #expect(error?.rule == "key.too-short")
    }

    @Test("an RSA key beyond 8192 bits is refused before anybody computes with it")
    func tooLong() {
        #expect(Self.rule(.rsaKey(modulus: [1] + [UInt8](repeating: 0xff, count: 1_024))) == "key.too-long")
    }

    @Test(
        "an RSA exponent that is even, small or giant is refused",
        arguments: [
            [1], [2], [3], [17], [0xff, 0xff], [1, 0, 0], [1, 0, 2], [1] + [UInt8](repeating: 1, count: 32),
        ] as [[UInt8]]
    )
    func exponent(_ exponent: [UInt8]) throws {
        #expect(Self.rule(.rsaKey(modulus: try Self.modulus.get(), exponent: exponent)) == "key.exponent")
    }

    @Test("other odd exponents pass", arguments: [[1, 0, 1], [1, 0, 3], [UInt8](repeating: 0xff, count: 32)])
    func goodExponent(_ exponent: [UInt8]) throws {
        #expect(Self.rule(.rsaKey(modulus: try Self.modulus.get(), exponent: exponent)) == Self.accepted)
    }

    @Test(
        "an RSA modulus with a small factor is refused, whatever its length",
        arguments: [3, 5, 7, 53, 59, 97, 373, 743, 751] as [UInt32],
        [256, 257, 259, 384]
    )
    func smallFactor(_ factor: UInt32, _ count: Int) {
        #expect(Self.rule(.rsaKey(modulus: Self.multiple(of: factor, octets: count))) == "key.small-factor")
    }

    @Test("an even RSA modulus is refused")
    func even() throws {
        var modulus = try Self.modulus.get()
        modulus[modulus.count - 1] &= 0xfe
        #expect(Self.rule(.rsaKey(modulus: modulus)) == "key.small-factor")
    }

    @Test("an RSA modulus of two primes next to each other is refused")
    func closePrimes() throws {
        let modulus = try #require(
            Hexadecimal.decode(
                """
                aacd6780703d3580536bef1352fb26719b3f2edc788f9ebf4db80bde6d78d7e8\
                dd54403875af7c161cb9ccb0f8f73d079cc0e3724d48fa49674a26c76c5c2027\
                631e3216ad04d51ebb20b8d720baccd08c7a72e2ab6a4f415b41b3af69e92f99\
                b7d5a2282fb773110c7ae9f0d82c0c57794c647b8b79040579fe404058e55c86\
                c5e428e3342e0b6bbdd9fcf39d294041ad51a1223e70063093221c41f5db131e\
                8b7e7ae97ae60b54859f5d6b1137dd1da20018ee7e2dfa4f97cabb83ed70199c\
                333532e5ac8badb6ca310c0807fbdcf6791bc7ba1258f32b824b6053d6a10102\
                75c5782a37549261a3ba67d930518f489ff5969001a9845486fbfa15965fc463
                """
            )
        )
        #expect(Self.rule(.rsaKey(modulus: modulus)) == "key.close-primes")
    }

    @Test("a point off its curve is refused", arguments: [("1.2.840.10045.3.1.7", 32), ("1.3.132.0.34", 48)])
    func offCurve(_ curve: String, _ width: Int) {
        let point = [4] + [UInt8](repeating: 7, count: 2 * width)
        let algorithm = ForgedRequest.ecdsaWithSHA256
        #expect(Self.rule(.ellipticKey(curve: curve, point: point), algorithm) == "key.invalid")
    }

    @Test("curves and algorithms that are not offered are refused")
    func notOffered() {
        let algorithm = ForgedRequest.ecdsaWithSHA256
        let p521 = DERElement.ellipticKey(curve: "1.3.132.0.35", point: [4] + [UInt8](repeating: 1, count: 132))
        #expect(Self.rule(p521, algorithm) == "request.malformed")
        let dsa = DERElement.sequence([.sequence([.identifier("1.2.840.10040.4.1")]), .bitString([2, 1, 1])])
        #expect(Self.rule(dsa, algorithm) == "request.malformed")
    }
}
