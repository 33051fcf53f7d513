import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Glibc
import Testing

@Suite("Issuing with a key on a token", .timeLimit(.minutes(25)))
struct TokenTroubleTests {
    @Test("a token that is pulled out is a fault that says so, and its return needs no restart")
    func pulledOut() async throws {
        let configured = try await ConfiguredToken()
        let token = configured.soft
        var settings = Place.Settings(more: configured.section, tellsStatus: true)
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

    @Test("a module whose calls do not return keeps neither the service nor a command from ending as it should")
    func hanging() async throws {
        let module = try await WatchedModule()
        let token = try await ConfiguredToken(module)
        var settings = Place.Settings(more: token.section, tellsStatus: true)
        settings.initOptions = ["--token", "hsm"]
        try await RunningGatehouse.serve(settings) { gatehouse in
            let place = gatehouse.place
            #expect(try module.takeCalls().filter { $0 == "finalize" } == ["finalize"], "init has closed it")
            _ = try await gatehouse.simulation("kim").enroll()
            for arguments in [["doctor", "--only", "pkcs11", "--only", "keys"], ["crl", "publish"]] {
                let run = try await place.command(arguments)
                #expect(run.status == 0, "\(run.output)")
                #expect(try module.takeCalls().suffix(1) == ["finalize"], "\(arguments)")
            }
            _ = try await place.command("ca", "status")
            #expect(try module.takeCalls().isEmpty, "it signs nothing")

            try module.hang(true)
            let fault = try await gatehouse.simulation("kim").fault().fault
            #expect(fault.errorType == "InMaintenance")
            let attempt = try await place.attempt(try #require(fault.traceID))
            #expect(attempt.rule == "token.timeLimit")
            _ = try module.takeCalls()
            let stuck = try await place.command("doctor", "--only", "keys")
            #expect(stuck.status == 1)
            #expect(stuck.output.contains("did not answer in time"), "\(stuck.output)")
            #expect(try await gatehouse.stop() == 0)
            #expect(gatehouse.log.contains("a call into a token's module does not return"))
            #expect(try module.takeCalls().contains("late") == false)

            try module.hang(false)
            try await gatehouse.start()
            _ = try await gatehouse.simulation("kim").enroll()
            #expect(try await gatehouse.stop() == 0)
            #expect(try module.takeCalls().suffix(1) == ["finalize"])
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
