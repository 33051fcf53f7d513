import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing

@Suite("One enrollment, from discovery to a certificate", .timeLimit(.minutes(25)))
struct EnrollmentTests {
    @Test(
        "a device enrolls, its certificate convinces OpenSSL, and the commands show it",
        arguments: StoreKind.allCases
    )
    func one(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(on: store) { gatehouse in
            let outcome = try #require(await gatehouse.simulation("kim").run().outcomes.first)
            let enrolled = try outcome.result.get()
            #expect(enrolled.provedPossession)
            #expect(enrolled.seenByServer?.hasPrefix("verified") == true)

            let place = gatehouse.place
            let verdict = try await place.judge(enrolled)
            #expect(verdict.status == 0, "\(verdict.output)")

            let devices = try await place.devices()
            #expect(devices.map(\.id) == [enrolled.entDMID])
            #expect(devices.map(\.state) == ["active"])
            #expect(devices.map(\.owner) == ["kim@corp.example"])
            #expect(devices.map(\.name) == [outcome.device.name])

            let certificates = try await place.certificates().filter { $0.profile == "device/1" }
            #expect(certificates.map { $0.serialNumber.uppercased() } == [enrolled.serialNumber])
            #expect(certificates.map(\.state) == ["issued"])
            #expect(certificates.first?.pem.map { enrolled.certificatePEM.hasPrefix($0) } == true)

            let user = try await place.user("kim@corp.example")
            #expect(user.counted == 1 && user.limit == 10)

            // Successes that nobody asks help desk about are written a moment later, at the latest at the end.
            #expect(try await gatehouse.stop() == 0)
            let attempts = try await place.attempts()
            #expect(Set(attempts.map(\.operation)) == ["enrollment", "policy", "discovery"])
            #expect(attempts.count == 3)
            #expect(attempts.allSatisfy { $0.outcome == "succeeded" })
            let trace = try #require(attempts.first { $0.operation == "enrollment" }).trace
            let attempt = try await place.attempt(trace)
            #expect(attempt.serialNumber?.uppercased() == enrolled.serialNumber)
            #expect(attempt.steps.allSatisfy { $0.succeeded })

            for look in [["device", "show", enrolled.entDMID], ["cert", "show", enrolled.serialNumber]] {
                let screen = try await place.command(look)
                #expect(screen.status == 0, "\(screen.output)")
            }
        }
    }

    @Test("a device that asks for the machine's certificate store gets its certificate there")
    func machine() async throws {
        try await RunningGatehouse.serve { gatehouse in
            var simulation = try gatehouse.simulation("kim")
            simulation.profile.enrollmentType = .device
            let verdict = try await gatehouse.place.judge(try await simulation.enroll())
            #expect(verdict.status == 0, "\(verdict.output)")
            #expect(try await gatehouse.place.devices().map(\.enrollmentType) == ["device"])
        }
    }

    @Test(
        "a person is the same one by whichever name they sign in",
        arguments: ["zoe@corp.example", "ZOE@Corp.Example", "CORP\\zoe", "corp\\ZOE", "zoe"]
    )
    func names(_ name: String) async throws {
        try await RunningGatehouse.serve { gatehouse in
            let user = SimulatedUser(name: name, password: Person.password(of: "zoe"))
            _ = try await gatehouse.simulation(of: [user]).enroll()
            #expect(try await gatehouse.place.devices().map(\.owner) == ["zoe@corp.example"])
        }
    }

    @Test(
        "the same hardware of the same user takes over its slot, even when the limit is reached",
        arguments: StoreKind.allCases
    )
    func takeover(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(Place.Settings(deviceLimit: 1), on: store) { gatehouse in
            var simulation = try gatehouse.simulation("kim")
            simulation.seed = 7
            let first = try await simulation.enroll()
            let second = try await simulation.enroll()
            #expect(first.serialNumber != second.serialNumber)
            #expect(first.entDMID == second.entDMID)
            let devices = try await gatehouse.place.devices()
            #expect(devices.map(\.id) == [second.entDMID])
            // Enrolled, enrolled again, and the former certificate superseded once the new one was seen.
            #expect(devices.map(\.generation) == [3])
            #expect(try await gatehouse.place.user("kim@corp.example").counted == 1)

            simulation.seed = 8
            #expect(try await simulation.fault().fault.errorType == "DeviceCapReached")
        }
    }

    @Test(
        "what a request asks for beyond a key is not copied",
        arguments: [RequestVariation.certificateAuthority, .extraNames]
    )
    func greed(_ variation: RequestVariation) async throws {
        try await RunningGatehouse.serve { gatehouse in
            var simulation = try gatehouse.simulation("kim")
            simulation.variation = variation
            let enrolled = try await simulation.enroll()
            let text = try await gatehouse.place.text(of: enrolled)
            #expect(text.contains("CA:FALSE"))
            #expect(!text.contains("CA:TRUE"))
            #expect(!text.contains("enterpriseenrollment.example.test"))
            #expect(!text.contains("DNS:"))
        }
    }

    @Test("a request with its name in a PrintableString that ends in a NUL is enrolled")
    func printable() async throws {
        try await RunningGatehouse.serve { gatehouse in
            var simulation = try gatehouse.simulation("kim")
            simulation.variation = .printableString
            let verdict = try await gatehouse.place.judge(try await simulation.enroll())
            #expect(verdict.status == 0, "\(verdict.output)")
        }
    }
}

extension Place {
    /// What `openssl verify` says of a certificate, given nothing but the root and what the device got.
    fileprivate func judge(_ enrolled: EnrolledDevice) async throws -> ExternalCommand.Outcome {
        let file = try self.write(enrolled)
        return try await ExternalCommand.run(
            "openssl",
            ["verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", self.rootFile.path]
                + ["-untrusted", file, file]
        )
    }

    fileprivate func text(of enrolled: EnrolledDevice) async throws -> String {
        try await ExternalCommand.run("openssl", ["x509", "-in", try self.write(enrolled), "-noout", "-text"]).output
    }

    private func write(_ enrolled: EnrolledDevice) throws -> String {
        let file = self.folder.appending(path: "\(enrolled.serialNumber).pem")
        try Data(enrolled.certificatePEM.utf8).write(to: file)
        return file.path
    }
}
