import Testing

@testable import XMLKit

@Suite("XML documents")
struct XMLDocumentTests {
    private func parse(_ text: String, limits: XMLLimits = .message) throws(XMLParseError) -> XMLDocument {
        try XMLDocument(parsing: Array(text.utf8), limits: limits)
    }

    @Test("names, namespaces, attributes and text are read without regard to prefixes")
    func reads() throws {
        let root = try self.parse(
            #"<s:a xmlns:s="urn:one" xmlns:t="urn:two" x="1" t:x="2"><b xmlns="urn:two/">text</b><s:c/></s:a>"#
        ).root
        #expect(root.localName == "a")
        #expect(root.namespace == "urn:one")
        #expect(root.matches("a", in: "urn:one"))
        #expect(!root.matches("a", in: "urn:two"))
        #expect(!root.matches("s:a"))
        #expect(root.attribute("x") == "1")
        #expect(root.attribute("x", in: "") == "1")
        #expect(root.attribute("x", in: "urn:two") == "2")
        #expect(root.attribute("y") == nil)
        #expect(root.children.map(\.localName) == ["b", "c"])
        #expect(root.first("b", in: "urn:two") == nil)
        #expect(root.first("b", in: "urn:two", ignoringTrailingSlash: true)?.text == "text")
        #expect(root.first("c", in: "urn:one/", ignoringTrailingSlash: true)?.text == "")
    }

    @Test("an element without a namespace matches the empty namespace only")
    func noNamespace() throws {
        let root = try self.parse("<a/>").root
        #expect(root.namespace == nil)
        #expect(root.matches("a", in: ""))
        #expect(!root.matches("a", in: "urn:one"))
    }

    @Test(
        "text is what was written, with the five entities, references, CDATA and comments resolved",
        arguments: [
            ("<a>one</a>", "one"),
            ("<a> one </a>", " one "),
            ("<a>   </a>", "   "),
            ("<a>&lt;&gt;&amp;&quot;&apos;</a>", "<>&\"'"),
            ("<a>&#65;&#x42;</a>", "AB"),
            ("<a>p<!-- c -->q</a>", "pq"),
            ("<a><![CDATA[<&]]>]</a>", "<&]"),
            ("<a>x&amp; &amp;y</a>", "x& &y"),
            ("<a>one<b/>two</a>", "onetwo"),
            ("<a>\r\n</a>", "\n"),
            ("<a>über 😀</a>", "über 😀"),
        ]
    )
    func text(_ document: String, _ expected: String) throws {
        #expect(try self.parse(document).root.text == expected)
    }

    @Test(
        "what Windows documentation puts ahead of the root is tolerated",
        arguments: [
            "\u{FEFF}<a/>", "\n   <?xml version=\"1.0\"?>\n<a/>", "\u{FEFF}<?xml version='1.0' encoding='utf-8'?><a/>",
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?><a/>", "<!-- hello --><a/>\n<!-- bye -->\n",
        ]
    )
    func tolerated(_ document: String) throws {
        #expect(try self.parse(document).root.localName == "a")
    }

    @Test(
        "hostile or broken documents are refused for the right reason",
        arguments: [
            ("", .empty),
            (" \n ", .empty),
            ("\u{FEFF}", .empty),
            ("<!DOCTYPE a><a/>", .documentType),
            ("<?xml version=\"1.0\"?>\n<!DOCTYPE a SYSTEM \"http://127.0.0.1/x.dtd\"><a/>", .documentType),
            ("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><a>&x;</a>", .documentType),
            ("<!DOCTYPE a [<!ENTITY x \"ha\"><!ENTITY y \"&x;&x;&x;&x;\">]><a>&y;</a>", .documentType),
            ("<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://127.0.0.1/p\"> %p;]><a/>", .documentType),
            ("<!-- c --> <!DOCTYPE a><a/>", .documentType),
            ("<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>", .declaredEncoding),
            ("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", .declaredEncoding),
            ("<?xml version = \"1.0\" encoding = \"utf-7\" ?><a/>", .declaredEncoding),
            ("<?php echo ?><a/>", .processingInstruction),
            ("<a><?xml-stylesheet href='x'?></a>", .processingInstruction),
            ("<a\u{0}/>", .containsNUL),
        ] as [(String, XMLParseError.Reason)]
    )
    func refused(_ document: String, _ reason: XMLParseError.Reason) {
        let error = #expect(throws: XMLParseError.self) { try self.parse(document) }
        #expect(error?.reason == reason)
    }

    @Test(
        "documents that are not well formed are refused",
        arguments: [
            "a", "<a>", "<a/><b/>", "<a></b>", "<a b=1/>", "<a b='1' b='2'/>", "<a b='1'c='2'/>", "<a b/>",
            "<a b='<'/>",
            "<p:a/>", "<a p:b='1'/>", "<a>&nbsp;</a>", "<a>&#0;</a>", "<a>&#x1F;</a>", "<a>&#xD800;</a>", "<a>&</a>",
            "<a>]]></a>", "<a>\u{1}</a>", "<a>\u{FFFE}</a>", "<a", "<a b='", "<a><!-- </a>", "<a><![CDATA[ </a>",
            "<!ENTITY x 'y'><a/>", "<a><!DOCTYPE b></a>", "</a>", "<a/>x", "<a xmlns:p=''/>", "<",
            "<?xml version='1.0'",
            "<a \"='\"/>", "<!DOCTYPE a", "<a xmlns:xmlns='urn:x'/>",
        ]
    )
    func malformed(_ document: String) {
        let error = #expect(throws: XMLParseError.self) { try self.parse(document) }
        guard let reason = error?.reason else { return }
        switch reason {
        case .malformed, .documentType: break
        default: Issue.record("unexpected reason \(reason)")
        }
    }

