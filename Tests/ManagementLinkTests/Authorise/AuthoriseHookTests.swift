import EnrollmentCore
import EnrollmentTestKit
import Logging
import OpenSSLKit
import Synchronization
import Testing

@testable import ManagementLink

@Suite("The authorise hook", .timeLimit(.minutes(25)))
struct AuthoriseHookTests {
    /// Answers as told, and keeps what it was sent.
    final class ScriptedTransport: HookTransport {
        enum Step: Sendable {
            case answer(Int, String)
            case failure(String)
            /// Until the task is cancelled.
            case never
        }

        private let script: Mutex<(steps: [Step], last: Step)>
        private let kept = Mutex<[WebhookMessage]>([])

        init(_ steps: Step...) {
            self.script = Mutex((steps, steps.last ?? .never))
        }

        var messages: [WebhookMessage] { self.kept.withLock { $0 } }

        func send(_ message: WebhookMessage) async throws(HookFailure) -> (status: Int, body: [UInt8]) {
            self.kept.withLock { $0.append(message) }
            let step = self.script.withLock { $0.steps.isEmpty ? $0.last : $0.steps.removeFirst() }
            switch step {
            case .answer(let status, let body): return (status, Array(body.utf8))
            case .failure(let reason): throw HookFailure(reason)
            case .never:
                // Ends with the cancellation; what is thrown then is of no interest.
                try? await Task.sleep(for: .seconds(3_600))
                throw HookFailure("cancelled")
            }
        }
    }

    private struct Scene {
        let hook: AuthoriseHook
        let transport: ScriptedTransport
        let clock: ManualClock

        init(_ transport: ScriptedTransport, _ change: (inout AuthoriseSettings) -> Void = { _ in }) throws {
            var settings = AuthoriseSettings(name: "https://hook.example/ask", failuresToPause: 3)
            change(&settings)
            self.transport = transport
            self.clock = ManualClock()
            self.hook = AuthoriseHook(
                settings,
                source: ExampleEvents.source,
                signer: try WebhookSigner(secrets: [
                    Redacted("whsec_" + Base64.encode([UInt8](repeating: 1, count: 32)))
                ]),
                transport: transport,
                clock: self.clock,
                random: HookRandom(),
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
            )
        }

        func outcome() async -> Result<AuthorisationAnswer, EnrollmentError> {
            do throws(EnrollmentError) {
                return .success(try await self.hook.authorise(ExampleEvents.question))
            } catch {
                return .failure(error)
            }
        }

        func rule() async -> String? {
            if case .failure(let error) = await self.outcome() { error.rule } else { nil }
        }
    }

    private struct HookRandom: RandomSource {
        private let source = SeededRandom()

        func octets(_ count: Int) throws(EnrollmentError) -> [UInt8] { self.source.octets(count) }
    }

