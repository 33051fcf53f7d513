import EnrollmentCore
import EnrollmentWire
import HTTPTransport
import Logging

/// What the plain listener serves: nothing secret, and nothing that takes a secret.
struct PlainRoutes: Sendable {
    let issuers: [IssuerRecord]

    var router: Router {
        Router(
            [
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
                ),
                self.roots,
            ] + self.issuers.map(self.certificate)
        )
    }

    private var roots: Route {
        let pem = self.issuers.filter { $0.role == .root }.map { PEM.encode($0.certificate, label: "CERTIFICATE") }
        let body = Array(pem.joined().utf8)
        return Route(
            [.get],
            .exact("/pki/roots.pem"),
            handler: .immediate { _, _ in
                HTTPResponse(contentType: "application/x-pem-file", body: body)
            }
        )
    }

    private func certificate(of issuer: IssuerRecord) -> Route {
        Route(
            [.get],
            .exact("/pki/issuer/\(issuer.id).cer"),
            handler: .immediate { _, _ in
                HTTPResponse(contentType: "application/pkix-cert", body: issuer.certificate)
            }
        )
    }
}
