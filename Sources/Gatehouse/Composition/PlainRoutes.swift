import Authority
import EnrollmentCore
import EnrollmentWire
import HTTPTransport
import Logging
import OpenSSLKit
import X509Kit

/// What the plain listener serves: nothing secret, and nothing that takes a secret.
///
/// Revocation is published here because a client that had to check our TLS certificate first would go round in circles.
struct PlainRoutes: Sendable {
    private static let ocspTypes = ["application/ocsp-request"]

    let issuers: [IssuerRecord]
    let links: [LinkCertificate]
    let shelf: RevocationShelf
    let responder: OCSPResponder
    let clock: any WallClock

    var router: Router {
        Router([self.probe, self.roots, self.lists] + self.shown.flatMap(self.certificate) + self.questions)
    }

    private var probe: Route {
        Route(
            [.get],
            .anyCase("/EnrollmentServer/Discovery.svc"),
            handler: .immediate { _, _ in
                let probe = DiscoveryEndpoint.probe()
                return HTTPResponse(
                    status: probe.status,
                    headers: probe.contentType.map { [("Content-Type", $0)] } ?? [],
                    body: probe.octets
                )
            }
        )
    }

    // MARK: Certificates

    /// Issuers that somebody may have to look up: not those of which nobody was told.
    private var shown: [IssuerRecord] {
        self.issuers.filter { issuer in
            switch issuer.state {
            case .prepared, .aborted: false
            case .published, .active, .draining, .crlOnly, .retired, .compromised: true
            }
        }
    }

    /// Roots that may be trusted, and the certificates by which one of them vouches for another.
    private var roots: Route {
        let roots = self.issuers.filter { $0.role == .root && $0.isTrustworthy }
        let links = LinkSelection(self.links, among: self.issuers).all
        let pem = (roots.map(\.certificate) + links.map(\.certificate)).map { PEM.encode($0, label: "CERTIFICATE") }
        return self.fixed("/pki/roots.pem", "application/x-pem-file", Array(pem.joined().utf8))
    }

    /// DER under the name that certificates carry (RFC 5280 § 4.2.2.1), PEM beside it; in the bundle the links to it, each
    /// of which is a certificate of its key as well.
    ///
    /// A root's own certificate helps nobody who does not trust it, and leads those astray who stop at the first
    /// certificate of that name; so it is in the bundle only as long as there is no link.
    private func certificate(of issuer: IssuerRecord) -> [Route] {
        let pem = PEM.encode(issuer.certificate, label: "CERTIFICATE")
        var routes = [
            self.fixed("/pki/issuer/\(issuer.id).cer", "application/pkix-cert", issuer.certificate),
            self.fixed("/pki/issuer/\(issuer.id).pem", "application/x-pem-file", Array(pem.utf8)),
        ]
        let links = LinkSelection(self.links, among: self.issuers).to(issuer.id)
        // A certificate in the store that cannot be read would have stopped the service earlier.
        if let bundle = try? CertificateBundle.encoded(
            links.isEmpty ? [issuer.certificate] : links.map(\.certificate)
        ) {
            routes.append(self.fixed("/pki/issuer/\(issuer.id).p7c", "application/pkcs7-mime", bundle))
        }
        return routes
    }

    private func fixed(_ path: String, _ contentType: String, _ body: [UInt8]) -> Route {
        let clock = self.clock
        // Without a digest there is no ETag, and the certificate is served all the same.
        let representation = (try? Digest.sha256(body)).map {
            Representation(contentType: contentType, body: body, entityTag: EntityTag(digest: $0))
        }
        return Route(
            [.get],
            .exact(path),
            handler: .immediate { request, _ in
                representation?.answer(to: request, now: clock.now.seconds)
                    ?? HTTPResponse(contentType: contentType, body: body)
            }
        )
    }

    // MARK: CRLs

    private static let listPrefix = "/pki/crl/"

    private var lists: Route {
        let (shelf, clock) = (self.shelf, self.clock)
        return Route(
            [.get],
            .prefix(Self.listPrefix),
            handler: .immediate { request, _ in
                guard let shard = Self.shard(in: request.path), let item = shelf.item(shard) else {
                    return .text(404, "there is no such CRL")
                }
                return item.representation.answer(to: request, now: clock.now.seconds)
            }
        )
    }

