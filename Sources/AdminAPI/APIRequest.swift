package import EnrollmentCore

/// One request to the admin interface, whatever brought it here.
package struct APIRequest: Sendable {
    /// As sent: `GET`.
    package let method: String
    /// Percent-decoded.
    package let path: String
    /// What followed `?`, as sent.
    package let query: String?
    package let body: [UInt8]
    /// The other end's address, without port.
    package let sourceAddress: String
    /// Names the request in log lines and in problems.
    package let requestID: String
    package let now: Timestamp
    /// What is looked at for some requests only.
    package let facts: any RequestFacts

    package init(
        method: String,
        path: String,
        query: String?,
        body: [UInt8],
        sourceAddress: String,
        requestID: String,
        now: Timestamp,
        facts: any RequestFacts
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.body = body
        self.sourceAddress = sourceAddress
        self.requestID = requestID
        self.now = now
        self.facts = facts
    }
}

/// What a request brought along besides its first line; asked for when it is needed.
package protocol RequestFacts: Sendable {
    /// The values of all fields of that name, in order.
    func values(of header: String) -> [String]

    /// The certificate in DER of which the caller proved the key in the handshake; `nil` without one.
    var certificate: [UInt8]? { get }

    /// Whether the caller's address is listed as a verifier's, which needs no token to ask.
    var isVerifier: Bool { get }

    /// What the caller says of somebody else's certificate.
    var vouching: Vouching { get }
}

/// The word of a server that was shown a device's certificate and asks what it is worth.
package enum Vouching: Hashable, Sendable {
    /// The certificate in DER.
    case shown([UInt8])
    /// It was shown none, or this caller's word does not count.
    case none
    /// What it handed on cannot be read; why.
    case unusable(String)
}
