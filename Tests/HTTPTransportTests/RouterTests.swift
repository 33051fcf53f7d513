import HTTPTransport
import Testing

@Suite("Router")
struct RouterTests {
    private static let soap = ["application/soap+xml"]

    private static func route(_ methods: [HTTPMethod], _ path: Route.Path, accepting: [String] = []) -> Route {
        Route(methods, path, accepting: accepting, handler: .immediate { _, _ in HTTPResponse() })
    }

    private static let router = Router([
        route([.get], .anyCase("/EnrollmentServer/Discovery.svc")),
        route([.post], .anyCase("/EnrollmentServer/Discovery.svc"), accepting: soap),
        route([.get], .prefix("/pki/")),
        route([.get], .prefix("/pki/crl/")),
        route([.post], .exact("/pki/ocsp")),
    ])

    private static func head(_ request: String) throws -> RequestHead {
        var reader = RequestReader(limits: HTTPLimits())
        reader.append((request + "\r\nHost: x\r\n\r\n").utf8)
        guard case .head(let head) = try #require(try reader.next()) else { throw RequestRefusal(0, "no head") }
        return head
    }

    @Test(
        "a path is found exactly, in any case, or by its longest prefix",
        arguments: [
            ("GET /EnrollmentServer/Discovery.svc HTTP/1.1", Route.Path.anyCase("/EnrollmentServer/Discovery.svc")),
            ("HEAD /ENROLLMENTSERVER/DISCOVERY.SVC HTTP/1.1", .anyCase("/EnrollmentServer/Discovery.svc")),
            ("GET /pki/crl/a/1.crl HTTP/1.1", .prefix("/pki/crl/")),
            ("GET /pki/roots.pem HTTP/1.1", .prefix("/pki/")),
            ("POST /pki/ocsp HTTP/1.1\r\nContent-Length: 0", .exact("/pki/ocsp")),
        ]
    )
    func found(request: String, path: Route.Path) throws {
        #expect(try Self.router.route(for: try Self.head(request)).path == path)
    }

    @Test(
        "what is not there, not by that method, or not in that type is refused",
        arguments: [
            ("GET /nowhere HTTP/1.1", 404, []),
            ("GET /PKI/roots.pem HTTP/1.1", 404, []),
            ("DELETE /EnrollmentServer/Discovery.svc HTTP/1.1", 405, ["GET", "HEAD", "POST"]),
            ("GET /pki/ocsp HTTP/1.1", 405, ["POST"]),
            ("BREW /pki/ocsp HTTP/1.1", 405, ["POST"]),
            ("POST /EnrollmentServer/Discovery.svc HTTP/1.1\r\nContent-Length: 1\r\nContent-Type: text/xml", 415, []),
            ("POST /EnrollmentServer/Discovery.svc HTTP/1.1\r\nContent-Length: 1", 415, []),
        ]
    )
    func refused(request: String, status: Int, allowed: [String]) throws {
        let head = try Self.head(request)
        let refusal = #expect(throws: RequestRefusal.self) { try Self.router.route(for: head) }
        #expect(refusal?.status == status)
        #expect(refusal?.allowed.map(\.rawValue) == allowed)
    }

    @Test(
        "a body's type is compared without parameters and case; without a body there is nothing to compare",
        arguments: [
            "Content-Length: 1\r\nContent-Type: Application/SOAP+xml ; charset=utf-8",
            "Content-Length: 1\r\nContent-Type: application/soap+xml",
            "Content-Length: 0",
        ]
    )
    func accepted(fields: String) throws {
        let head = try Self.head("POST /EnrollmentServer/Discovery.svc HTTP/1.1\r\n" + fields)
        #expect(try Self.router.route(for: head).acceptedTypes == Self.soap)
    }
}
