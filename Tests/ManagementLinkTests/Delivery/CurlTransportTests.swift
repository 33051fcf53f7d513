import EnrollmentCore
import EnrollmentTestKit
import Logging
import ServiceRuntime
import Testing

@testable import ManagementLink

@Suite("Sending to a real receiver")
struct CurlTransportTests {
    private static func transport(_ url: String, timeout: Duration = .seconds(10)) throws -> CurlTransport {
        var connection = DestinationConnection(url: url)
        connection.allowedAddresses = AllowedAddresses(["loopback"])
        connection.timeout = timeout
        return try CurlTransport(connection)
    }

    private static let message = WebhookMessage(
        headers: [.init("Content-Type", "application/cloudevents+json"), .init("webhook-id", "one")],
        body: Array("one two 3".utf8)
    )

    private static func judge(_ transport: CurlTransport) async -> AnswerJudgement {
        do throws(TransportFailure) {
            let now = Timestamp(seconds: 1_790_000_000)
            return AnswerJudgement(try await transport.send(Self.message), at: now)
        } catch {
            return AnswerJudgement(error)
        }
    }

    @Test(
        "whatever the receiver does, it is known whether the event arrived",
        arguments: [
            ("ok", "accepted"), ("late", "accepted"), ("large", "accepted"), ("204", "accepted"), ("302", "redirects"),
            ("410", "gone"), ("429", "slowed"), ("500", "answered 500"), ("404", "answered 404"),
            ("reset", "closed the connection"), ("close", "closed the connection"), ("lost", "closed the connection"),
            ("garbage", "HTTP"), ("hang", "in time"),
        ]
    )
    func behaviors(path: String, words: String) async throws {
        let receiver = try StubReceiver()
        defer { receiver.stop() }
        let timeout: Duration = path == "hang" ? .milliseconds(300) : .seconds(10)
        let judgement = await Self.judge(try Self.transport(receiver.url(path), timeout: timeout))
        #expect("\(judgement)".contains(words), "\(judgement)")
    }

    @Test("what is sent is what was written, and who sends")
    func headers() async throws {
        let receiver = try StubReceiver()
        defer { receiver.stop() }
        #expect(await Self.judge(try Self.transport(receiver.url("headers"))) == .accepted)
        let lines = try receiver.accepted().map { $0.joined(separator: " ") }
        #expect(lines.contains("Content-Type: application/cloudevents+json"))
        #expect(lines.contains("webhook-id: one"))
        #expect(lines.contains("User-Agent: Gatehouse"))
        #expect(lines.contains("Content-Length: 9"))
    }

    @Test("a receiver that is not there, has no name or an address that is not allowed, is told apart")
    func unreachable() async throws {
        let port = FreePort.find()
        #expect("\(await Self.judge(try Self.transport("http://127.0.0.1:\(port)/")))".contains("nothing answers"))
        #expect("\(await Self.judge(try Self.transport("http://name.invalid/")))".contains("no address"))
        let guarded = try CurlTransport(DestinationConnection(url: "http://127.0.0.1:\(port)/"))
        #expect("\(await Self.judge(guarded))".contains("allowedAddresses"))
    }

    @Test("through everything that a receiver can do, every event arrives, and each device's in order")
    func moody() async throws {
        let receiver = try StubReceiver()
        defer { receiver.stop() }
        let ledger = InMemoryLedger()
        for number in 1...300 {
            let event = Feed.event(number, device: number % 20, generation: (number + 19) / 20)
            try await ledger.tell(event, subject: "", details: [], at: VirtualTime.start)
        }
        _ = try await ledger.placeEvents(limit: 1_000)
        var retries = RetrySchedule()
        retries.first = .milliseconds(50)
        retries.longest = .milliseconds(200)
        var timing = DeliveryTiming()
        timing.readDue = .milliseconds(50)
        timing.record = .milliseconds(20)
        var breaker = Breaker.Settings()
        breaker.firstPause = .milliseconds(50)
        breaker.longestPause = .milliseconds(200)
        let service = DeliveryService(
            Destination(name: "stub", concurrency: 8, retries: retries),
            ports: DeliveryService.Ports(
                ledger: ledger,
                renderer: PlainRenderer(),
                transport: try Self.transport(receiver.url("moody"), timeout: .milliseconds(500)),
                clock: SystemTime()
            ),
            holder: "sender",
            timing: timing,
            breaker: breaker,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let shutdown = ShutdownSignal()
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask { try await service.run(until: shutdown) }
            try await DeliveryServiceTests.eventually {
                let waiting = try await ledger.deliveryCounts(to: "stub").waiting
                return try await ledger.destination("stub").cursor == 300 && waiting == 0
            }
            shutdown.raise()
        }
        var seen: Set<String> = []
        var generations: [String: Int] = [:]
        for words in try receiver.accepted() where seen.insert(words[0]).inserted {
            #expect(Int(words[2]) == (generations[words[1]] ?? 0) + 1)
            generations[words[1]] = Int(words[2])
        }
        #expect(seen.count == 300)
        #expect(try await ledger.deliveryCounts(to: "stub").dead == 0)
        #expect(service.figures.current.failed > 0)
        #expect(service.figures.current.delivered == 300)
    }
}
