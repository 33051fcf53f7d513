import Testing

@testable import EnrollmentWire

@Suite("Text and encodings")
struct WireTextTests {
    @Test(
        "white space around values goes, inside it stays",
        arguments: [("a", "a"), (" a b\r\n", "a b"), ("\t\n ", ""), ("", ""), ("ü ", "ü"), ("\u{A0}a", "\u{A0}a")]
    )
    func trims(_ text: String, _ expected: String) {
        #expect(WireText.trimmed(text) == expected)
    }

    @Test(
        "a password loses only surrounding white space that holds a line break",
        arguments: [
            ("secret", "secret"), ("secret\n", "secret"), ("\n    secret\n  ", "secret"), (" secret ", " secret "),
            (" secret\n ", " secret"), ("\n secret ", "secret "), ("se\ncret", "se\ncret"), ("\n  \n", ""),
            ("   ", "   "), ("", ""), ("\r\nsecret\r", "secret"),
        ]
    )
    func passwords(_ text: String, _ expected: String) {
        #expect(WireText.withoutLayout(text) == expected)
    }

    @Test(
        "base64 of every length comes back, broken over lines or not",
        arguments: [0, 1, 2, 3, 4, 5, 47, 48, 49, 255, 256, 1000]
    )
    func base64(_ count: Int) {
        let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37) }
        let symbols = Base64.encode(octets)
        #expect(symbols.count == (count + 2) / 3 * 4)
        #expect(Base64.decode(symbols[...]) == octets)
        let broken = symbols.flatMap { [$0, UInt8(ascii: "\r"), UInt8(ascii: "\n"), UInt8(ascii: " ")] }
        #expect(Base64.decode(broken[...]) == octets)
    }

    @Test("base64 is the alphabet of RFC 4648", arguments: [("foobar", "Zm9vYmFy"), ("fo", "Zm8="), ("f", "Zg==")])
    func vectors(_ text: String, _ expected: String) {
        #expect(String(decoding: Base64.encode(Array(text.utf8)), as: UTF8.self) == expected)
        #expect(Base64.encode([0xFB, 0xFF, 0xFE]) == Array("+//+".utf8))
    }

    @Test(
        "anything but one spelling of octets is refused",
        arguments: ["A", "AA", "AAA", "AA=", "AAA==", "=", "====", "AA==AA==", "AB==", "AAB=", "A-_A", "AAAA.", "ÄAAA"]
    )
    func refuses(_ text: String) {
        #expect(Base64.decode(Array(text.utf8)[...]) == nil)
    }
}
