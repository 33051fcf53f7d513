/// Sent up the pipeline, once, when a connection has become secure and before its first octets.
package struct TLSHandshakeCompleted: Sendable {
    package let clientCertificate: PresentedCertificate
    /// As in `TLSv1.3`.
    package let version: String
    /// Whether an earlier session was taken up instead of a full handshake.
    package let isResumed: Bool
}
