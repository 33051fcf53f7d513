/// The steps of an enrollment and of what follows it, in order.
public enum EnrollmentStep: String, Hashable, Sendable, CaseIterable {
    /// GET of the discovery address, over HTTP if asked for and over HTTPS.
    case probe
    case discover
    case policy
    case enroll
    /// The request of a renewal.
    case renew
    /// A TLS connection with the new certificate.
    case possession
    /// The first session with the management server.
    case manage
}
