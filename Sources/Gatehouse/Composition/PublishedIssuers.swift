import Authority
import EnrollmentCore
import HTTPTransport

/// What the plain listener serves, with the issuers of now.
struct PublishedIssuers: Sendable {
    let routes: RouterSource
    private let shelf: RevocationShelf
    private let responder: OCSPResponder
    private let clock: any WallClock

    init(
        _ issuers: [IssuerRecord],
        links: [LinkCertificate],
        shelf: RevocationShelf,
        responder: OCSPResponder,
        clock: any WallClock
    ) {
        self.shelf = shelf
        self.responder = responder
        self.clock = clock
        let plain = PlainRoutes(
            issuers: issuers,
            links: links,
            shelf: shelf,
            responder: responder,
            clock: clock
        )
        self.routes = RouterSource(plain.router)
    }

    /// Serves these from the next request on.
    func replace(with issuers: [IssuerRecord], links: [LinkCertificate]) {
        let plain = PlainRoutes(
            issuers: issuers,
            links: links,
            shelf: self.shelf,
            responder: self.responder,
            clock: self.clock
        )
        self.routes.replace(with: plain.router)
    }
}
