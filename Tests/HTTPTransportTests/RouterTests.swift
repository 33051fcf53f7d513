import HTTPTransport
import Testing

@Suite("Router")
struct RouterTests {
    private static let soap = ["application/soap+xml"]

    private static func route(
        _ methods: [HTTPMethod],
        _ path: Route.Path,
        accepting: [String] = [],
        takesEncodedSlashes: Bool = false
    ) -> Route {
        Route(
            methods,
            path,
            accepting: accepting,
            takesEncodedSlashes: takesEncodedSlashes,
            handler: .immediate { _, _ in HTTPResponse() }
        )
    }

    private static let router = Router([
        route([.get], .anyCase("/EnrollmentServer/Discovery.svc")),
        route([.post], .anyCase("/EnrollmentServer/Discovery.svc"), accepting: soap),
        route([.get], .prefix("/pki/")),
        route([.get], .prefix("/pki/crl/")),
        route([.post], .exact("/pki/ocsp")),
        route([.get], .prefix("/pki/ocsp/"), takesEncodedSlashes: true),
        route([.get], .prefix("/pki/ocsp/closed/")),
        // The option is for prefixes; elsewhere it means nothing.
        route([.get], .exact("/one/two"), takesEncodedSlashes: true),
        route([.get], .prefix("/mixed/"), takesEncodedSlashes: true),
        route([.post], .prefix("/mixed/")),
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
        "an encoded slash is a slash in the rest of a prefix route that takes it, as are plus and equals signs",
        arguments: [
            ("/pki/ocsp/a/MEow%2FSDBG%2BMA%3D%3D", "/pki/ocsp/a/MEow/SDBG+MA=="),
            ("/pki/ocsp/a/MEow/SDBG+MA==", "/pki/ocsp/a/MEow/SDBG+MA=="),
            ("/pki/ocsp/a/MEow%2f%2F/SDBG", "/pki/ocsp/a/MEow///SDBG"),
            ("/pki/ocsp/%2F", "/pki/ocsp//"),
        ]
    )
    func encodedSlash(target: String, path: String) throws {
        let head = try Self.head("GET \(target) HTTP/1.1")
        #expect(head.path == path)
        #expect(try Self.router.route(for: head).path == .prefix("/pki/ocsp/"))
    }

    @Test(
        "an encoded slash is refused everywhere else, inside the prefix too and whether or not anything is there",
        arguments: [
            "/pki%2Froots.pem", "/pki/roots%2Fpem", "/pki/ocsp%2Fa", "/pki%2Focsp/a/MEow", "/nowhere%2Fa",
            "/one%2Ftwo", "/EnrollmentServer%2FDiscovery.svc", "/pki/ocsp/closed%2Fx", "/pki/ocsp/closed/x%2Fy",
            "/mixed%2Fa",
        ]
    )
    func encodedSlashElsewhere(target: String) throws {
        let head = try Self.head("GET \(target) HTTP/1.1")
        #expect(#expect(throws: RequestRefusal.self) { try Self.router.route(for: head) }?.status == 400)
    }

    @Test("what a listener serves can be replaced: a request that comes later finds what is there then")
    func replaced() throws {
        let source = RouterSource(Router([Self.route([.get], .exact("/a"))]))
        let former = source.current
        source.replace(with: Router([Self.route([.get], .exact("/b"))]))
        let (first, second) = (try Self.head("GET /a HTTP/1.1"), try Self.head("GET /b HTTP/1.1"))
        #expect(try former.route(for: first).path == .exact("/a"))
        #expect(try source.current.route(for: second).path == .exact("/b"))
        #expect(throws: RequestRefusal.self) { try source.current.route(for: first) }
    }

    @Test("of routes in one place each decides for itself whether it takes an encoded slash")
    func encodedSlashByMethod() throws {
        let get = try Self.head("GET /mixed/a%2Fb HTTP/1.1")
        #expect(try Self.router.route(for: get).methods == [.get])
        for (method, status) in [("POST", 400), ("DELETE", 405)] {
            let head = try Self.head("\(method) /mixed/a%2Fb HTTP/1.1\r\nContent-Length: 0")
            #expect(#expect(throws: RequestRefusal.self) { try Self.router.route(for: head) }?.status == status)
        }
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
