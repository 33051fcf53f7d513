/// The steps of one enrollment, in order.
public enum EnrollmentStep: String, Hashable, Sendable, CaseIterable {
    /// GET of the discovery address, over HTTP if asked for and over HTTPS.
    case probe
    case discover
    case policy
    case enroll
    /// A TLS connection with the new certificate.
    case possession
}
