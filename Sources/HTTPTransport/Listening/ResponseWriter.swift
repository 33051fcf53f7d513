internal import NIOCore

/// Writes answers as octets: always with a length, never in chunks.
struct ResponseWriter: Sendable {
    private let date = HTTPDate()

    /// Interim answer to a client that waits before it sends its body (RFC 9110 § 15.2.1).
    static let continueLine: StaticString = "HTTP/1.1 100 Continue\r\n\r\n"

    /// Whether an answer of that status to that method has a body on the wire (RFC 9112 § 6.3).
    static func sendsBody(_ status: Int, to method: HTTPMethod?) -> Bool {
        method != .head && status != 204 && status != 304
    }

    /// Writes everything up to the body.
    func writeHead(of response: HTTPResponse, closing: Bool, into buffer: inout ByteBuffer) {
        if response.status == 200 {
            buffer.writeStaticString("HTTP/1.1 200 OK\r\nDate: ")
        } else {
            buffer.writeStaticString("HTTP/1.1 ")
            buffer.writeString(String(response.status))
            buffer.writeStaticString(" ")
            buffer.writeStaticString(StatusLine.phrase(response.status))
            buffer.writeStaticString("\r\nDate: ")
        }
        buffer.writeString(self.date.now)
        // For a 304 the length would be that of the 200 it stands for (RFC 9110 § 8.6).
        if response.status != 204, response.status != 304 {
            buffer.writeStaticString("\r\nContent-Length: ")
            buffer.writeString(String(response.body.count))
        }
        for (name, value) in response.headers where !Self.isOurs(name) {
            buffer.writeStaticString("\r\n")
            buffer.writeString(name)
            buffer.writeStaticString(": ")
            Self.write(value, into: &buffer)
        }
        buffer.writeStaticString(closing ? "\r\nConnection: close\r\n\r\n" : "\r\n\r\n")
    }

    private static func isOurs(_ name: String) -> Bool {
        switch name.utf8.count {
        case 4: name.lowercased() == "date"
        case 10: name.lowercased() == "connection"
        case 14: name.lowercased() == "content-length"
        case 17: name.lowercased() == "transfer-encoding"
        default: false
        }
    }

    /// A line end inside a value would let whoever supplied it write fields, or whole answers, of their own.
    private static func write(_ value: String, into buffer: inout ByteBuffer) {
        if value.utf8.allSatisfy({ $0 >= ASCII.space && $0 != 0x7F }) {
            buffer.writeString(value)
        } else {
            buffer.writeBytes(value.utf8.filter { $0 >= ASCII.space && $0 != 0x7F })
        }
    }
}
