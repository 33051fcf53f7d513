import Authority
import EnrollmentCore
import EnrollmentTestKit
import Testing

@Suite("The service of key rotation, when a key is somebody else's", .timeLimit(.minutes(25)))
struct CompromiseServiceTests {
    /// What is there when it happens.
    enum Scene: CaseIterable {
        case founded, issuerPrepared, issuerPublished, issuerDraining, rootPrepared, rootPublished

        func prepare(_ rig: RotationRig) async throws {
            switch self {
            case .founded: break
            case .issuerPrepared: try await rig.prepare("2026-b")
            case .issuerPublished, .issuerDraining:
                try await rig.prepare("2026-b")
                try await rig.perform(.publish, "2026-b")
                if self == .issuerDraining { try await rig.perform(.activate, "2026-b") }
            case .rootPrepared: try await rig.prepare("R2", .root)
            case .rootPublished:
                try await rig.prepare("R2", .root)
                try await rig.perform(.publish, "R2")
            }
        }
    }

    @Test(
        "a rehearsal says every move that the deed then makes, and leaves nothing behind",
        arguments: Scene.allCases,
        ["root-2026", "2026-a"]
    )
    func moves(_ scene: Scene, of id: String) async throws {
        let rig = try await RotationRig()
        try await scene.prepare(rig)
        let before = try await rig.store.issuers()
        let certificates = try await rig.founding.ledger.certificates(CertificateQuery()).elements.count
        let rehearsed = try await rig.service.rehearseCompromise(id, by: try rig.act(.compromise))
        #expect(try await rig.store.issuers() == before)
        #expect(try await rig.founding.ledger.certificates(CertificateQuery()).elements.count == certificates)
        let done = try await rig.service.compromise(id, by: try rig.act(.compromise))
        #expect(rehearsed == done)
        #expect(try await rig.state(id) == .compromised)
        let rotation = try await rig.service.rotation()
        #expect(rotation.below(compromised: id).isEmpty)
        let active = try #require(rotation.active(.issuing))
        #expect(rotation.isUsable(active))
        #expect(rotation.active(.root) != nil)
        // Once more there is nothing to do.
        #expect(try await rig.service.compromise(id, by: try rig.act(.compromise)) == [])
        #expect(try await rig.service.rotation().standings.map(\.state) == rotation.standings.map(\.state))
    }

    @Test("broken off at whichever call of the store, it goes on to the same end")
    func faults() async throws {
        var broken = 0
        for call in 0..<40 {
            let rig = try await RotationRig()
            try await Scene.issuerPublished.prepare(rig)
            rig.store.fail(at: call)
            guard try await Self.isBrokenOff(rig) else { break }
            broken += 1
            rig.store.fail(at: nil)
            _ = try await rig.service.compromise("root-2026", by: try rig.act(.compromise))
            let rotation = try await rig.service.rotation()
            #expect(rotation.below(compromised: "root-2026").isEmpty)
            let active = try #require(rotation.active(.issuing))
            #expect(rotation.isUsable(active))
            #expect(active.issuer.signedBy == rotation.active(.root)?.id)
        }
        #expect(broken > 5)
    }

    private static func isBrokenOff(_ rig: RotationRig) async throws -> Bool {
        let act = try rig.act(.compromise)
        do throws(EnrollmentError) {
            _ = try await rig.service.compromise("root-2026", by: act)
            return false
        } catch {
            #expect(error.rule == FailingStore.failure.rule)
            return true
        }
    }
}
