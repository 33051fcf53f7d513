/// The clock that certificates and records go by.
public protocol WallClock: Sendable {
    var now: Timestamp { get }
}

/// A cryptographic source of random octets.
public protocol RandomSource: Sendable {
    /// - Throws: ``EnrollmentError`` with code `internalService` when the generator fails; there is no weaker fallback.
    func octets(_ count: Int) throws(EnrollmentError) -> [UInt8]
}

/// Seals secrets for keeping at rest.
public protocol SecretSealer: Sendable {
    /// Encrypts and authenticates `secret`, bound to `purpose`, which must be named again to open it.
    func seal(_ secret: [UInt8], for purpose: String) throws(EnrollmentError) -> [UInt8]
}
