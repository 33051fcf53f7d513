import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Glibc
import Testing

@Suite("Issuing with a key on a token", .timeLimit(.minutes(25)))
struct TokenTroubleTests {
    /// The section of a configuration that names the token `hsm`, with its PIN in a file of the test's own.
    private static func section(_ token: SoftToken, pin: URL) throws -> String {
        let made = FileManager.default.createFile(
            atPath: pin.path,
            contents: Data("\(token.pin)\n".utf8),
            attributes: [.posixPermissions: 0o600]
        )
        try #require(made)
        return """
            tokens: [{
                name: "hsm", module: "\(try SoftHSM.shared().module)", label: "\(token.label)",
                pin: { file: "\(pin.path)" }, sessions: 2,
            }],
            """
    }

    @Test("a token that is pulled out is a fault that says so, and its return needs no restart")
    func pulledOut() async throws {
        let token = try await SoftHSM.shared().makeToken()
        let pin = FileManager.default.temporaryDirectory.appending(path: "pin-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: pin) }  // Left behind at worst.
        var settings = Place.Settings(more: try Self.section(token, pin: pin), tellsStatus: true)
        settings.initOptions = ["--token", "hsm", "--root-token", "hsm"]
        try await RunningGatehouse.serve(settings) { gatehouse in
            let first = try await gatehouse.simulation("kim").enroll()
            let place = gatehouse.place
            let examined = try await place.command("doctor", "--only", "pkcs11", "--only", "keys", "--json")
            #expect(examined.output.contains("on a token, belongs to its certificate, signs"), "\(examined.output)")
            #expect(examined.output.contains("logged in; keys of "), "\(examined.output)")

            try token.pullOut()
            // Whoever is being served meanwhile may still get a signature.
            var fault: DeviceFault?
            try await gatehouse.wait("the token is missed") {
                fault = await (try gatehouse.simulation("kim").run()).faults.first
                return fault != nil
            }
            #expect(fault?.errorType == "InMaintenance")
            #expect(fault?.deviceCode == "0x80180017")
            let attempt = try await place.attempt(try #require(fault?.traceID))
            #expect(attempt.rule == "token.away")
            #expect(gatehouse.log.contains("token is out of reach"))
            let looked = try await place.command("doctor", "--only", "pkcs11")
            #expect(looked.status == 1)
            #expect(looked.output.contains("no token is labelled"), "\(looked.output)")

            // It starts without its token as well, and says why nobody enrolls.
            #expect(try await gatehouse.stop() == 0)
            try await gatehouse.start()
            let again = try await gatehouse.simulation("kim").fault().fault
            #expect(again.errorType == "InMaintenance")
            let number = gatehouse.processIdentifier

            try token.putBack()
            var second: EnrolledDevice?
            try await gatehouse.wait("the token is found again") {
                second = await (try gatehouse.simulation("kim").run()).enrolledDevices.first
                return second != nil
            }
            #expect(gatehouse.processIdentifier == number)
            #expect(gatehouse.log.contains("token is back"))
            #expect(first.certificate != second?.certificate)
            #expect(!gatehouse.log.contains(token.pin))
        }
    }

    @Test("a token that is not configured is refused before anything is made")
    func unknown() async throws {
        let place = try Place(
            unfounded: Place.Settings(),
            directory: try RunningGatehouse.directory.get(),
            store: .sqlite
        )
        let outcome = try await place.command("init", "--token", "hsm")
        #expect(outcome.status == 2)
        #expect(outcome.output.contains("the configuration has no token hsm"), "\(outcome.output)")
        #expect(!FileManager.default.fileExists(atPath: place.folder.appending(path: "gatehouse.db").path))
    }
}