    @Test("asks with a signed CloudEvent that its schema describes, and is the example beside it")
    func question() async throws {
        let scene = try Scene(ScriptedTransport(.answer(200, #"{"decision":"allow"}"#)))
        _ = try await scene.outcome().get()
        let message = try #require(scene.transport.messages.first)
        let document = try JSONDocument(parsing: String(decoding: message.body, as: UTF8.self))
        #expect(try CloudEventTests.findings(in: document, kind: "authorise").isEmpty)
        #expect(document["type"]?.text == "gatehouse.enrollment.authorise")
        #expect(document == (try JSONDocument(parsing: try DocumentSchema.example("authorise"))))
        #expect(message.headers.contains { $0.name == "webhook-signature" && $0.value.hasPrefix("v1,") })
        #expect(message.headers.first { $0.name == "webhook-id" }?.value == document["id"]?.text)
    }

    @Test("takes a yes with what goes with it")
    func allows() async throws {
        let scene = try Scene(ScriptedTransport(.answer(200, #"{"decision":"allow","attributes":{"site":"Oslo"}}"#)))
        #expect(try await scene.outcome().get() == AuthorisationAnswer(attributes: [Fact("site", "Oslo")]))
        #expect(scene.hook.counts == AuthoriseHook.Counts(allowed: 1))
    }

    @Test(
        "takes a no with the sentence for the device's user, whatever silence means",
        arguments: AuthoriseSettings.Silence.allCases
    )
    func denies(onSilence: AuthoriseSettings.Silence) async throws {
        let scene = try Scene(ScriptedTransport(.answer(200, #"{"decision":"deny","reason":"Only\nlaptops."}"#))) {
            $0.onSilence = onSilence
        }
        guard case .failure(let error) = await scene.outcome() else {
            Issue.record("allowed")
            return
        }
        #expect(error.code == .denied)
        #expect(error.rule == "authorise.denied")
        #expect(error.reasonForUser == "Only laptops.")
        #expect(scene.hook.counts == AuthoriseHook.Counts(denied: 1))
    }

    /// Nothing of it is a yes or a no.
    private static let silences: [ScriptedTransport.Step] = [
        .failure("connection refused"), .never, .answer(500, ""), .answer(401, #"{"decision":"allow"}"#),
        .answer(302, #"{"decision":"allow"}"#), .answer(204, ""), .answer(200, "yes"), .answer(200, "{}"),
        .answer(200, #"{"decision":"perhaps"}"#),
    ]

    @Test("takes everything else for silence, which means no", arguments: Self.silences)
    func refusesOnSilence(step: ScriptedTransport.Step) async throws {
        let scene = try Scene(ScriptedTransport(step)) { $0.timeLimit = .milliseconds(50) }
        guard case .failure(let error) = await scene.outcome() else {
            Issue.record("allowed")
            return
        }
        #expect(error.code == .inMaintenance)
        #expect(error.rule == "authorise.silent")
        #expect(error.reasonForUser == nil)
        #expect(scene.hook.counts == AuthoriseHook.Counts(silent: 1))
    }

    @Test("or yes where that is configured, with a note that nobody was heard", arguments: Self.silences)
    func admitsOnSilence(step: ScriptedTransport.Step) async throws {
        let scene = try Scene(ScriptedTransport(step)) {
            $0.timeLimit = .milliseconds(50)
            $0.onSilence = .admit
        }
        let answer = try await scene.outcome().get()
        #expect(answer.attributes.isEmpty)
        #expect(answer.silence?.isEmpty == false)
    }

    @Test("asks nobody for a while after several silences, then one device at a time")
    func pauses() async throws {
        let scene = try Scene(
            ScriptedTransport(
                .failure("a"),
                .answer(503, ""),
                .failure("b"),
                .failure("c"),
                .answer(200, #"{"decision":"allow"}"#)
            )
        )
        for _ in 0..<3 { #expect(await scene.rule() == "authorise.silent") }
        #expect(scene.hook.isPaused)
        for _ in 0..<5 { #expect(await scene.rule() == "authorise.silent") }
        #expect(scene.transport.messages.count == 3)
        scene.clock.advance(seconds: 10)
        #expect(await scene.rule() == "authorise.silent")
        #expect(scene.transport.messages.count == 4)
        #expect(await scene.rule() == "authorise.silent")
        #expect(scene.transport.messages.count == 4)
        scene.clock.advance(seconds: 10)
        #expect(await scene.rule() == nil)
        #expect(await scene.rule() == nil)
        #expect(!scene.hook.isPaused)
        #expect(scene.hook.counts == AuthoriseHook.Counts(allowed: 2, silent: 4, paused: 6))
    }

    @Test("a no is an answer: it pauses nothing")
    func denialsDoNotPause() async throws {
        let scene = try Scene(ScriptedTransport(.answer(200, #"{"decision":"deny"}"#)))
        for _ in 0..<10 { #expect(await scene.rule() == "authorise.denied") }
        #expect(scene.transport.messages.count == 10)
    }

    @Test("many devices at once are asked about each, with a message of its own")
    func concurrent() async throws {
        let scene = try Scene(ScriptedTransport(.answer(200, #"{"decision":"allow"}"#)))
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 { group.addTask { await scene.rule() == nil } }
            for await isAllowed in group { #expect(isAllowed) }
        }
        let ids = scene.transport.messages.compactMap { $0.headers.first { $0.name == "webhook-id" }?.value }
        #expect(Set(ids).count == 50)
        #expect(scene.hook.counts == AuthoriseHook.Counts(allowed: 50))
    }
}
