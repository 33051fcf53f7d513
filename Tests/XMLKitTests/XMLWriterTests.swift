import Testing
import XMLKit

@Suite("XML writer")
struct XMLWriterTests {
    @Test("elements nest, empty ones close themselves and absent attributes are left out")
    func shape() {
        var writer = XMLWriter()
        writer.element("a", ["xmlns": "urn:x", "absent": nil]) { writer in
            writer.element("b", text: "one")
            writer.element("c", ["d": "2"])
            writer.element("e", text: "")
            writer.raw("<f/>".utf8)
        }
        #expect(
            String(decoding: writer.octets, as: UTF8.self)
                == #"<a xmlns="urn:x"><b>one</b><c d="2"/><e/><f/></a>"#
        )
    }

    @Test(
        "any value comes back as it went in, in text and in attributes",
        arguments: [
            "plain", "<>&\"'", "]]>", "a\tb\nc", "\r\n", " leading and trailing ", "über 😀", "\u{EFFF}\u{FFFD}",
            "&amp;",
        ]
    )
    func roundTrip(_ value: String) throws {
        var writer = XMLWriter()
        writer.element("a", ["b": value], text: value)
        let root = try XMLDocument(parsing: writer.octets).root
        #expect(root.text == value)
        #expect(root.attribute("b") == value)
    }

    @Test(
        "characters that XML cannot hold become U+FFFD",
        arguments: ["\u{0}", "\u{1}", "\u{8}", "\u{B}", "\u{1F}", "\u{FFFE}", "\u{FFFF}"]
    )
    func impossible(_ character: String) throws {
        var writer = XMLWriter()
        writer.element("a", ["b": "x\(character)y"], text: "x\(character)y")
        let root = try XMLDocument(parsing: writer.octets).root
        #expect(root.text == "x\u{FFFD}y")
        #expect(root.attribute("b") == "x\u{FFFD}y")
    }
}
