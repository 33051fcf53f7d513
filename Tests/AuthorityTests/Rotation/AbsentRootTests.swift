import Authority
import EnrollmentCore
import EnrollmentTestKit
import Testing

@Suite("The service of key rotation, while a root's key is elsewhere", .timeLimit(.minutes(25)))
struct AbsentRootTests {
    /// Has every key but that of the first root.
    private struct Keys: IssuerKeySource {
        let vault: Vault

        func key(of issuer: IssuerRecord) throws(EnrollmentError) -> any IssuerKey { try self.vault.key(of: issuer) }

        func isAtHand(_ issuer: IssuerRecord) -> Bool { issuer.id != "root-2026" && self.vault.isAtHand(issuer) }
    }

    private static func service(_ rig: RotationRig) throws -> RotationService {
        let vault = rig.founding.vault
        return try RotationRig.service(over: rig.store, vault, rig.clock, keys: Keys(vault: vault))
    }

    @Test("a refusal to retire it names the command that makes its last CRLs, valid to its end")
    func lastCRLs() async throws {
        let rig = try await RotationRig()
        for (id, role) in [("R2", IssuerRecord.Role.root), ("2026-b", .issuing)] {
            try await rig.prepare(id, role)
            try await rig.perform(.publish, id)
            try await rig.perform(.activate, id)
        }
        rig.clock.advance(seconds: 398 * 86_400)
        try await rig.perform(.retire, "2026-a")
        let service = try Self.service(rig)
        let end = try KeyRotation.end(of: try #require(try await rig.store.issuers().first { $0.id == "root-2026" }))
        let days = end.seconds(since: rig.clock.now) / 86_400 + 2
        let act = try rig.act(.retire)
        let rehearsed = await #expect(throws: EnrollmentError.self) {
            try await service.rehearse(.retire, "root-2026", by: act)
        }
        let refused = await #expect(throws: EnrollmentError.self) {
            try await service.perform(.retire, "root-2026", by: act)
        }
        for error in [rehearsed, refused] {
            #expect(error?.rule == "rotation.last-crl")
            let detail = error?.detail ?? ""
            #expect(detail.contains("gatehouse crl publish root-2026 --offline FILE --days \(days)"), "\(detail)")
        }
        // At hand, it makes them itself.
        try await rig.perform(.retire, "root-2026")
    }

    @Test("an issuer whose place nobody can take is stopped only upon demand, as rehearsed, and followed step by step")
    func freeze() async throws {
        let rig = try await RotationRig()
        let service = try Self.service(rig)
        let refused = await #expect(throws: EnrollmentError.self) {
            try await service.compromise("2026-a", by: try rig.act(.compromise))
        }
        #expect(refused?.rule == "rotation.root-elsewhere")
        #expect(try await rig.state("2026-a") == .active)
        let rehearsed = try await service.rehearseCompromise("2026-a", freezing: true, by: try rig.act(.compromise))
        #expect(try await rig.state("2026-a") == .active)
        let done = try await service.compromise("2026-a", freezing: true, by: try rig.act(.compromise))
        #expect(done == [.init(id: "2026-a", from: .active, to: .compromised)])
        #expect(rehearsed == done)
        let rotation = try await service.rotation()
        #expect(rotation.active(.issuing) == nil)
        #expect(rotation.frozen(.issuing)?.id == "2026-a")
        #expect(try await service.compromise("2026-a", freezing: true, by: try rig.act(.compromise)) == [])
        // The root is brought.
        try await rig.prepare("2026-b")
        for verb in [RotationVerb.publish, .activate] { try await rig.perform(verb, "2026-b") }
        #expect(try await rig.service.rotation().active(.issuing)?.id == "2026-b")
    }

    @Test("a freeze leaves nobody out whose place somebody can take")
    func needless() async throws {
        let rig = try await RotationRig()
        try await rig.prepare("2026-b")
        let all = try await rig.service.rotation()
        let course = CompromiseCourse(of: "root-2026", in: all, freezing: true) { _ in false }
        // A new root is made here, whatever is at hand; below it nothing is missing.
        #expect(course.stops.allSatisfy { $0.waitsFor == nil && $0.frozenFor == nil })
        let issuing = CompromiseCourse(of: "2026-a", in: all, freezing: true) { _ in false }
        #expect(issuing.stops.map(\.successor) == [.prepared("2026-b")])
    }
}
