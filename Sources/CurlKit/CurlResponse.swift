/// A complete answer and how long its parts took.
public struct CurlResponse: Sendable {
    /// Times since the request began, in microseconds.
    public struct Timings: Hashable, Sendable {
        /// When the TCP connection stood; 0 on a connection that was there already.
        public let connected: Int
        /// When the TLS handshake was over; 0 without TLS and on a connection that was there already.
        public let secured: Int
        /// When the last octet had arrived.
        public let total: Int
    }

    public let status: Int
    /// As received, in order; of several heads (a proxy's, an interim answer's) the last.
    public let headers: [CurlHeader]
    public let body: [UInt8]
    /// Whether there was more of the body; see ``CurlOptions/cutsLargeResponses``.
    public let isCut: Bool
    public let timings: Timings
    /// Whether this request opened a connection of its own.
    public let openedConnection: Bool
    /// OpenSSL's verdict on the server's certificate, 0 when it is good.
    ///
    /// Other values (`openssl-verification-options(1)`) are seen only in a session that does not verify.
    public let verifyResult: Int

    /// The values of every line with that name, whatever its case.
    public func values(of name: String) -> [String] {
        self.headers.compactMap { $0.name.lowercased() == name.lowercased() ? $0.value : nil }
    }
}
