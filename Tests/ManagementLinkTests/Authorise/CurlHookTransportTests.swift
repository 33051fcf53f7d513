import CurlKit
import EnrollmentCore
import EnrollmentTestKit
import Foundation
import Logging
import OpenSSLKit
import Testing

@testable import ManagementLink

@Suite("The authorise hook over HTTP", .timeLimit(.minutes(25)))
struct CurlHookTransportTests {
    /// A server of the operator's.
    final class Server: Sendable {
        static let secret = [UInt8](repeating: 5, count: 32)

        let port: Int
        private let process: FixtureProcess
        private let output: String

        init() throws {
            self.output = FileManager.default.temporaryDirectory.appending(path: "hook-\(UUID().uuidString)").path
            let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "hook_server.py").path
            self.process = try FixtureProcess(
                ["python3", script, Base64.encode(Self.secret)],
                outputFile: self.output
            )
            self.port = Int(try self.process.firstLine(of: self.output)) ?? 0
        }

        deinit {
            self.process.kill()
            // Left behind at worst.
            try? FileManager.default.removeItem(atPath: self.output)
        }
    }

    private static func hook(
        _ url: String,
        secret: [UInt8] = Server.secret,
        guarded: Bool = false,
        timeLimit: Duration = .seconds(20)
    ) throws -> AuthoriseHook {
        var options = CurlOptions()
        options.addressGuard = AddressGuard(allowing: guarded ? [] : [.loopback])
        return AuthoriseHook(
            AuthoriseSettings(name: url, timeLimit: timeLimit, failuresToPause: 100),
            source: ExampleEvents.source,
            signer: try WebhookSigner(secrets: [Redacted("whsec_" + Base64.encode(secret))]),
            transport: try CurlHookTransport(url: url, options: options),
            clock: ManualClock(),
            random: HookRandom(),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
    }

    private struct HookRandom: RandomSource {
        private let source = SeededRandom()

        func octets(_ count: Int) throws(EnrollmentError) -> [UInt8] { self.source.octets(count) }
    }

    private static func outcome(_ hook: AuthoriseHook) async -> Result<AuthorisationAnswer, EnrollmentError> {
        do throws(EnrollmentError) {
            return .success(try await hook.authorise(ExampleEvents.question))
        } catch {
            return .failure(error)
        }
    }

    @Test("asks a real server, which checks the signature, and hears yes and no")
    func answers() async throws {
        let server = try Server()
        let yes = try Self.hook("http://127.0.0.1:\(server.port)/allow")
        #expect(try await Self.outcome(yes).get().attributes == [Fact("user", "kim@corp.example")])
        #expect(try await Self.outcome(yes).get().attributes == [Fact("user", "kim@corp.example")])
        let no = try Self.hook("http://127.0.0.1:\(server.port)/deny")
        guard case .failure(let error) = await Self.outcome(no) else {
            Issue.record("allowed")
            return
        }
        #expect(error.code == .denied)
        #expect(error.reasonForUser == "Only laptops.")
    }

    @Test(
        "takes no answer, a broken one, a redirect or one that is too large for silence",
        arguments: ["/large", "/moved", "/reset", "/nothing"]
    )
    func silence(path: String) async throws {
        let server = try Server()
        guard case .failure(let error) = await Self.outcome(try Self.hook("http://127.0.0.1:\(server.port)\(path)"))
        else {
            Issue.record("allowed")
            return
        }
        #expect(error.rule == "authorise.silent")
    }

    @Test("waits no longer than it may, though the server takes its time")
    func timeLimit() async throws {
        let server = try Server()
        let hook = try Self.hook("http://127.0.0.1:\(server.port)/slow", timeLimit: .milliseconds(300))
        guard case .failure(let error) = await Self.outcome(hook) else {
            Issue.record("allowed")
            return
        }
        // After 20 seconds the server would say yes.
        #expect(error.rule == "authorise.silent")
    }

    @Test("hears nothing of a server that knows another secret, is not there, or may not be asked")
    func unheard() async throws {
        let server = try Server()
        let hooks = [
            try Self.hook("http://127.0.0.1:\(server.port)/allow", secret: [UInt8](repeating: 6, count: 32)),
            try Self.hook("http://127.0.0.1:\(FreePort.find())/allow"),
            try Self.hook("http://127.0.0.1:\(server.port)/allow", guarded: true),
        ]
        for hook in hooks {
            guard case .failure(let error) = await Self.outcome(hook) else {
                Issue.record("allowed")
                continue
            }
            #expect(error.rule == "authorise.silent")
        }
    }

    @Test("a hundred devices at once are answered over a few connections")
    func concurrent() async throws {
        let server = try Server()
        let hook = try Self.hook("http://127.0.0.1:\(server.port)/allow")
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<100 {
                group.addTask { if case .success = await Self.outcome(hook) { true } else { false } }
            }
            for await isAllowed in group { #expect(isAllowed) }
        }
        #expect(hook.counts == AuthoriseHook.Counts(allowed: 100))
    }
}
