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
    let contacts: ContactWatch
    let traffic: TrafficCount

    var router: Router {
        Router([
            Route(
                [.get],
                .anyCase("/EnrollmentServer/Discovery.svc"),
                handler: .eitherWay(atOnce: self.quickProbe, later: self.probe)
            ),
            self.soap("/EnrollmentServer/Discovery.svc") { graph, request in await graph.discovery.answer(request) },
            self.soap("/EnrollmentServer/Policy.svc") { graph, request in await graph.policy.answer(request) },
            self.soap("/EnrollmentServer/Enrollment.svc", mayRenew: true) { graph, request in
                await graph.enrollment.answer(request)
            },
        ])
    }

    private func soap(
        _ path: String,
        mayRenew: Bool = false,
        _ answer: @escaping @Sendable (ServiceGraph, WireRequest) async -> WireResponse
    ) -> Route {
        Route(
            [.post],
            .anyCase(path),
            accepting: Self.soapTypes,
            handler: .asynchronous { request, logger in
                await self.respond(to: request, mayRenew: mayRenew, logger: logger, by: answer)
            }
        )
    }

    private func respond(
        to request: HTTPRequest,
        mayRenew: Bool,
        logger: Logger,
        by answer: (ServiceGraph, WireRequest) async -> WireResponse
    ) async -> HTTPResponse {
        let graph = self.current.value
        let origin = graph.origin(of: request)
        let random: [UInt8]
        let certificate: [UInt8]?
        do throws(EnrollmentError) {
            random = try OpenSSLRandomSource().octets(TraceID.randomOctets)
            certificate = try self.contacts.thumbprint(of: origin)
        } catch {
            logger.error("the cryptographic library does not work", metadata: ["detail": "\(error.detail)"])
            return HTTPResponse(status: 503, headers: [("Retry-After", "5")])
        }
        if !mayRenew { await self.note(origin, certificate, logger) }
        let response = await answer(
            graph,
            WireRequest(
                octets: request.body,
                sourceAddress: origin.sourceAddress,
                clientCertificate: certificate,
                traceID: TraceID(random: random),
                now: SystemClock().now
            )
        )
        // A renewal that succeeded has recorded the contact with everything else.
        if mayRenew, response.attempt?.operation != .renewal || response.refusal != nil {
            await self.note(origin, certificate, logger)
        }
        if let attempt = response.attempt { self.traffic.count(attempt.operation, refusal: response.refusal) }
        Self.report(response, to: logger)
        var headers = response.contentType.map { [(name: "Content-Type", value: $0)] } ?? []
        if response.refusal?.code == .inMaintenance {
            headers.append(("Retry-After", "\(graph.configuration.limits.retryAfter.components.seconds)"))
        }
        return HTTPResponse(status: response.status, headers: headers, body: response.octets)
    }

    private func note(_ origin: RequestOrigin, _ certificate: [UInt8]?, _ logger: Logger) async {
        switch origin.certificate {
        case .connection(.verified), .forwarded:
            if let certificate { await self.contacts.saw(certificate, logger) }
        case .unusable(let reason):
            logger.warning(
                "a proxy's word about a client certificate cannot be used",
                metadata: ["reason": "\(reason)"]
            )
        case .connection, .none: break
        }
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

    /// Answers a device that asks whether there is a server, as most do: without a certificate.
    @Sendable private func quickProbe(_ request: HTTPRequest, _ logger: Logger) -> HTTPResponse? {
        guard case .none = self.current.value.origin(of: request).certificate else { return nil }
        return Self.answer(to: nil)
    }

    /// The same with a certificate: it is a contact, and the answer says what we make of it.
    @Sendable private func probe(_ request: HTTPRequest, _ logger: Logger) async -> HTTPResponse {
        let origin = self.current.value.origin(of: request)
        do throws(EnrollmentError) {
            let thumbprint = try self.contacts.thumbprint(of: origin)
            await self.note(origin, thumbprint, logger)
            return Self.answer(to: thumbprint.map { Self.verdict(on: origin, Hexadecimal.encode($0)) })
        } catch {
            logger.error("the cryptographic library does not work", metadata: ["detail": "\(error.detail)"])
            return Self.answer(to: nil)
        }
    }

    private static func answer(to verdict: String?) -> HTTPResponse {
        let probe = DiscoveryEndpoint.probe()
        var headers = probe.contentType.map { [(name: "Content-Type", value: $0)] } ?? []
        if let verdict { headers.append((self.certificateHeader, verdict)) }
        return HTTPResponse(status: probe.status, headers: headers, body: probe.octets)
    }

    private static func verdict(on origin: RequestOrigin, _ thumbprint: String) -> String {
        switch origin.certificate {
        case .connection(.unverified(_, let reason)):
            let plain = String(decoding: reason.utf8.filter { (0x20...0x7e).contains($0) }, as: UTF8.self)
            return "unverified; sha256=\(thumbprint); reason=\(plain)"
        case .forwarded: return "forwarded; sha256=\(thumbprint)"
        case .connection, .unusable, .none: return "verified; sha256=\(thumbprint)"
        }
    }
}

extension ServiceGraph {
    /// Who a request comes from, seen through the proxies that are trusted.
    fileprivate func origin(of request: HTTPRequest) -> RequestOrigin {
        (self.configuration.proxies ?? TrustedProxies(networks: [])).origin(of: request)
    }
}
