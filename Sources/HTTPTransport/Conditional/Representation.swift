/// Something that is served again and again as it is, such as a CRL, with what caches need to know of it.
///
/// A GET or HEAD is answered with 200, or with 304 when the client has it already (RFC 9110 § 13, RFC 9111).
package struct Representation: Sendable {
    package let contentType: String
    package let body: [UInt8]
    package let entityTag: EntityTag
    /// When it came into being, in seconds since 1970; `nil` to say nothing.
    package let lastModified: Int64?
    /// Until when caches may give it out without asking, in seconds since 1970; `nil` makes them ask each time.
    package let freshUntil: Int64?

    private let lastModifiedText: String?
    private let expiresText: String?

    package init(
        contentType: String,
        body: [UInt8],
        entityTag: EntityTag,
        lastModified: Int64? = nil,
        freshUntil: Int64? = nil
    ) {
        self.contentType = contentType
        self.body = body
        self.entityTag = entityTag
        self.lastModified = lastModified
        self.freshUntil = freshUntil
        self.lastModifiedText = lastModified.map { HTTPDate.text(Int($0)) }
        self.expiresText = freshUntil.map { HTTPDate.text(Int($0)) }
    }

    /// Answers a GET or HEAD.
    ///
    /// - Parameters:
    ///   - request: Whose `If-None-Match` decides or, without one, its `If-Modified-Since` (RFC 9110 § 13.2.2).
    ///   - now: The present second, since 1970.
    /// - Returns: 200 with the whole of it, or 304 without.
    package func answer(to request: HTTPRequest, now: Int64) -> HTTPResponse {
        var headers = [(name: "ETag", value: self.entityTag.text)]
        // Never in the future of this answer's own date (RFC 9110 § 8.8.2.1).
        if let lastModified, let text = self.lastModifiedText {
            headers.append(("Last-Modified", lastModified <= now ? text : HTTPDate.text(Int(now))))
        }
        if let freshUntil, let text = self.expiresText {
            let age = max(0, freshUntil - now)
            headers.append(("Cache-Control", "public, max-age=\(age), must-revalidate, no-transform"))
            headers.append(("Expires", text))
        } else {
            headers.append(("Cache-Control", "public, no-cache, no-transform"))
        }
        guard !self.isHeld(by: request, now: now) else { return HTTPResponse(status: 304, headers: headers) }
        headers.append(("Content-Type", self.contentType))
        return HTTPResponse(status: 200, headers: headers, body: self.body)
    }

    private func isHeld(by request: HTTPRequest, now: Int64) -> Bool {
        guard request.method == .get || request.method == .head else { return false }
        let fields = request.headers.values(of: "If-None-Match")
        guard fields.isEmpty else { return self.entityTag.isNamed(in: fields) }
        guard let lastModified, let text = request.headers["If-Modified-Since"],
            let since = HTTPDate.second(of: text, now: now)
        else { return false }
        return lastModified <= since
    }
}
