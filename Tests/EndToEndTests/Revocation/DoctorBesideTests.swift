import EnrollmentTestKit
import Testing

@Suite("gatehouse doctor beside the service", .timeLimit(.minutes(25)))
struct DoctorBesideTests {
    @Test("has nothing to say of a new place, and names each CRL that went stale while nobody served")
    func stale() async throws {
        try await RunningGatehouse.serve(Place.Settings(movesClock: true)) { gatehouse in
            let place = gatehouse.place
            let well = try await place.command("doctor", "--all")
            #expect(well.status == 0, "\(well.output)")
            #expect(!well.output.contains("FAIL"), "\(well.output)")
            #expect(try await gatehouse.stop() == 0)
            try #require(place.clock).advance(days: 2)
            let stale = try await place.command("doctor", "--only", "crl")
            #expect(stale.status == 1, "\(stale.output)")
            for shard in 0..<8 { #expect(stale.output.contains("/\(shard) "), "\(stale.output)") }
            #expect(stale.output.contains("gatehouse crl publish "))

            let published = try await place.command("crl", "publish")
            #expect(published.status == 0, "\(published.output)")
            #expect(try await place.command("doctor", "--only", "crl").status == 0)
            try await gatehouse.start()
        }
    }
}
