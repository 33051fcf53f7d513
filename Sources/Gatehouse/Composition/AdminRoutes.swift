import AdminAPI
import EnrollmentCore
import HTTPTransport
import Logging
import ServiceRuntime
import TLSTransport

/// The admin interface on its listener, beside what the listener says of the service itself.
struct AdminRoutes: Sendable {
    /// Everything else is no business of the interface; the listener refuses it.
    private static let methods: [HTTPMethod] = [
        .get, .head, .post, .put, .patch, .delete, HTTPMethod(rawValue: "OPTIONS"),
    ]

    let setup: AdminSetup
    /// The graph whose configuration names the proxies that are trusted.
    let current: CurrentGraph
    let status: StatusRoutes
    let clock: any WallClock

    var router: Router {
        let handler = Route.Handler.patient(atOnce: self.atOnce, later: self.later)
        return Router(
            self.status.routes + [
                // Envoy puts its client's path behind ours, whatever is in it.
                Route(Self.methods, .prefix("/verify/"), takesEncodedSlashes: true, handler: handler),
                Route(Self.methods, .prefix("/"), handler: handler),
            ]
        )
    }

    @Sendable private func atOnce(_ request: HTTPRequest, _ logger: Logger) -> HTTPResponse? {
        let present = self.setup.present
        guard let answer = present.interface.answerAtOnce(self.translate(request, present)) else { return nil }
        var response = Self.translate(answer, logger)
        // Look-ups mostly, thousands in a second.
        response.isRoutine = response.status == 200
        return response
    }

    @Sendable private func later(
        _ request: HTTPRequest,
        _ logger: Logger,
        _ ending: ShutdownSignal
    ) async -> HTTPResponse {
        let present = self.setup.present
        let response = await present.interface.answer(self.translate(request, present), ending: ending)
        if request.method == .post, let caller = response.caller {
            logger.info("told by", metadata: ["caller": "\(caller)"])
        }
        return Self.translate(response, logger)
    }

    private func translate(_ request: HTTPRequest, _ present: AdminSetup.Present) -> APIRequest {
        APIRequest(
            method: request.method.rawValue,
            path: request.path,
            query: request.query,
            body: request.body,
            sourceAddress: request.remoteAddress,
            requestID: request.requestID,
            now: self.clock.now,
            facts: AdminFacts(request: request, verifiers: present.verifiers, current: self.current)
        )
    }

    private static func translate(_ response: APIResponse, _ logger: Logger) -> HTTPResponse {
        if let cause = response.cause {
            var facts: Logger.Metadata = ["rule": "\(cause.rule)", "detail": "\(cause.detail)"]
            if let error = cause.cause { facts["cause"] = "\(String(reflecting: error))" }
            logger.warning("an admin request was not answered", metadata: facts)
        }
        return HTTPResponse(status: response.status, headers: response.headers, body: response.body)
    }
}

/// What the listener knows of a request besides its first line.
private struct AdminFacts: RequestFacts {
    let request: HTTPRequest
    let verifiers: [TrustedProxies]
    let current: CurrentGraph

    func values(of header: String) -> [String] { self.request.headers.values(of: header) }

    /// Whoever issued it: possession of its key is proven, and it is known by itself.
    var certificate: [UInt8]? { self.request.clientCertificate.leaf }

    var isVerifier: Bool { self.verifiers.contains { $0.isTrusted(self.request) } }

    /// A verifier's own field alone is read; a client could send the other one through it.
    var vouching: Vouching {
        let proxies = self.verifiers.first { $0.isTrusted(self.request) } ?? self.current.value.configuration.proxies
        guard let proxies, proxies.isTrusted(self.request) else { return .none }
        switch proxies.origin(of: self.request).certificate {
        case .forwarded(let der): return .shown(der)
        case .unusable(let reason): return .unusable(reason)
        case .connection, .none: return .none
        }
    }
}
