package import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// An answer to an OCSP request as it goes over the wire, and what HTTP has to know of it.
package struct OCSPAnswer: Hashable, Sendable {
    /// DER of the OCSPResponse.
    package let octets: [UInt8]
    /// When what it says was so; `nil` for a refusal.
    package let thisUpdate: Timestamp?
    /// Until when it may be relied on; `nil` for a refusal.
    package let nextUpdate: Timestamp?
    /// Names these octets, in quotes as the ETag field has it; empty for a refusal.
    package let entityTag: String
    /// Whether the same question may get the same answer until ``nextUpdate``: no nonce, and a certificate that is
    /// known.
    package let isCacheable: Bool

    init(
        _ octets: [UInt8],
        thisUpdate: Timestamp,
        nextUpdate: Timestamp,
        isCacheable: Bool
    ) throws(EnrollmentError) {
        self.octets = octets
        self.thisUpdate = thisUpdate
        self.nextUpdate = nextUpdate
        self.isCacheable = isCacheable
        let digest = try library("ocsp.digest") { () throws(OpenSSLError) in try Digest.sha256(octets) }
        self.entityTag = "\"\(Hexadecimal.encode(Array(digest.prefix(16))))\""
    }

    init(_ refusal: OCSPRefusal) {
        self.octets = refusal.octets
        self.thisUpdate = nil
        self.nextUpdate = nil
        self.entityTag = ""
        self.isCacheable = false
    }

    /// The answer `malformedRequest`, for what never gets as far as a responder: a path that is not base64, a body that
    /// is too long.
    package static let malformed = OCSPAnswer(.malformedRequest)
}