    @Test(
        "octets that are not UTF-8 are refused",
        arguments: [
            [0xFF, 0xFE, 0x3C, 0x00, 0x61, 0x00, 0x2F, 0x00, 0x3E, 0x00],
            [0xFE, 0xFF, 0x00, 0x3C, 0x00, 0x61, 0x00, 0x2F, 0x00, 0x3E],
            [0x3C, 0x00, 0x61, 0x00, 0x2F, 0x00, 0x3E, 0x00],
            [0xFF, 0xFE, 0x3C, 0x61, 0x2F, 0x3E],
            // Overlong forms of "/" and "<".
            [0x3C, 0x61, 0x3E, 0xC0, 0xAF, 0x3C, 0x2F, 0x61, 0x3E],
            [0x3C, 0x61, 0x3E, 0xE0, 0x80, 0xBC, 0x3C, 0x2F, 0x61, 0x3E],
            // A surrogate, a value beyond U+10FFFF, a lone continuation, a cut sequence.
            [0x3C, 0x61, 0x3E, 0xED, 0xA0, 0x80, 0x3C, 0x2F, 0x61, 0x3E],
            [0x3C, 0x61, 0x3E, 0xF4, 0x90, 0x80, 0x80, 0x3C, 0x2F, 0x61, 0x3E],
            [0x3C, 0x61, 0x3E, 0x80, 0x3C, 0x2F, 0x61, 0x3E],
            [0x3C, 0x61, 0x3E, 0xE2, 0x82],
        ] as [[UInt8]]
    )
    func encoding(_ octets: [UInt8]) {
        let error = #expect(throws: XMLParseError.self) { try XMLDocument(parsing: octets) }
        #expect(error?.reason == .notUTF8 || error?.reason == .containsNUL)
    }

    @Test("each limit accepts its last value and refuses the next")
    func limits() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth - 1) + "<a/>" + String(repeating: "</a>", count: depth - 1)
        }
        func attributes(_ count: Int) -> String {
            "<a " + (0..<count).map { "b\($0)=''" }.joined(separator: " ") + "/>"
        }
        func namespaces(_ count: Int) -> String {
            "<a>" + (0..<count).map { "<b xmlns='urn:\($0)'/>" }.joined() + "</a>"
        }
        func nodes(_ count: Int) -> String {
            "<a>" + String(repeating: "<b/>", count: count - 1) + "</a>"
        }
        let limits = XMLLimits.message
        let table: [((Int) -> String, Int, XMLParseError.Reason)] = [
            (nested, limits.depth, .tooDeep),
            (attributes, limits.attributesPerElement, .tooManyAttributes),
            (namespaces, limits.namespaces, .tooManyNamespaces),
            (nodes, limits.nodes, .tooManyNodes),
            ({ "<a>" + String(repeating: "x", count: $0 - 7) + "</a>" }, limits.octets, .tooLarge),
        ]
        for (make, limit, reason) in table {
            _ = try self.parse(make(limit))
            let error = #expect(throws: XMLParseError.self) { try self.parse(make(limit + 1)) }
            #expect(error?.reason == reason)
        }
    }

    @Test("bombs of attributes, depth and names end at the limit instead of in quadratic work")
    func bombs() {
        let bombs = [
            "<a " + (0..<80_000).map { "b\($0)=''" }.joined(separator: " ") + "/>",
            "<a " + (0..<30_000).map { "xmlns:b\($0)='urn:x'" }.joined(separator: " ") + "/>",
            String(repeating: "<a>", count: 150_000),
            "<a>" + String(repeating: "<b/>", count: 120_000) + "</a>",
            "<" + String(repeating: "a", count: 500_000) + "/>",
        ]
        for bomb in bombs {
            #expect(throws: XMLParseError.self) { try self.parse(bomb) }
        }
    }

    @Test("the parser itself stops at a document type declaration, before it reads what that declares")
    func secondLine() {
        let document = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><a>&x;</a>"
        let error = #expect(throws: XMLParseError.self) { try TreeBuilder.build(Array(document.utf8)[...]) }
        #expect(error?.reason == .documentType)
    }

    @Test("an error names the line and nothing of the content")
    func quiet() throws {
        let error = try #require(throws: XMLParseError.self) {
            try self.parse("<a>\n<Password>se&cret;word</Password>\n</a>")
        }
        #expect(error.line == 2)
        for text in [String(describing: error), String(reflecting: error)] {
            #expect(!text.contains("cret") && !text.contains("word"))
        }
    }

    @Test("documents parse on many tasks at once")
    func concurrent() async throws {
        let octets = Array("<a xmlns='urn:x'><b c='d'>e</b></a>".utf8)
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    for _ in 0..<100 { _ = try XMLDocument(parsing: octets) }
                    return try XMLDocument(parsing: octets).root.first("b", in: "urn:x")?.text ?? ""
                }
            }
            for try await text in group { #expect(text == "e") }
        }
    }
}
