internal import CCurl

/// Asks HTTP servers, one request after the other, blocking until each answer is complete.
///
/// Not for two threads at once, which is why it is not `Sendable`; and not for a thread of the cooperative pool, because
/// it blocks. HTTP/1.1 only; redirects are reported, never followed. ``CurlMulti`` does many requests at once.
public final class CurlSession {
    private let handle: EasyHandle

    /// - Throws: ``CurlError`` when an option is not one libcurl takes.
    public init(_ options: CurlOptions = CurlOptions()) throws(CurlError) {
        self.handle = try EasyHandle(options)
    }

    /// Sends `request` and waits for its answer.
    ///
    /// - Returns: The answer, whatever its status says.
    /// - Throws: ``CurlError`` when there is no complete answer.
    public func perform(_ request: CurlRequest) throws(CurlError) -> CurlResponse {
        try self.handle.begin(request)
        return try self.handle.end(curl_easy_perform(self.handle.pointer)).get()
    }
}
