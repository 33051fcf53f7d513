/// What a server shows, asks for and remembers.
public struct TLSServerConfiguration: Sendable {
    /// Certificates with their keys; the first serves clients that name no host or one that nobody here is.
    public var identities: [TLSIdentity]

    /// Judges the certificates of clients; `nil` asks for none.
    public var clientVerifier: PeerCertificateVerifier?

    /// Seals session tickets; `nil` makes every handshake a full one.
    public var ticketKeys: TLSTicketKeys?

    public init(
        identities: [TLSIdentity],
        clientVerifier: PeerCertificateVerifier? = nil,
        ticketKeys: TLSTicketKeys? = nil
    ) {
        self.identities = identities
        self.clientVerifier = clientVerifier
        self.ticketKeys = ticketKeys
    }
}
