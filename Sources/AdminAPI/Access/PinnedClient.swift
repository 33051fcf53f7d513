package import EnrollmentCore

/// A machine that is known by its own certificate, whoever issued that.
package struct PinnedClient: Hashable, Sendable {
    package let name: String
    /// SHA-256 over the certificate.
    package let thumbprint: [UInt8]
    package let notBefore: Timestamp
    package let notAfter: Timestamp
    package let scopes: Set<APIScope>

    package init(
        name: String,
        thumbprint: [UInt8],
        notBefore: Timestamp,
        notAfter: Timestamp,
        scopes: Set<APIScope>
    ) {
        self.name = name
        self.thumbprint = thumbprint
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.scopes = scopes
    }

    func isValid(at now: Timestamp) -> Bool { self.notBefore <= now && now <= self.notAfter }
}
