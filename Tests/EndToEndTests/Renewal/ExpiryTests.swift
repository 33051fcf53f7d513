import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing

@Suite("Renewal after the end", .timeLimit(.minutes(25)))
struct ExpiryTests {
    @Test("a certificate that has ended renews only with a permit, once; the refusal names the way out")
    func expired() async throws {
        try await RunningGatehouse.serve(Place.Settings(movesClock: true)) { gatehouse in
            let place = gatehouse.place
            let device = try await gatehouse.device(of: "kim")
            let folder = place.folder.appending(path: "identity").path
            try IdentityFolder(folder).create(device)
            try #require(place.clock).advance(days: 366)
            let verdict = try await place.renewInTime(folder)
            #expect(verdict.status == 1)
            #expect(verdict.output.contains("NotEligibleToRenew"), "\(verdict.output)")
            let trace = try #require(verdict.output.firstMatch(of: /trace ([0-9A-Za-z-]+)/)?.output.1)
            #expect(try await place.attempt(String(trace)).rule == "renewal.expired")
            let screen = try await place.command("attempt", "show", String(trace))
            #expect(screen.output.contains("device permit --renewal"), "\(screen.output)")

            let permit = try await place.command(
                ["device", "permit", device.entDMID, "--renewal", "--reason", "was in a drawer"]
            )
            #expect(permit.status == 0, "\(permit.output)")
            let renewed = try await place.renewInTime(folder)
            #expect(renewed.status == 0, "\(renewed.output)")
            #expect(try await place.devices().map(\.state) == ["active"])
            #expect(try IdentityFolder(folder).read().renewals == 1)
            // Once: the certificate before has ended and the permit is used.
            let other = place.folder.appending(path: "former").path
            try IdentityFolder(other).create(device)
            let again = try await place.renewInTime(other)
            #expect(again.status == 1 && again.output.contains("NotEligibleToRenew"), "\(again.output)")
        }
    }
}

extension Place {
    /// A renewal by the simulator's command, which goes by this place's clock.
    fileprivate func renewInTime(_ folder: String) async throws -> ExternalCommand.Outcome {
        let line = self.line(
            ["simulate", "windows", "renew", "--identity", folder, "--ca", self.rootFile.path]
                + ["--resolve", self.resolution]
        )
        return try await ExternalCommand.run(line[0], Array(line.dropFirst()), seconds: 30)
    }
}
