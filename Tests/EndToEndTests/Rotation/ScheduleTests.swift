import DeviceSimulator
import EnrollmentCore
import EnrollmentTestKit
import Foundation
import Testing
import X509Kit

@Suite("A schedule of key rotation", .timeLimit(.minutes(25)))
struct ScheduleTests {
    @Test("prepares and publishes when due, activates after the overlap, and takes a change while it serves")
    func schedule() async throws {
        var settings = Place.Settings(movesClock: true)
        settings.tellsStatus = true
        try await RunningGatehouse.serve(settings) { gatehouse in
            let clock = try #require(gatehouse.place.clock)
            _ = try await gatehouse.device(of: "kim")
            let first = try await gatehouse.place.query("SELECT id FROM issuer WHERE role = 'issuing'")
            try await gatehouse.wait("the figures") {
                let samples = try await gatehouse.figures("gatehouse_issuer_state")
                return samples["{issuer=\"\(first[0])\",role=\"issuing\",state=\"active\"}"] == 1
            }
            settings.more = """
                rotation: { issuing: { everyMonths: 2, overlapDays: 20, activate: "when-due", algorithm: "ecdsa-p384" } },
                """
            try await gatehouse.reload(settings)
            func states() async throws -> [String] {
                try await gatehouse.place.query("SELECT state FROM issuer WHERE role = 'issuing' ORDER BY ordinal")
            }
            #expect(try await states() == ["active"])
            try clock.advance(days: 45)
            try await gatehouse.wait("the next issuer") { try await states() == ["active", "published"] }
            try clock.advance(days: 21)
            try await gatehouse.wait("the change") { try await states() == ["draining", "active"] }
            let id = try #require(
                try await gatehouse.place.query("SELECT id FROM issuer WHERE role = 'issuing' AND state = 'active'")
                    .first
            )
            #expect(!first.contains(id))
            let issuer = try Certificate(der: try await gatehouse.get("/pki/issuer/\(id).cer").body)
            // No device of today takes part in the future; the listener's own certificate comes from the new one.
            #expect(try issuer.subjectKey().der.count > 100, "P-384")
            try await gatehouse.wait("the listener's certificate") {
                try await gatehouse.place.query(
                    """
                    SELECT c.issuer_id FROM service_certificate s JOIN certificate c ON c.serial = s.serial
                    WHERE s.use = 'tls' ORDER BY s.ordinal DESC LIMIT 1
                    """
                ) == [id]
            }
            let acts = try await gatehouse.place.query("SELECT verb FROM act WHERE actor = 'schedule' ORDER BY ordinal")
            #expect(acts == ["prepare-issuer", "publish-issuer", "activate-issuer"])
        }
    }

    @Test("goes on with issuing authorities while a root's step fails, and says why it does")
    func oneFails() async throws {
        var settings = Place.Settings(movesClock: true)
        settings.tellsStatus = true
        try await RunningGatehouse.serve(settings) { gatehouse in
            let clock = try #require(gatehouse.place.clock)
            try await gatehouse.place.rotating { desk in try await desk.prepare("R2", .root) }
            // Sealed for another issuer, it does not open, so that its link certificates cannot be made.
            try await gatehouse.place.query(
                "UPDATE issuer SET sealed_key = (SELECT sealed_key FROM issuer WHERE id = 'R1') WHERE id = 'R2'"
            )
            settings.more = """
                rotation: {
                    issuing: { everyMonths: 2, overlapDays: 20 }, root: { everyMonths: 2, overlapDays: 30 },
                },
                """
            try await gatehouse.reload(settings)
            try clock.advance(days: 45)
            try await gatehouse.wait("the next issuer") {
                try await gatehouse.place.query("SELECT state FROM issuer WHERE role = 'issuing' ORDER BY ordinal")
                    == ["active", "published"]
            }
            #expect(try await gatehouse.place.query("SELECT state FROM issuer WHERE id = 'R2'") == ["prepared"])
            #expect(gatehouse.log.contains("key rotation does not go on by its schedule"))
        }
    }
}