    /// Takes `/pki/crl/{issuer}/{shard}.crl` apart; one spelling for each shard.
    static func shard(in path: String) -> CRLShard? {
        let parts = path.dropFirst(Self.listPrefix.count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].hasSuffix(".crl") else { return nil }
        let digits = parts[1].dropLast(4)
        guard let number = Int(digits), "\(number)" == digits, number >= 0 else { return nil }
        return CRLShard(issuerID: String(parts[0]), number: number)
    }

    // MARK: OCSP

    private static let questionPath = "/pki/ocsp"

    /// With the issuer in the path, as certificates have it, and without; the question says by itself whom it is about.
    private var questions: [Route] {
        let places = [Self.questionPath] + self.shown.map { "\(Self.questionPath)/\($0.id)" }
        return places.map(self.posted) + places.map(self.gotten)
    }

    private func posted(_ place: String) -> Route {
        let (responder, clock) = (self.responder, self.clock)
        return Route(
            [.post],
            .exact(place),
            accepting: Self.ocspTypes,
            handler: .eitherWay(
                atOnce: { request, _ in
                    responder.cached(for: request.body).map { Self.response($0, isGet: false, at: clock.now) }
                },
                later: { request, logger in
                    await Self.answer(request.body, by: responder, isGet: false, at: clock.now, logger)
                }
            )
        )
    }

    /// The request in base64 behind the path (RFC 6960 § A.1).
    private func gotten(_ place: String) -> Route {
        let (responder, clock) = (self.responder, self.clock)
        let prefix = "\(place)/"
        return Route(
            [.get],
            .prefix(prefix),
            takesEncodedSlashes: true,
            handler: .eitherWay(
                atOnce: { request, _ in
                    guard let question = Self.question(in: request.path.dropFirst(prefix.count)) else {
                        return .text(404, "there is no such responder, and this is no OCSP request in base64")
                    }
                    return responder.cached(for: question).map { Self.response($0, isGet: true, at: clock.now) }
                },
                later: { request, logger in
                    let question = Self.question(in: request.path.dropFirst(prefix.count)) ?? []
                    return await Self.answer(question, by: responder, isGet: true, at: clock.now, logger)
                }
            )
        )
    }

    /// What is not even the beginning of a DER SEQUENCE in base64 is taken for the name of another responder.
    private static func question(in path: Substring) -> [UInt8]? {
        guard path.first == "M" else { return nil }
        // Some clients leave the padding out.
        let symbols = Array(path.utf8)
        let padding = symbols.last == UInt8(ascii: "=") ? 0 : (4 - symbols.count % 4) % 4
        return Base64.decode(symbols[...] + [UInt8](repeating: UInt8(ascii: "="), count: padding)) ?? []
    }

    private static func answer(
        _ question: [UInt8],
        by responder: OCSPResponder,
        isGet: Bool,
        at now: Timestamp,
        _ logger: Logger
    ) async -> HTTPResponse {
        let (answer, error) = await responder.answer(question)
        if let error {
            logger.warning(
                "an OCSP request could not be answered",
                metadata: ["rule": "\(error.rule)", "detail": "\(error.detail)"]
            )
        }
        return Self.response(answer, isGet: isGet, at: now)
    }

    /// Caches may keep an answer for half of what is left of it (RFC 5019 § 6.2 lets them until its end, which would keep
    /// a revocation from those behind them).
    private static func response(_ answer: OCSPAnswer, isGet: Bool, at now: Timestamp) -> HTTPResponse {
        var headers = [(name: "Content-Type", value: "application/ocsp-response")]
        if isGet, answer.isCacheable, let begin = answer.thisUpdate, let end = answer.nextUpdate {
            let age = max(0, (end.seconds - now.seconds) / 2)
            headers += [
                ("Cache-Control", "public, max-age=\(age), must-revalidate, no-transform"),
                ("ETag", answer.entityTag),
                ("Last-Modified", HTTPDate.text(Int(min(begin, now).seconds))),
                ("Expires", HTTPDate.text(Int(now.seconds + age))),
            ]
        } else {
            headers.append(("Cache-Control", "no-store"))
        }
        return HTTPResponse(status: 200, headers: headers, body: answer.octets)
    }
}
