import EnrollmentCore
import Testing

@Suite("Key rotation")
struct KeyRotationTests {
    private func world(_ moves: RotationWorld.Move...) -> RotationWorld {
        var world = RotationWorld.founded
        for move in moves {
            if case .refused(let refusal) = world.make(move) { Issue.record("\(move): \(refusal.sentence)") }
        }
        return world
    }

    private func refusal(_ world: RotationWorld, _ verb: RotationVerb, _ id: String) -> RotationRefusal? {
        do throws(RotationRefusal) {
            _ = try world.rotation.change(verb, id)
            return nil
        } catch {
            return error
        }
    }

    @Test("an issuer's whole life: prepared, published, active, draining, crl-only, retired")
    func life() {
        let world = self.world(
            .prepare("B", .issuing),
            .verb(.publish, "B"),
            .verb(.activate, "B"),
            .verb(.drain, "A"),
            .end("A"),
            .settle,
            .verb(.retire, "A")
        )
        #expect(world.rotation.standings.map(\.state) == [.active, .retired, .active])
        #expect(world.rotation.active(.issuing)?.id == "B")
    }

    @Test("what was done already is nothing to do", arguments: [RotationVerb.publish, .activate, .drain])
    func again(verb: RotationVerb) throws {
        var world = self.world(.prepare("B", .issuing), .verb(.publish, "B"))
        if verb != .publish { _ = world.make(.verb(.activate, "B")) }
        let id = verb == .drain ? "A" : "B"
        if verb == .drain { _ = world.make(.verb(.drain, "A")) }
        let change = try world.rotation.change(verb, id)
        #expect(change.isNothing)
        #expect(change.announcements.isEmpty)
    }

    @Test("a root waits until devices are known to trust it, unless a reason is given")
    func gate() throws {
        var world = self.world(.prepare("R2", .root), .verb(.publish, "R2"))
        let refusal = self.refusal(world, .activate, "R2")
        #expect(refusal?.reason == .notAdopted(missing: 10, of: 10, threshold: 95))
        #expect(refusal?.sentence == "10 of 10 live devices are not known to trust R2; the threshold is 95 %.")
        #expect(EnrollmentError(try #require(refusal)).rule == "rotation.not-adopted")
        #expect(try world.rotation.change(.activate, "R2", overriding: "they are ours").overridden == "they are ours")
        _ = world.make(.adopt("R2"))
        #expect(try world.rotation.change(.activate, "R2", overriding: "not needed").overridden == nil)
    }

    @Test("of a compromised active issuer the successor takes the place in the same step")
    func compromise() throws {
        var world = self.world(.prepare("B", .issuing))
        #expect(self.refusal(world, .compromise, "A")?.reason == .noSuccessor)
        _ = world.make(.verb(.publish, "B"))
        let change = try world.rotation.change(.compromise, "A")
        #expect(
            change.moves == [
                .init(id: "A", from: .active, to: .compromised), .init(id: "B", from: .published, to: .active),
            ]
        )
        #expect(change.revokedIssuers == ["A": .cACompromise])
        #expect(change.destroyedKeys.isEmpty)
    }

    @Test("an active issuer whose place nobody can take is stopped only upon demand; its successor comes step by step")
    func freeze() throws {
        var world = self.world(.prepare("B", .issuing))
        #expect(self.refusal(world, .compromise, "A")?.remedy.contains("gatehouse ca compromise A --freeze") == true)
        #expect(
            try world.rotation.change(.compromise, "A", freezing: true).moves
                == [.init(id: "A", from: .active, to: .compromised)]
        )
        _ = world.make(.freeze("A"))
        #expect(world.rotation.active(.issuing) == nil)
        #expect(world.rotation.frozen(.issuing)?.id == "A")
        #expect(world.rotation.frozen(.root) == nil)
        for verb in [RotationVerb.publish, .activate] { _ = world.make(.verb(verb, "B")) }
        #expect(world.rotation.active(.issuing)?.id == "B")
        #expect(world.rotation.frozen(.issuing) == nil)
        // With somebody there, the flag changes nothing.
        var ready = self.world(.prepare("B", .issuing), .verb(.publish, "B"))
        _ = ready.make(.freeze("A"))
        #expect(ready.rotation.active(.issuing)?.id == "B")
    }

    @Test("what a compromised root signed is neither published nor activated, nor does it succeed anybody")
    func below() {
        var world = self.world(.prepare("B", .issuing), .prepare("R2", .root), .verb(.publish, "R2"))
        _ = world.make(.verb(.compromise, "R1"))
        #expect(world.rotation.active(.root)?.id == "R2")
        #expect(self.refusal(world, .publish, "B")?.reason == .signerCompromised("R1"))
        #expect(world.rotation.below(compromised: "R1").map(\.id) == ["A", "B"])
        #expect(self.refusal(world, .compromise, "A")?.reason == .noSuccessor)
        #expect(self.refusal(world, .prepare, "B")?.reason == .idTaken)
    }

    @Test("a root that is in use names the issuers that hang on it, and no devices")
    func usedRoot() throws {
        var world = self.world(.prepare("R2", .root), .verb(.publish, "R2"), .adopt("R2"), .verb(.activate, "R2"))
        let refusal = try #require(self.refusal(world, .retire, "R1"))
        #expect(refusal.reason == .issuersBelow(["A"]))
        #expect(refusal.rule == "rotation.in-use")
        #expect(refusal.sentence == "A hangs on R1.")
        #expect(refusal.remedy == "retire what hangs on it first: gatehouse ca retire A")
        _ = world.make(.prepare("B", .issuing))
        _ = world.make(.verb(.publish, "B"))
        _ = world.make(.verb(.activate, "B"))
        // Of an issuing authority devices are told of.
        #expect(self.refusal(world, .retire, "A")?.reason == .inUse(10))
    }

    @Test("what has ended is not activated, and signs nothing below it")
    func ended() {
        let world = self.world(.prepare("B", .issuing))
        let later = KeyRotation(
            standings: world.rotation.standings,
            liveDevices: 0,
            adoptionThreshold: 95,
            now: RotationWorld.now.adding(days: 1_000)
        )
        #expect(throws: RotationRefusal.self) { try later.change(.publish, "B") }
        #expect(throws: RotationRefusal(.prepare, "C", .nextExists("B", .prepared))) {
            try later.judgePreparation(of: "C", as: .issuing)
        }
        let alone = KeyRotation(
            standings: RotationWorld.founded.rotation.standings,
            liveDevices: 0,
            adoptionThreshold: 95,
            now: later.now
        )
        #expect(throws: RotationRefusal(.prepare, "C", .signerEnded("R1", later.now))) {
            try alone.judgePreparation(of: "C", as: .issuing)
        }
    }
}
