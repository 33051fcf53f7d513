import DeviceSimulator
import EnrollmentTestKit
import Foundation
import SQLiteKit
import ServiceRuntime
import Testing
import X509Kit

@Suite("A mass revocation beside the service", .timeLimit(.minutes(25)))
struct MassRevocationTests {
    @Test(
        "thousands are revoked while devices enroll, who notice nothing, and every CRL lists its part within a minute"
    )
    func many() async throws {
        var settings = Place.Settings()
        settings.deviceLimit = 100
        try await RunningGatehouse.serve(settings) { gatehouse in
            let place = gatehouse.place
            let first = try await gatehouse.device(of: "kim")
            try RevokeTests.multiply(place, 3_000)
            let revoke = ["cert", "revoke", "--user", "kim@corp.example", "--reason", "left"]
            let rehearsal = try await place.run(revoke)
            let plan = try #require(rehearsal.output.firstMatch(of: /--plan (P-[0-9A-Z-]+)/)?.output.1)

            var simulation = try gatehouse.simulation("zoe", "pat")
            simulation.devices = 12
            simulation.concurrency = 3
            let enrolling = simulation
            async let report = enrolling.run(until: ShutdownSignal())
            let done = try await place.run(revoke + ["--commit", "--plan", String(plan)], seconds: 120)
            #expect(done.status == 0, "\(done.output)\(done.errors)")
            #expect(done.output.contains("Revoked 3,001 certificates"), "\(done.output)")
            let enrolled = await report
            #expect(enrolled.enrolled == 12, "\(enrolled.failures)")

            let address = try await place.facts(of: first.certificate).crl
            let base = try #require(address.range(of: "/", options: .backwards).map { address[...$0.lowerBound] })
            try await gatehouse.wait(for: "all on CRLs") {
                var count = 0
                for shard in 0..<8 {
                    let page = try await gatehouse.get("\(base)\(shard).crl")
                    count += try CertificateRevocationList(der: page.body).entries.count()
                }
                return count == 3_001
            }
            for device in enrolled.enrolledDevices {
                #expect(try await gatehouse.status(of: try #require(device.identity)) == .good)
            }
        }
    }
}
