/// An answer without any statement (RFC 6960 § 4.2.1: OCSPResponseStatus); it is not signed.
public enum OCSPRefusal: UInt8, Hashable, Sendable, CaseIterable {
    case malformedRequest = 1
    case internalError = 2
    case tryLater = 3
    /// The responder does not answer for this issuer (RFC 5019 § 2.2.3).
    case unauthorized = 6

    /// DER of the OCSPResponse.
    public var octets: [UInt8] { [0x30, 0x03, 0x0a, 0x01, self.rawValue] }
}
