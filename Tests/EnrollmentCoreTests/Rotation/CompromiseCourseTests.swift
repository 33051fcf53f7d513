import EnrollmentCore
import Testing

@Suite("The course of a compromise")
struct CompromiseCourseTests {
    private typealias Move = RotationChange.Move

    private func world(_ moves: RotationWorld.Move...) -> RotationWorld {
        var world = RotationWorld.founded
        for move in moves {
            if case .refused(let refusal) = world.make(move) { Issue.record("\(move): \(refusal.sentence)") }
        }
        return world
    }

    private func course(
        _ world: RotationWorld,
        _ id: String,
        isAtHand: (IssuerRecord) -> Bool = { $0.key.isAtHand }
    ) -> CompromiseCourse {
        CompromiseCourse(of: id, in: world.rotation, isAtHand: isAtHand)
    }

    @Test("of an issuer that signs, a successor is made, published and active in its place")
    func issuer() throws {
        let course = self.course(self.world(), "A")
        let stop = try #require(course.stops.first)
        #expect(course.stops.count == 1)
        guard case .new(let id, "R1") = stop.successor else {
            Issue.record("\(String(describing: stop.successor))")
            return
        }
        #expect(
            course.moves == [
                Move(id: id, from: .prepared, to: .published), Move(id: "A", from: .active, to: .compromised),
                Move(id: id, from: .published, to: .active),
            ]
        )
    }

    @Test("whoever is on its way takes the place, published first where it was not")
    func onItsWay() {
        let prepared = self.course(self.world(.prepare("B", .issuing)), "A")
        #expect(prepared.stops.map(\.successor) == [.prepared("B")])
        let published = self.course(self.world(.prepare("B", .issuing), .verb(.publish, "B")), "A")
        #expect(published.stops.map(\.successor) == [.published("B")])
        #expect(published.moves.map(\.id) == ["A", "B"])
    }

    @Test("nobody takes the place of one that does not sign", arguments: ["A", "B"])
    func idle(id: String) {
        let draining = self.world(.prepare("B", .issuing), .verb(.publish, "B"), .verb(.activate, "B"))
        let world = id == "A" ? draining : self.world(.prepare("B", .issuing))
        let course = self.course(world, id)
        #expect(course.stops.map(\.successor) == [nil])
        #expect(course.moves.map(\.to) == [.compromised])
    }

    @Test("with a root everything below it is stopped, who signs last, by a successor below the new root")
    func root() {
        let world = self.world(
            .prepare("B", .issuing),
            .verb(.publish, "B"),
            .verb(.activate, "B"),
            .prepare("C", .issuing),
            .verb(.publish, "C")
        )
        let course = self.course(world, "R1")
        #expect(course.stops.map(\.id) == ["R1", "A", "C", "B"])
        #expect(course.stops[0].successor == .new("R2", signedBy: "R2"))
        #expect(course.stops[1].successor == nil)
        // Published, but below the same root: it takes nobody's place.
        #expect(course.stops[2].successor == nil)
        guard case .new(let id, "R2") = course.stops[3].successor else {
            Issue.record("\(String(describing: course.stops[3].successor))")
            return
        }
        #expect(!["A", "B", "C"].contains(id))
        #expect(course.stops.allSatisfy { $0.takenBack == nil && $0.waitsFor == nil })
        #expect(course.moves.last == Move(id: id, from: .published, to: .active))
    }

    @Test("a root that is published takes the place of the compromised one")
    func nextRoot() {
        let course = self.course(self.world(.prepare("R2", .root), .verb(.publish, "R2")), "R1")
        #expect(course.stops.map(\.id) == ["R1", "A"])
        #expect(course.stops[0].successor == .published("R2"))
        guard case .new(_, "R2") = course.stops[1].successor else {
            Issue.record("\(String(describing: course.stops[1].successor))")
            return
        }
    }

    @Test("what a root has to certify that is not at hand waits, and moves nothing")
    func elsewhere() {
        let offline = self.course(self.world(), "A", isAtHand: { $0.role != .root })
        #expect(offline.stops.map { $0.waitsFor?.id } == ["R1"])
        #expect(offline.moves.isEmpty)
        // One that is there already needs no root any more.
        let ready = self.course(self.world(.prepare("B", .issuing)), "A", isAtHand: { $0.role != .root })
        #expect(ready.stops.map { $0.waitsFor?.id } == [nil])
        // The new root is stopped for, the issuer below waits for it.
        let world = self.world(.prepare("R2", .root), .verb(.publish, "R2"))
        let below = self.course(world, "R1", isAtHand: { $0.id != "R2" })
        #expect(below.stops.map { $0.waitsFor?.id } == [nil, "R2"])
        #expect(below.moves.map(\.id) == ["R1", "R2"])
    }

    @Test("what is compromised already is stopped no more; what hangs below it still is")
    func again() throws {
        var world = self.world(.prepare("R2", .root), .verb(.publish, "R2"), .verb(.compromise, "R1"))
        #expect(self.course(world, "R1").stops.map(\.id) == ["A"])
        _ = world.make(.prepare("B", .issuing))
        _ = world.make(.verb(.publish, "B"))
        #expect(self.course(world, "R1").stops.map(\.successor) == [.published("B")])
        _ = world.make(.verb(.compromise, "A"))
        #expect(self.course(world, "R1").stops.isEmpty)
        #expect(self.course(world, "nobody").stops.isEmpty)
    }

    private static let worlds: [[RotationWorld.Move]] = [
        [], [.prepare("B", .issuing)], [.prepare("B", .issuing), .verb(.publish, "B")],
        [.prepare("B", .issuing), .verb(.publish, "B"), .verb(.activate, "B")],
        [.prepare("R2", .root)], [.prepare("R2", .root), .verb(.publish, "R2")],
        [.prepare("R2", .root), .prepare("B", .issuing), .verb(.publish, "B"), .verb(.publish, "R2")],
        [.prepare("R2", .root), .verb(.publish, "R2"), .adopt("R2"), .verb(.activate, "R2")],
        [
            .prepare("R2", .root), .verb(.publish, "R2"), .adopt("R2"), .verb(.activate, "R2"),
            .prepare("B", .issuing), .verb(.publish, "B"), .verb(.activate, "B"), .prepare("R3", .root),
        ],
    ]

    @Test(
        "every verb that it is made of is allowed, and nothing that is left relies on what is compromised",
        arguments: worlds
    )
    func carriedOut(_ moves: [RotationWorld.Move]) {
        var start = RotationWorld.founded
        for move in moves {
            if case .refused(let refusal) = start.make(move) { Issue.record("\(move): \(refusal.sentence)") }
        }
        for id in start.rotation.standings.map(\.id) {
            var world = start
            let course = self.course(world, id)
            for stop in course.stops {
                var steps: [RotationWorld.Move] = stop.takenBack.map { [.verb(.abort, $0.id)] } ?? []
                switch stop.successor {
                case nil, .published: break
                case .prepared(let next): steps.append(.verb(.publish, next))
                case .new(let next, _):
                    steps += [.prepare(next, stop.standing.issuer.role), .verb(.publish, next)]
                }
                for step in steps + [.verb(.compromise, stop.id)] {
                    guard case .refused(let refusal) = world.make(step) else { continue }
                    Issue.record("\(moves), \(id): \(step): \(refusal.sentence)")
                }
            }
            for move in course.moves.reversed() where move.to == .active {
                #expect(world.rotation.standing(of: move.id)?.state == .active)
            }
            #expect(world.rotation.standing(of: id)?.state == .compromised)
            for role in [IssuerRecord.Role.root, .issuing] {
                let active = world.rotation.active(role)
                #expect(active.map(world.rotation.isUsable) == true, "\(moves), \(id)")
            }
            #expect(world.rotation.below(compromised: id).isEmpty)
            #expect(self.course(world, id).stops.isEmpty)
        }
    }
}
