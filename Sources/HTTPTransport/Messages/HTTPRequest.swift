package import TLSTransport

/// One request, complete and well framed, and who sent it.
package struct HTTPRequest: Sendable {
    package var method: HTTPMethod
    /// Percent-decoded, absolute, without dot segments; never to be used to build addresses for clients.
    package var path: String
    /// What followed `?`, as sent.
    package var query: String?
    package var headers: HTTPHeaders
    package var body: [UInt8]
    /// The other end's address, without port.
    package var remoteAddress: String
    /// Sixteen hexadecimal digits, on each log line about this request.
    package var requestID: String
    package var clientCertificate: PresentedCertificate
    package var isTLS: Bool

    package init(
        method: HTTPMethod,
        path: String,
        query: String? = nil,
        headers: HTTPHeaders = HTTPHeaders(),
        body: [UInt8] = [],
        remoteAddress: String = "",
        requestID: String = "",
        clientCertificate: PresentedCertificate = .none,
        isTLS: Bool = false
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.remoteAddress = remoteAddress
        self.requestID = requestID
        self.clientCertificate = clientCertificate
        self.isTLS = isTLS
    }
}
