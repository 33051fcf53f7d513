/// What the other side of a connection showed to prove who it is.
///
/// The handshake proved possession of the private key in both cases with a certificate; they differ in whether that
/// certificate chains to somebody we trust.
public enum PeerCertificate: Hashable, Sendable {
    /// None was shown, or none was asked for.
    case none
    /// The leaf in DER; it chains to a configured issuer, is in its validity, and may authenticate a client.
    case verified([UInt8])
    /// The leaf in DER and OpenSSL's words for why it proves nothing here.
    case unverified([UInt8], reason: String)
}
