import NIOCore
import Testing

@testable import HTTPTransport

@Suite("Response writer")
struct ResponseWriterTests {
    private static func head(_ response: HTTPResponse, closing: Bool = false) -> [String] {
        var buffer = ByteBuffer()
        ResponseWriter().writeHead(of: response, closing: closing, into: &buffer)
        return String(buffer: buffer).split(separator: "\r\n").map(String.init)
    }

    @Test("a line end inside a value does not start another field")
    func injection() {
        let response = HTTPResponse(status: 302, headers: [("Location", "/a\r\nSet-Cookie: b\u{0}\n\nbody")])
        let lines = Self.head(response)
        #expect(lines.first == "HTTP/1.1 302 Found")
        #expect(lines.last == "Location: /aSet-Cookie: bbody")
    }

    @Test("fields that decide about framing are the listener's alone")
    func ownFields() {
        let theirs = ["content-length", "Transfer-Encoding", "CONNECTION", "Date"].map { ($0, "1") }
        let lines = Self.head(HTTPResponse(headers: theirs + [("X-Own", "1")], body: [1, 2]), closing: true)
        #expect(lines.count == 5)
        #expect(lines[2...] == ["Content-Length: 2", "X-Own: 1", "Connection: close"])
    }

    @Test("an answer without content has no length, one without a body has length 0")
    func lengths() {
        #expect(!Self.head(HTTPResponse(status: 204)).contains { $0.hasPrefix("Content-Length") })
        #expect(!Self.head(HTTPResponse(status: 304)).contains { $0.hasPrefix("Content-Length") })
        #expect(Self.head(HTTPResponse()).contains("Content-Length: 0"))
    }

    @Test(
        "dates are written as RFC 9110 writes them",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (1_709_209_800, "Thu, 29 Feb 2024 12:30:00 GMT"),
        ]
    )
    func dates(second: Int, text: String) {
        #expect(HTTPDate.text(second) == text)
    }
}
