import OpenSSLKit
import Testing

@Suite("Base64")
struct Base64Tests {
    @Test(
        "is written and read as RFC 4648 § 10 shows",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ]
    )
    func vectors(plain: String, text: String) {
        #expect(Base64.encode(Array(plain.utf8)) == text)
        #expect(Base64.decode(text) == Array(plain.utf8))
        let bare = String(text.prefix { $0 != "=" })
        #expect(Base64.decode(bare) == Array(plain.utf8))
        #expect(Base64.encodeForURL(Array(plain.utf8)) == bare)
        #expect(Base64.decodeForURL(bare) == Array(plain.utf8))
    }

    @Test("has two symbols of its own for addresses")
    func symbols() {
        #expect(Base64.encode([0xfb, 0xff, 0xfe]) == "+//+")
        #expect(Base64.encodeForURL([0xfb, 0xff, 0xfe]) == "-__-")
        #expect(Base64.decodeForURL("-__-") == [0xfb, 0xff, 0xfe])
        #expect(Base64.decodeForURL("+//+") == nil)
        #expect(Base64.decode("-__-") == nil)
    }

    @Test("every octet string comes back", arguments: 0...67)
    func roundTrip(count: Int) {
        let octets = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ count) }
        #expect(Base64.decode(Base64.encode(octets)) == octets)
        #expect(Base64.decodeForURL(Base64.encodeForURL(octets)) == octets)
    }

    @Test(
        "is refused where it could be written in another way, or is none",
        arguments: ["Z", "Zg=", "Zg===", "Zm9v=", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n", "====", "=", "Zm9vZ", "Zö=="]
    )
    func refused(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    @Test("for addresses has no padding")
    func noPadding() {
        #expect(Base64.decodeForURL("Zg==") == nil)
    }
}
