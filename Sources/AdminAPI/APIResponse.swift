package import EnrollmentCore

/// An answer of the admin interface; never to be kept by anything in between.
package struct APIResponse: Sendable {
    package var status: Int
    /// In the order in which they are sent; `Cache-Control: no-store` is among them.
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]
    /// What was behind a 5xx, for the log.
    package var cause: EnrollmentError?
    /// Who asked, where that was settled, for the log.
    package var caller: String?

    private static let uncached = (name: "Cache-Control", value: "no-store")

    package init(status: Int = 200, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers + [Self.uncached]
        self.body = body
    }

    package static func json(_ body: [UInt8], status: Int = 200) -> APIResponse {
        APIResponse(status: status, headers: [("Content-Type", "application/json")], body: body)
    }
}
