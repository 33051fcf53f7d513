import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing

@Suite("A server that is asked about every device", .timeLimit(.minutes(25)))
struct AuthoriseTests {
    /// Answers as `hook_server.py` does.
    private final class Hook: Sendable {
        private static let key = [UInt8](repeating: 9, count: 32)

        let folder: URL
        let port: String
        let process: FixtureProcess

        init() throws {
            self.folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-hook-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
            let made = FileManager.default.createFile(
                atPath: self.folder.appending(path: "secret").path,
                contents: Data("whsec_\(Data(Self.key).base64EncodedString())".utf8),
                attributes: [.posixPermissions: 0o600]
            )
            guard made else { throw Place.Failure(description: "no file for the secret") }
            let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent()
            let script = tests.appending(path: "ManagementLinkTests/Authorise/hook_server.py").path
            let output = self.folder.appending(path: "port").path
            self.process = try FixtureProcess(
                ["python3", script, Data(Self.key).base64EncodedString()],
                outputFile: output
            )
            self.port = try self.process.firstLine(of: output)
        }

        deinit {
            // Left behind at worst.
            try? FileManager.default.removeItem(at: self.folder)
        }

        /// The section of the configuration, with a comma behind it.
        func section(_ path: String, _ more: String = "") -> String {
            """
            handOff: { authorise: {
                url: "http://127.0.0.1:\(self.port)\(path)", allowedAddresses: ["loopback"], timeoutSeconds: 5,
                secrets: [{ file: "\(self.folder.appending(path: "secret").path)" }], \(more)
            } },
            """
        }
    }

    @Test("keeps a device out with a sentence of its own, which the attempt keeps", arguments: StoreKind.allCases)
    func denies(_ store: StoreKind) async throws {
        let hook = try Hook()
        defer { hook.process.kill() }
        var settings = Place.Settings()
        settings.more = hook.section("/deny")
        try await RunningGatehouse.serve(settings, on: store) { gatehouse in
            let fault = try await gatehouse.simulation("kim").fault().fault
            #expect(fault.errorType == "CustomServerError")
            #expect(fault.deviceCode == "0x80180032")
            #expect(fault.reason == "Only laptops.")
            let trace = try #require(fault.traceID)
            let attempt = try await gatehouse.place.document("attempt", ["attempt", "show", trace])["attempt"]
            #expect(attempt?["rule"]?.text == "authorise.denied")
            #expect(attempt?["sayThis"]?.text == "Only laptops.")
            #expect(try await gatehouse.place.devices().isEmpty)
        }
    }

    @Test("lets a device in, with what it knows of it in the event; its silence keeps devices out")
    func admits() async throws {
        let hook = try Hook()
        var settings = Place.Settings()
        settings.more = hook.section("/allow")
        try await RunningGatehouse.serve(settings) { gatehouse in
            let device = try await gatehouse.device(of: "kim")
            #expect(!device.entDMID.isEmpty)
            let told = "SELECT count(*) FROM outbox WHERE instr(details, CAST('attribute.user' AS BLOB)) > 0"
            #expect(try await gatehouse.place.query(told) == ["1"])

            hook.process.kill()
            let fault = try await gatehouse.simulation("lee").fault().fault
            #expect(fault.errorType == "InMaintenance")
            let trace = try #require(fault.traceID)
            #expect(try await gatehouse.place.attempt(trace).rule == "authorise.silent")
            #expect(try await gatehouse.place.devices().count == 1)
        }
    }

    @Test("lets devices in although it is silent, where that is configured, and the attempt says so")
    func admitsOnSilence() async throws {
        let hook = try Hook()
        hook.process.kill()
        var settings = Place.Settings()
        settings.more = hook.section("/allow", "onSilence: \"admit\",")
        try await RunningGatehouse.serve(settings) { gatehouse in
            _ = try await gatehouse.device(of: "kim")
            let attempts = try await gatehouse.place.document(
                "attempt-list",
                ["attempt", "list", "--operation", "enrollment", "--outcome", "succeeded"]
            )
            guard case .array(let steps)? = attempts["attempts"]?[0]?["steps"] else {
                Issue.record("no steps")
                return
            }
            let step = try #require(steps.first { $0["name"]?.text == "authorise" })
            #expect(step["succeeded"] == .boolean(true))
            #expect(step["note"]?.text?.contains("no answer") == true)
        }
    }
}
