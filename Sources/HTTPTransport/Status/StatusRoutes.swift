/// What the admin listener serves: whether the service lives, whether it is ready, and its metrics.
///
/// There are two kinds of traffic that a balancer may have to place, and a path for each: `/readyz` says whether devices
/// can enroll and renew here, `/readyz/reading` whether what is only read out is served, which a replica on a standby of the
/// database does, or one whose database is away for a while.
///
/// Nothing here is secret, but none of it is for strangers either: the listener belongs on an address that only the
/// operator's machines reach.
package struct StatusRoutes: Sendable {
    private let readiness: @Sendable () async -> [ReadinessReason]
    private let metrics: @Sendable () async -> [MetricFamily]

    /// - Parameters:
    ///   - readiness: Everything that speaks against being ready, and warnings; asked anew for each request.
    ///   - metrics: Every family once; asked anew for each request.
    package init(
        readiness: @escaping @Sendable () async -> [ReadinessReason],
        metrics: @escaping @Sendable () async -> [MetricFamily]
    ) {
        self.readiness = readiness
        self.metrics = metrics
    }

    package var router: Router { Router(self.routes) }

    package var routes: [Route] {
        [
            Route([.get], .exact("/livez"), handler: .immediate { _, _ in Self.uncached(.text(200, "alive")) }),
            Route([.get], .exact("/readyz"), handler: .asynchronous { _, _ in Self.answer(await self.readiness()) }),
            Route(
                [.get],
                .exact("/readyz/reading"),
                handler: .asynchronous { _, _ in Self.answer(await self.readiness(), sparing: .enrollment) }
            ),
            Route(
                [.get],
                .exact("/metrics"),
                handler: .asynchronous { _, _ in
                    let text = PrometheusText(await self.metrics())
                    return Self.uncached(HTTPResponse(contentType: PrometheusText.contentType, body: text.octets))
                }
            ),
        ]
    }

    /// 200 while nothing blocks, else 503, with the reasons as JSON in either case.
    private static func answer(
        _ reasons: [ReadinessReason],
        sparing effect: ReadinessReason.Effect? = nil
    ) -> HTTPResponse {
        let isReady = !reasons.contains { $0.severity == .blocking && $0.effect != effect }
        let list = reasons.map { reason in
            "{\"component\":\(self.quoted(reason.component)),\"severity\":\(self.quoted(reason.severity.rawValue)),"
                + "\"effect\":\(self.quoted(reason.effect.rawValue)),"
                + "\"detail\":\(self.quoted(reason.detail))}"
        }
        let text =
            "{\"schema\":\"gatehouse.readiness/1\",\"ready\":\(isReady),\"reasons\":[\(list.joined(separator: ","))]}\n"
        return self.uncached(
            HTTPResponse(status: isReady ? 200 : 503, contentType: "application/json", body: Array(text.utf8))
        )
    }

    private static func uncached(_ response: HTTPResponse) -> HTTPResponse {
        var response = response
        response.headers.append(("Cache-Control", "no-store"))
        return response
    }

    /// A JSON string (RFC 8259 § 7).
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
