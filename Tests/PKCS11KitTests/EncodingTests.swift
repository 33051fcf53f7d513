import OpenSSLKit
import Testing

@testable import PKCS11Kit

@Suite("What tokens give, in DER")
struct EncodingTests {
    @Test(
        "a signature's numbers lose their zeros and stay positive",
        arguments: [
            ([UInt8(0x00), 0x01], [UInt8(0x30), 0x06, 0x02, 0x01, 0x00, 0x02, 0x01, 0x01]),
            ([0x80, 0x7F], [0x30, 0x07, 0x02, 0x02, 0x00, 0x80, 0x02, 0x01, 0x7F]),
            ([0x00, 0x80, 0x00, 0x00], [0x30, 0x07, 0x02, 0x02, 0x00, 0x80, 0x02, 0x01, 0x00]),
        ]
    )
    func signature(raw: [UInt8], der: [UInt8]) throws {
        #expect(try SignatureEncoding.der(ofRaw: raw) == der)
    }

    @Test("a signature of no or of an odd number of octets is none", arguments: [0, 1, 63])
    func oddSignature(_ count: Int) {
        #expect(throws: PKCS11Error.self) { try SignatureEncoding.der(ofRaw: [UInt8](repeating: 1, count: count)) }
    }

    @Test("a point is taken wrapped, as the standard has it, or bare, and gives the library's own encoding")
    func points() throws {
        for (type, oid) in [(KeyType.ecdsaP256, PublicKeyEncoding.p256), (.ecdsaP384, PublicKeyEncoding.p384)] {
            let info = try SigningKey.generate(type).publicKeyInfo
            let bare = Array(info.suffix(type == .ecdsaP256 ? 65 : 97))
            let wrapped = [0x04, UInt8(bare.count)] + bare
            #expect(PublicKeyEncoding.elliptic(parameters: oid, point: bare)?.info == info)
            #expect(PublicKeyEncoding.elliptic(parameters: oid, point: wrapped)?.info == info)
            #expect(PublicKeyEncoding.elliptic(parameters: oid, point: bare.dropLast() + []) == nil)
            #expect(PublicKeyEncoding.elliptic(parameters: oid, point: [0x02] + bare.dropFirst()) == nil)
            #expect(PublicKeyEncoding.elliptic(parameters: [0x06, 0x01, 0x00], point: bare) == nil)
        }
        let info = try SigningKey.generate(.ed25519).publicKeyInfo
        let bare = Array(info.suffix(32))
        for oid in [PublicKeyEncoding.ed25519, PublicKeyEncoding.edwards25519] {
            #expect(PublicKeyEncoding.edwards(parameters: oid, point: bare)?.info == info)
            #expect(PublicKeyEncoding.edwards(parameters: oid, point: [0x04, 0x20] + bare)?.info == info)
        }
    }

    @Test(
        "an RSA key's numbers give the library's own encoding, with leading zeros or without",
        arguments: [2_048, 3_072]
    )
    func modulus(_ bits: Int) throws {
        let info = try SigningKey.generate(.rsa(bits: bits)).publicKeyInfo
        // SEQUENCE { INTEGER modulus, INTEGER 65537 } ends the encoding.
        let modulus = Array(info.dropLast(5).suffix(bits / 8))
        for digits in [modulus, [0, 0] + modulus] {
            let key = PublicKeyEncoding.rsa(modulus: digits, exponent: [0, 1, 0, 1])
            #expect(key?.info == info)
            #expect(key?.kind == .rsa(bits: bits))
        }
        #expect(PublicKeyEncoding.rsa(modulus: [0], exponent: [1, 0, 1]) == nil)
    }

    @Test(
        "a code of the standard has its name, another its number",
        arguments: [
            (UInt(0x32), "CKR_DEVICE_REMOVED", PKCS11Error.Kind.away), (0xA0, "CKR_PIN_INCORRECT", .pin),
            (0x70, "CKR_MECHANISM_INVALID", .unsupported), (0xB1, "CKR_SESSION_COUNT", .busy),
            (0x8000_0007, "CKR 0x80000007", .refused),
        ]
    )
    func codes(value: UInt, name: String, kind: PKCS11Error.Kind) {
        let error = PKCS11Error(ReturnCode(value: value), during: "C_Sign")
        #expect(error.code == name)
        #expect(error.kind == kind)
        #expect("\(error)".hasSuffix("(\(name))"))
    }
}
