import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing
import X509Kit

@Suite("Retention", .timeLimit(.minutes(25)))
struct RetentionTests {
    @Test("what is old enough goes; answers and CRLs say what they said before, and a proof stays")
    func prunes() async throws {
        let settings = Place.Settings(
            more: "renewal: { windowDays: 400 }, retention: { attemptDays: 1, certificateDays: 1 },",
            movesClock: true
        )
        try await RunningGatehouse.serve(settings) { gatehouse in
            let place = gatehouse.place
            let clock = try #require(place.clock)
            let first = try await gatehouse.device(of: "kim")
            let second = try await gatehouse.renew(first)
            let third = try await gatehouse.device(of: "zoe")
            let address = try await place.facts(of: first.certificate).crl
            try await gatehouse.wait(for: "superseded") { try await gatehouse.isRevoked(first) }
            #expect(try await gatehouse.stop() == 0)

            // An entry stays for one CRL after the end: none may be pruned before the CRL after that one.
            for _ in 1...2 {
                try clock.advance(days: 367)
                try await gatehouse.start()
                try await gatehouse.wait(for: "a CRL of these days") {
                    let list = try CertificateRevocationList(der: try await gatehouse.get(address).body)
                    return try list.thisUpdateSeconds() > clock.now - 3_600
                }
                #expect(try await gatehouse.stop() == 0)
            }
            try await gatehouse.start()
            let audit = StoreAudit(place)
            try await gatehouse.wait("pruned") { try await audit.everIssued().isEmpty }
            let serials = try [first, second, third].map { try Certificate(der: $0.certificate).serialNumber }
            let question = try OCSPQuestion(serials, of: first.issuers[0])
            let statuses = try await gatehouse.ask(question).singles.map(\.status)
            guard statuses.count == 3, case .revoked(_, .superseded) = statuses[0] else {
                Issue.record("\(statuses)")
                return
            }
            #expect(Array(statuses.dropFirst()) == [.good, .good])
            for device in [first, second, third] {
                let serial = try Certificate(der: device.certificate).hexadecimalSerial
                let screen = try await place.command("cert", "show", serial)
                #expect(screen.status == 0, "\(screen.output)")
                #expect(screen.output.hasPrefix("\(serial)  pruned"), "\(screen.output)")
                let proof = try await place.document("cert-proof", ["cert", "show", serial])
                #expect(proof["sha256"]?.text == (try await place.thumbprint(of: device)))
                #expect((proof["revocation"] == .null) == (device.certificate != first.certificate))
                _ = try await place.problem(["cert", "show", serial, "--pem"], status: 3)
            }
            #expect(try await place.attempts().isEmpty)
            try await audit.expectSound()
        }
    }
}

extension RunningGatehouse {
    /// Whether answers say that the certificate is revoked.
    fileprivate func isRevoked(_ device: DeviceIdentity) async throws -> Bool {
        if case .revoked? = try await self.status(of: device) { true } else { false }
    }
}
