import Testing

@testable import HTTPTransport

@Suite("Representation")
struct RepresentationTests {
    /// Sun, 06 Nov 1994 08:49:37 GMT.
    private static let made: Int64 = 784_111_777
    private static let tag = EntityTag(digest: [0xAB, 0x01, 0xFF])
    private static let representation = Representation(
        contentType: "application/pkix-crl",
        body: Array("crl".utf8),
        entityTag: tag,
        lastModified: made,
        freshUntil: made + 3_600
    )

    private static func answer(
        _ fields: [(name: String, value: String)],
        method: HTTPMethod = .get,
        now: Int64 = made + 60
    ) -> HTTPResponse {
        self.representation.answer(
            to: HTTPRequest(method: method, path: "/", headers: HTTPHeaders(fields)),
            now: now
        )
    }

    private static func value(_ name: String, of response: HTTPResponse) -> String? {
        response.headers.first { $0.name == name }?.value
    }

    @Test("a tag is the beginning of a digest, in quotes")
    func tag() {
        #expect(Self.tag.text == "\"ab01ff\"")
        #expect(EntityTag(digest: [UInt8](repeating: 0x5A, count: 64)).text.utf8.count == 34)
    }

    @Test("the whole of it comes with what caches need to know")
    func whole() {
        let response = Self.answer([])
        #expect(response.status == 200)
        #expect(response.body == Array("crl".utf8))
        #expect(Self.value("ETag", of: response) == "\"ab01ff\"")
        #expect(Self.value("Last-Modified", of: response) == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(Self.value("Expires", of: response) == "Sun, 06 Nov 1994 09:49:37 GMT")
        #expect(
            Self.value("Cache-Control", of: response) == "public, max-age=3540, must-revalidate, no-transform"
        )
        #expect(Self.value("Content-Type", of: response) == "application/pkix-crl")
    }

    @Test("once it is stale, and where it never is fresh, caches have to ask")
    func stale() {
        let late = Self.answer([], now: Self.made + 7_200)
        #expect(Self.value("Cache-Control", of: late) == "public, max-age=0, must-revalidate, no-transform")
        let representation = Representation(contentType: "text/plain", body: [], entityTag: Self.tag)
        let response = representation.answer(to: HTTPRequest(method: .get, path: "/"), now: 0)
        #expect(Self.value("Cache-Control", of: response) == "public, no-cache, no-transform")
        #expect(Self.value("Expires", of: response) == nil)
        #expect(Self.value("Last-Modified", of: response) == nil)
    }

    @Test("nothing was last modified after its answer was sent")
    func future() {
        let response = Self.answer([], now: Self.made - 37)
        #expect(Self.value("Last-Modified", of: response) == "Sun, 06 Nov 1994 08:49:00 GMT")
    }

    @Test(
        "who has it already is told so without it",
        arguments: [
            ["\"ab01ff\""], ["W/\"ab01ff\""], ["*"], ["\"x\", \"ab01ff\""], ["\"a,b\" ,, W/\"ab01ff\",\"c\""],
            ["\"x\"", "\"ab01ff\""], ["\"\", \"ab01ff\""],
        ]
    )
    func matches(_ fields: [String]) {
        for method in [HTTPMethod.get, .head] {
            let response = Self.answer(fields.map { ("if-none-match", $0) }, method: method)
            #expect(response.status == 304)
            #expect(response.body.isEmpty)
            #expect(Self.value("ETag", of: response) == "\"ab01ff\"")
            #expect(Self.value("Cache-Control", of: response) != nil)
            #expect(Self.value("Expires", of: response) != nil)
            #expect(Self.value("Content-Type", of: response) == nil)
        }
    }

    @Test(
        "a tag of another representation, and what is no list of tags, gets the whole of it",
        arguments: [
            ["\"AB01FF\""], ["\"ab01f\""], ["ab01ff"], ["\"ab01ff"], ["ab01ff\""], ["w/\"ab01ff\""], ["*, \"x\""],
            ["\"x\" \"ab01ff\""], ["\"ab01ff\" x"], ["W/"], ["\""], [""], ["\"\u{7F}\", \"ab01ff\""], ["*", "*"],
        ]
    )
    func differs(_ fields: [String]) {
        // With a date that alone would have been a match: the tags decide, since they are there.
        let date = (name: "If-Modified-Since", value: "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(Self.answer([date]).status == 304)
        #expect(Self.answer(fields.map { ("If-None-Match", $0) } + [date]).status == 200)
    }

    @Test(
        "a date decides where there is no tag, in each of its three forms",
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 304), ("Sunday, 06-Nov-94 08:49:37 GMT", 304),
            ("Sun Nov  6 08:49:37 1994", 304), ("Sun, 06 Nov 1994 08:49:36 GMT", 200),
            ("Mon, 07 Nov 1994 00:00:00 GMT", 304), ("Sun, 6 Nov 1994 08:49:37 GMT", 200), ("soon", 200), ("", 200),
            ("Sun, 06 Nov 1994 08:49:37 +0000", 200), ("784111777", 200),
        ]
    )
    func since(date: String, status: Int) {
        #expect(Self.answer([("If-Modified-Since", date)]).status == status)
    }

    @Test("conditions are for GET and HEAD alone")
    func otherMethod() {
        #expect(Self.answer([("If-None-Match", "*")], method: .post).status == 200)
        let date = (name: "If-Modified-Since", value: "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(Self.answer([date], method: .post).status == 200)
    }

    @Test(
        "dates are read in three forms and in no other",
        arguments: [
            ("Thu, 29 Feb 2024 12:30:00 GMT", 1_709_209_800), ("Thu Feb 29 12:30:00 2024", 1_709_209_800),
            ("Thursday, 29-Feb-24 12:30:00 GMT", 1_709_209_800), ("Wed, 29 Feb 2023 12:30:00 GMT", nil),
            ("Thu, 31 Apr 2024 12:30:00 GMT", nil), ("Thu, 29 Feb 2024 24:30:00 GMT", nil),
            ("Thu, 29 Feb 2024 12:60:00 GMT", nil), ("Thu, 29 feb 2024 12:30:00 GMT", nil),
            ("Thu, 29 Feb 2024 12:30:00 UTC", nil), (" Thu, 29 Feb 2024 12:30:00 GMT", nil),
            ("Thu, 00 Feb 2024 12:30:00 GMT", nil), ("Thu, 29-Feb-24 12:30:00 GMT", nil),
            // Of 2024's point of view: 74 is ahead, 75 is too far ahead.
            ("Tuesday, 01-Jan-74 00:00:00 GMT", 3_281_990_400), ("Wednesday, 01-Jan-75 00:00:00 GMT", 157_766_400),
        ]
    )
    func dates(text: String, second: Int64?) {
        #expect(HTTPDate.second(of: text, now: 1_709_209_800) == second)
    }
}
