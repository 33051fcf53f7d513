import Authority
import EnrollmentCore
import EnrollmentWire
import HTTPTransport
import Logging
import OpenSSLKit
import TLSTransport

/// What the device listener serves.
struct DeviceRoutes: Sendable {
    /// Tells who probes with a client certificate what we make of it, so that a deployment can be tested.
    private static let certificateHeader = "Gatehouse-Client-Certificate"
    private static let soapTypes = ["application/soap+xml", "text/xml"]

    let current: CurrentGraph

    var router: Router {
        Router([
            Route([.get], .anyCase("/EnrollmentServer/Discovery.svc"), handler: .immediate(Self.probe)),
            self.soap("/EnrollmentServer/Discovery.svc") { graph, request in await graph.discovery.answer(request) },
            self.soap("/EnrollmentServer/Policy.svc") { graph, request in await graph.policy.answer(request) },
            self.soap("/EnrollmentServer/Enrollment.svc") { graph, request in await graph.enrollment.answer(request) },
        ])
    }

    private func soap(
        _ path: String,
        _ answer: @escaping @Sendable (ServiceGraph, WireRequest) async -> WireResponse
    ) -> Route {
        let current = self.current
        return Route(
            [.post],
            .anyCase(path),
            accepting: Self.soapTypes,
            handler: .asynchronous { request, logger in
                await Self.respond(to: request, logger: logger) { await answer(current.value, $0) }
            }
        )
    }

    private static func respond(
        to request: HTTPRequest,
        logger: Logger,
        by answer: (WireRequest) async -> WireResponse
    ) async -> HTTPResponse {
        let random: [UInt8]
        do throws(EnrollmentError) {
            random = try OpenSSLRandomSource().octets(TraceID.randomOctets)
        } catch {
            logger.error("no random numbers", metadata: ["detail": "\(error.detail)"])
            return HTTPResponse(status: 503, headers: [("Retry-After", "5")])
        }
        let response = await answer(
            WireRequest(
                octets: request.body,
                sourceAddress: request.remoteAddress,
                traceID: TraceID(random: random),
                now: SystemClock().now
            )
        )
        self.report(response, to: logger)
        return HTTPResponse(
            status: response.status,
            headers: response.contentType.map { [("Content-Type", $0)] } ?? [],
            body: response.octets
        )
    }

    /// One line per outcome; what only the operator can mend is a warning.
    private static func report(_ response: WireResponse, to logger: Logger) {
        guard let attempt = response.attempt else { return }
        var facts: Logger.Metadata = ["trace": "\(attempt.traceID)", "operation": "\(attempt.operation.rawValue)"]
        if let name = attempt.claimedName { facts["user"] = "\(name)" }
        if let device = attempt.device { facts["device"] = "\(device)" }
        if let serial = attempt.serialNumber { facts["serial"] = "\(serial)" }
        if let failure = response.recordingFailure {
            facts["detail"] = "\(failure.detail)"
            logger.error("an attempt could not be recorded", metadata: facts)
        }
        guard let refusal = response.refusal else {
            return logger.info("attempt succeeded", metadata: facts)
        }
        facts["code"] = "\(refusal.code.rawValue)"
        facts["rule"] = "\(refusal.rule)"
        facts["detail"] = "\(refusal.detail)"
        if let cause = refusal.cause { facts["cause"] = "\(String(reflecting: cause))" }
        logger.log(
            level: refusal.code.isOperatorsConcern ? .warning : .info,
            "attempt refused",
            metadata: facts
        )
    }

    /// Answers a device that asks whether there is a server, and says what became of a client certificate.
    private static func probe(_ request: HTTPRequest, _ logger: Logger) -> HTTPResponse {
        let probe = DiscoveryEndpoint.probe()
        var headers = probe.contentType.map { [(name: "Content-Type", value: $0)] } ?? []
        switch request.clientCertificate {
        case .none:
            break
        case .verified(let leaf):
            headers.append((self.certificateHeader, "verified; sha256=\(Self.thumbprint(leaf))"))
        case .unverified(let leaf, let reason):
            let plain = String(decoding: reason.utf8.filter { (0x20...0x7e).contains($0) }, as: UTF8.self)
            headers.append((self.certificateHeader, "unverified; sha256=\(Self.thumbprint(leaf)); reason=\(plain)"))
        }
        return HTTPResponse(status: probe.status, headers: headers, body: probe.octets)
    }

    private static func thumbprint(_ leaf: [UInt8]) -> String {
        do throws(OpenSSLError) {
            return Hexadecimal.encode(try Digest.sha256(leaf))
        } catch {
            return "unknown"
        }
    }
}
