import Testing

@testable import EnrollmentCore

@Suite("Octets as text")
struct HexadecimalTests {
    @Test("in hexadecimal are read back in either case, every octet")
    func roundTrip() {
        let octets = [UInt8](0...255)
        let text = Hexadecimal.encode(octets)
        #expect(text.count == 512)
        #expect(text.hasPrefix("000102") && text.hasSuffix("fdfeff"))
        #expect(Hexadecimal.decode(text) == octets)
        #expect(Hexadecimal.decode(text.uppercased()) == octets)
        #expect(Hexadecimal.decode("") == [])
    }

    @Test(
        "that are not hexadecimal pairs are none",
        arguments: ["0", "abc", "0g", "g0", "0x10", " 00", "00 ", "０0", "é"]
    )
    func refuses(text: String) {
        #expect(Hexadecimal.decode(text) == nil)
    }

    // RFC 4648 § 10.
    @Test(
        "in Base64 are padded as the standard's own examples",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ]
    )
    func base64(text: String, encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
    }

    @Test("in Base64 use the last two symbols of the standard alphabet")
    func base64Alphabet() {
        #expect(Base64.encode([0xfb, 0xff, 0xfe]) == "+//+")
    }
}
