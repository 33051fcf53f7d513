import Foundation
import Logging
import ServiceRuntime
import Testing

@testable import HTTPTransport

@Suite("Status routes", .timeLimit(.minutes(10)))
struct StatusRoutesTests {
    private static func get(
        _ path: String,
        _ reasons: [ReadinessReason] = [],
        _ families: [MetricFamily] = []
    ) async throws -> HTTPResponse {
        let routes = StatusRoutes(readiness: { reasons }, metrics: { families })
        var reader = RequestReader(limits: HTTPLimits())
        reader.append("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
        guard case .head(let head) = try #require(try reader.next()) else { throw RequestRefusal(0, "no head") }
        let request = HTTPRequest(method: .get, path: path)
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        switch try routes.router.route(for: head).handler {
        case .immediate(let answer): return answer(request, logger)
        case .asynchronous(let answer), .eitherWay(_, let answer): return await answer(request, logger)
        case .patient(_, let answer): return await answer(request, logger, ShutdownSignal())
        }
    }

    private struct Document: Decodable {
        struct Reason: Decodable {
            let component: String
            let severity: String
            let effect: String
            let detail: String
        }

        let schema: String
        let ready: Bool
        let reasons: [Reason]
    }

    @Test("who asks whether it lives is told so at once")
    func alive() async throws {
        let response = try await Self.get("/livez", [ReadinessReason("store", "The disk is gone.")])
        #expect(response.status == 200)
    }

    @Test("it is ready while nothing blocks; warnings are told all the same")
    func ready() async throws {
        for reasons in [[], [ReadinessReason("fleet", "Three devices are about to fall out.", severity: .warning)]] {
            let response = try await Self.get("/readyz", reasons)
            let document = try JSONDecoder().decode(Document.self, from: Data(response.body))
            #expect(response.status == 200)
            #expect(document.ready)
            #expect(document.reasons.map(\.component) == reasons.map(\.component))
        }
    }

    @Test("it is not ready when something blocks, and says what in JSON whatever the words are")
    func notReady() async throws {
        let detail = "CRL \"a\\b\" is\told:\r\n\u{1}\u{1F} ünlesbar \u{1F512}"
        let reasons = [ReadinessReason("crl", detail), ReadinessReason("fleet", "One device.", severity: .warning)]
        let response = try await Self.get("/readyz", reasons)
        let document = try JSONDecoder().decode(Document.self, from: Data(response.body))
        #expect(response.status == 503)
        #expect(document.schema == "gatehouse.readiness/1")
        #expect(!document.ready)
        #expect(document.reasons.map(\.severity) == ["blocking", "warning"])
        #expect(document.reasons.first?.detail == detail)
    }

    @Test("what keeps devices from enrolling does not keep anybody from reading what is published")
    func reading() async throws {
        let standby = ReadinessReason("store", "The server is a standby.", effect: .enrollment)
        let stale = ReadinessReason("crl", "The CRL is older than its validity.")
        for (reasons, whole, reading) in [([], 200, 200), ([standby], 503, 200), ([standby, stale], 503, 503)] {
            #expect(try await Self.get("/readyz", reasons).status == whole)
            let response = try await Self.get("/readyz/reading", reasons)
            #expect(response.status == reading)
            let document = try JSONDecoder().decode(Document.self, from: Data(response.body))
            #expect(document.ready == (reading == 200))
            #expect(document.reasons.map(\.effect) == reasons.map(\.effect.rawValue))
        }
    }

    @Test("nothing is kept by caches", arguments: ["/livez", "/readyz", "/readyz/reading", "/metrics"])
    func uncached(path: String) async throws {
        let response = try await Self.get(path)
        #expect(response.headers.contains { $0 == ("Cache-Control", "no-store") })
    }

    @Test("metrics are in the text format that Prometheus reads")
    func metrics() async throws {
        let families = [
            MetricFamily.counter(
                "gatehouse_attempts_total",
                "Attempts \\ by\noutcome.",
                [
                    .init([("operation", "renewal"), ("outcome", "re\"fu\\sed\n")], 3),
                    .init([("operation", "enrollment"), ("outcome", "ok")], 12_345_678_901),
                ]
            ),
            .gauge("gatehouse_crl_age_seconds", "Age.", [.init([], 0.25), .init([("shard", "ü")], -.infinity)]),
            .gauge("gatehouse_nothing", "Nothing.", []),
            .histogram(
                "gatehouse_answer_seconds",
                "Times.",
                [.init([("route", "ocsp")], buckets: [(0.001, 5), (1, 9)], count: 10, sum: 12.5)]
            ),
        ]
        let response = try await Self.get("/metrics", [], families)
        #expect(response.headers.contains { $0 == ("Content-Type", "text/plain; version=0.0.4; charset=utf-8") })
        let parsed = try PrometheusDocument(parsing: String(decoding: response.body, as: UTF8.self))
        #expect(
            parsed.types == [
                "gatehouse_attempts_total": "counter", "gatehouse_crl_age_seconds": "gauge",
                "gatehouse_answer_seconds": "histogram",
            ]
        )
        #expect(parsed.help["gatehouse_attempts_total"] == "Attempts \\ by\noutcome.")
        #expect(
            parsed.samples == [
                .init("gatehouse_attempts_total", [["operation", "renewal"], ["outcome", "re\"fu\\sed\n"]], 3),
                .init("gatehouse_attempts_total", [["operation", "enrollment"], ["outcome", "ok"]], 12_345_678_901),
                .init("gatehouse_crl_age_seconds", [], 0.25),
                .init("gatehouse_crl_age_seconds", [["shard", "ü"]], -.infinity),
                .init("gatehouse_answer_seconds_bucket", [["route", "ocsp"], ["le", "0.001"]], 5),
                .init("gatehouse_answer_seconds_bucket", [["route", "ocsp"], ["le", "1"]], 9),
                .init("gatehouse_answer_seconds_bucket", [["route", "ocsp"], ["le", "+Inf"]], 10),
                .init("gatehouse_answer_seconds_sum", [["route", "ocsp"]], 12.5),
                .init("gatehouse_answer_seconds_count", [["route", "ocsp"]], 10),
            ]
        )
    }

    @Test(
        "the parser that judges them says no to what Prometheus does not read",
        arguments: [
            "a 1", "a{b=\"c\" 1\n", "a{b=c} 1\n", "a{b=\"\\x\"} 1\n", "a one\n", "9a 1\n",
            "# TYPE a counter\n# TYPE a gauge\na 1\n",
            "a 1\na 1\n", "# TYPE b gauge\na 1\n", "a{b=\"c\",b=\"d\"} 1\n",
        ]
    )
    func strictness(text: String) {
        #expect(throws: (any Error).self) { try PrometheusDocument(parsing: text) }
    }

    @Test(
        "numbers are written as they are read",
        arguments: [
            (0.0, "0"), (-3, "-3"), (1.5, "1.5"), (1e300, "1e+300"), (9.007199254740993e15, "9007199254740992"),
            (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"), (1e-7, "1e-07"),
        ]
    )
    func numbers(value: Double, text: String) {
        #expect(PrometheusText.number(value) == text)
    }

    @Test("over a real connection, on a listener of its own")
    func served() async throws {
        let routes = StatusRoutes(
            readiness: { [ReadinessReason("store", "The disk is full.")] },
            metrics: { [.gauge("gatehouse_up", "One.", [.init([], 1)])] }
        )
        try await withListener(routes.routes) { listener, _ in
            for (path, status, body) in [
                ("/livez", "200 OK", "alive\n"), ("/readyz", "503 Service Unavailable", "The disk is full."),
                ("/metrics", "200 OK", "gatehouse_up 1\n"), ("/nothing", "404 Not Found", "nothing here"),
            ] {
                let client = try await LoopbackClient(port: listener.port)
                try await client.send("GET \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                let answer = String(decoding: try await client.receiveToEnd(), as: UTF8.self)
                #expect(answer.hasPrefix("HTTP/1.1 \(status)\r\n"))
                #expect(answer.contains(body))
            }
        }
    }
}
