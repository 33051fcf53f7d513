/// An answer; the listener adds `Date`, `Content-Length` and, where due, `Connection`.
package struct HTTPResponse: Sendable {
    package var status: Int
    /// Fields beside those that the listener writes; of theirs, ones given here are left out.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// One of very many that went well: its line in the log is for debugging.
    package var isRoutine = false

    package init(status: Int = 200, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package init(status: Int = 200, contentType: String, body: [UInt8]) {
        self.init(status: status, headers: [("Content-Type", contentType)], body: body)
    }

    /// One line for people.
    package static func text(_ status: Int, _ line: String) -> HTTPResponse {
        HTTPResponse(status: status, contentType: "text/plain; charset=utf-8", body: Array((line + "\n").utf8))
    }
}
