import EnrollmentCore
import Testing

@Suite("The planner of key rotation")
struct RotationPlannerTests {
    private static let begin = RotationWorld.now

    /// A root of 20 years and an issuer of 5, both active since ``begin``.
    private func rotation(
        after days: Int,
        rootKey: KeyLocation = .sealed([1]),
        more: [IssuerStanding] = [],
        devices: Int = 100
    ) -> KeyRotation {
        KeyRotation(
            standings: [
                RotationWorld.standing(
                    "R1",
                    .root,
                    .active,
                    signedBy: "R1",
                    live: 1,
                    key: rootKey,
                    notAfter: Self.begin.adding(days: 7_305)
                ),
                RotationWorld.standing(
                    "2027-A",
                    .issuing,
                    .active,
                    signedBy: "R1",
                    live: devices,
                    notAfter: Self.begin.adding(days: 1_826)
                ),
            ] + more,
            liveDevices: devices,
            adoptionThreshold: 95,
            now: Self.begin.adding(days: days)
        )
    }

    private func plan(
        _ rotation: KeyRotation,
        issuing: RotationSchedule = .issuing,
        root: RotationSchedule = .root
    ) -> RotationPlan {
        let rules = RotationPlanner.Rules(issuing: issuing, root: root, deviceDays: 365, issuingDays: 1_826)
        return RotationPlanner(rotation, rules: rules).plan
    }

    @Test("without a schedule the end says when: before what is signed would have to be shorter")
    func end() throws {
        let plan = self.plan(self.rotation(after: 0))
        let steps = plan.steps.filter { $0.role == .issuing }
        #expect(Set(steps.map(\.kind)) == [.activate, .prepare, .publish])
        let activation = try #require(steps.first { $0.kind == .activate })
        #expect(activation.due == Self.begin.adding(days: 1_826 - 365))
        #expect(activation.reason == .end)
        #expect(steps.map(\.isAutomatic) == [false, false, false])
        #expect(steps.first { $0.kind == .prepare }?.due == activation.due.adding(days: -30))
        let root = try #require(plan.steps.first { $0.role == .root && $0.kind == .activate })
        #expect(root.id == "R2")
        #expect(root.due == Self.begin.adding(days: 7_305 - 1_826))
        #expect(plan.warnings.isEmpty)
    }

    @Test("a schedule prepares and publishes by itself, and activates if it is told to")
    func schedule() throws {
        let schedule = RotationSchedule(everyMonths: 12, overlapDays: 45, activation: .whenDue)
        let plan = self.plan(self.rotation(after: 10), issuing: schedule)
        let steps = plan.steps.filter { $0.role == .issuing }
        #expect(steps.map(\.isAutomatic) == [true, true, true])
        let due = Self.begin.adding(months: 12)
        #expect(steps.first { $0.kind == .activate }?.due == due)
        #expect(steps.filter { $0.kind != .activate }.map(\.due) == [due.adding(days: -45), due.adding(days: -45)])
        #expect(steps.allSatisfy { $0.reason == nil && !$0.isMissed })
        let byHand = self.plan(self.rotation(after: 10), issuing: RotationSchedule(everyMonths: 12, overlapDays: 45))
        #expect(byHand.steps.first { $0.role == .issuing && $0.kind == .activate }?.isAutomatic == false)
    }

    @Test("steps that are more than a day late are missed, and told of")
    func missed() {
        let schedule = RotationSchedule(everyMonths: 12, overlapDays: 30)
        let plan = self.plan(self.rotation(after: 400), issuing: schedule)
        #expect(Set(plan.missed.map(\.kind)) == [.prepare, .publish, .activate])
        #expect(plan.missed.allSatisfy { plan.warnings.contains(.missed($0)) })
        #expect(self.plan(self.rotation(after: 336), issuing: schedule).missed.isEmpty)
    }

    @Test("long before leaves would be shortened there is a warning, and another once they are")
    func shortening() {
        let moment = 1_826 - 365
        #expect(self.plan(self.rotation(after: moment - 91)).warnings.isEmpty)
        let early = self.plan(self.rotation(after: moment - 90)).warnings
        #expect(early == [.willShorten(id: "2027-A", from: Self.begin.adding(days: moment))])
        let late = self.plan(self.rotation(after: moment + 65)).warnings
        #expect(late.contains(.shortens(id: "2027-A", days: 300)))
        let gone = self.plan(self.rotation(after: 1_826)).warnings
        #expect(gone.contains(.ended(id: "2027-A", at: Self.begin.adding(days: 1_826))))
        #expect((early + late + gone).allSatisfy { $0.sentence.contains(/(20[0-9]{2}-A|R[12])/) })
    }

    @Test("what is published late is activated late: devices and caches get their overlap")
    func overlap() throws {
        let published = RotationWorld.standing(
            "2028-A",
            .issuing,
            .published,
            signedBy: "R1",
            moments: .init(published: Self.begin.adding(days: 360)),
            notAfter: Self.begin.adding(days: 2_100)
        )
        let schedule = RotationSchedule(everyMonths: 12, overlapDays: 30, activation: .whenDue)
        let plan = self.plan(self.rotation(after: 361, more: [published]), issuing: schedule)
        let step = try #require(plan.steps.first { $0.role == .issuing })
        #expect(step.kind == .activate)
        #expect(step.id == "2028-A")
        #expect(step.due == Self.begin.adding(days: 390))
        #expect(step.reason == .overlap)
    }

    @Test("a root's adoption is foreseen at the pace so far, and is over when every device has renewed")
    func adoption() throws {
        func published(_ knowing: Int) -> IssuerStanding {
            RotationWorld.standing(
                "R2",
                .root,
                .published,
                signedBy: "R2",
                knowing: knowing,
                moments: .init(published: Self.begin.adding(days: 100)),
                notAfter: Self.begin.adding(days: 9_000)
            )
        }
        func foreseen(_ knowing: Int, after days: Int) -> Timestamp? {
            self.plan(self.rotation(after: days, more: [published(knowing)])).adoption["R2"]
        }
        #expect(foreseen(19, after: 120) == Self.begin.adding(days: 200))
        #expect(foreseen(0, after: 120) == Self.begin.adding(days: 465))
        #expect(foreseen(1, after: 120) == Self.begin.adding(days: 465))
        #expect(foreseen(95, after: 120) == Self.begin.adding(days: 120))
        let every = RotationSchedule(everyMonths: 3, overlapDays: 30)
        let plan = self.plan(self.rotation(after: 120, more: [published(19)]), root: every)
        let step = try #require(plan.steps.first { $0.role == .root && $0.kind == .activate })
        #expect(step.due == Self.begin.adding(days: 200))
        #expect(step.reason == .adoption)
    }

    @Test("a draining issuer is drained when what it signed last has ended; a root with its issuers")
    func draining() throws {
        let draining = RotationWorld.standing(
            "2026-A",
            .issuing,
            .draining,
            signedBy: "R0",
            live: 3,
            moments: .init(activated: Self.begin, deposed: Self.begin.adding(days: 5)),
            notAfter: Self.begin.adding(days: 900)
        )
        let root = RotationWorld.standing(
            "R0",
            .root,
            .draining,
            signedBy: "R0",
            live: 1,
            notAfter: Self.begin.adding(days: 2_000)
        )
        let plan = self.plan(self.rotation(after: 10, more: [draining, root]))
        #expect(plan.drained["2026-A"] == Self.begin.adding(days: 370))
        #expect(plan.drained["R0"] == Self.begin.adding(days: 900))
        #expect(plan.steps.filter { $0.id == "2026-A" }.map(\.kind) == [.drained, .retire])
        #expect(plan.missed.isEmpty)
        // What nobody has replaced lives longer than devices' certificates do.
        let rules = RotationPlanner.Rules(deviceDays: 365, issuingDays: 1_826)
        for (chain, days) in [([[1], draining.issuer.certificate], 402), ([[1], [2]], 370)] {
            let listener = ServiceCertificateRecord(
                use: "tls",
                serialNumber: SerialNumber(node: 1, random: [UInt8](repeating: 7, count: SerialNumber.randomOctets)),
                chain: chain,
                sealedKey: [],
                notAfter: Self.begin.adding(days: 402)
            )
            let planner = RotationPlanner(self.rotation(after: 10, more: [draining]), rules: rules, listener: listener)
            #expect(planner.plan.drained["2026-A"] == Self.begin.adding(days: days))
        }
    }

    @Test("a root whose key is not at hand makes a scheduled step a warning")
    func elsewhere() {
        let schedule = RotationSchedule(everyMonths: 12, overlapDays: 30)
        let plan = self.plan(self.rotation(after: 350, rootKey: .offline), issuing: schedule)
        #expect(plan.warnings.contains(.keyElsewhere(id: "R1", place: "offline")))
        #expect(plan.steps.first { $0.role == .issuing && $0.kind == .prepare }?.isAutomatic == false)
    }

    @Test("an issuer that lives no longer than what it is to sign is followed before it ends, and not over and over")
    func shortLived() {
        let rules = RotationPlanner.Rules(deviceDays: 2_000, issuingDays: 8_000)
        let plan = RotationPlanner(self.rotation(after: 1), rules: rules).plan
        let due = plan.steps.filter { $0.kind == .activate }.map(\.due)
        #expect(due == [Self.begin.adding(days: 1_826 - 30), Self.begin.adding(days: 7_305 - 30)])
        #expect(plan.warnings.contains(.shortens(id: "2027-A", days: 1_825)))
        #expect(plan.warnings.contains(.shortens(id: "R1", days: 7_304)))
    }

    /// A root that ends in 300 days, and an issuer of today below it.
    private func late(rootEnds: Int = 300, ends: Int = 300, after days: Int) -> KeyRotation {
        let moments = IssuerRecord.Moments(published: Self.begin, activated: Self.begin)
        return KeyRotation(
            standings: [
                RotationWorld.standing(
                    "R1",
                    .root,
                    .active,
                    signedBy: "R1",
                    live: 1,
                    moments: moments,
                    created: Self.begin.adding(days: -7_005),
                    notAfter: Self.begin.adding(days: rootEnds)
                ),
                RotationWorld.standing(
                    "2027-B",
                    .issuing,
                    .active,
                    signedBy: "R1",
                    live: 100,
                    moments: moments,
                    notAfter: Self.begin.adding(days: ends)
                ),
            ],
            liveDevices: 100,
            adoptionThreshold: 95,
            now: Self.begin.adding(days: days)
        )
    }

    @Test(
        "an issuer that ends before its leaves would is told of, and followed before its end whatever the schedule says"
    )
    func late() throws {
        let yearly = RotationSchedule(everyMonths: 12, overlapDays: 30, activation: .whenDue)
        let bound = self.plan(self.late(after: 1), issuing: yearly)
        #expect(bound.warnings.contains(.shortens(id: "2027-B", days: 299)))
        let steps = bound.steps.filter { $0.role == .issuing }
        #expect(steps.first { $0.kind == .prepare }?.due == Self.begin.adding(days: 240))
        #expect(steps.first { $0.kind == .activate }?.due == Self.begin.adding(days: 270))
        #expect(steps.allSatisfy { $0.reason == .end })
        // One below the same root would end on the same day: that is no remedy, and is not made by itself.
        #expect(steps.first { $0.kind == .prepare }?.isAutomatic == false)
        #expect(
            self.plan(self.late(after: 242), issuing: yearly).missed.contains {
                $0.id == "2027-C" || $0.kind == .prepare
            }
        )
        let free = self.plan(self.late(rootEnds: 3_000, after: 1), issuing: yearly)
        #expect(free.steps.first { $0.role == .issuing && $0.kind == .prepare }?.isAutomatic == true)
        // However short it lives, three quarters of that are its own.
        let short = self.plan(self.late(rootEnds: 3_000, ends: 20, after: 1), issuing: yearly)
        #expect(short.steps.first { $0.role == .issuing && $0.kind == .activate }?.due == Self.begin.adding(days: 15))
    }

    @Test("that nobody signs is told of first, with the command that leads out of it")
    func nobodySigns() {
        func next(_ rootKey: KeyLocation, _ more: [IssuerStanding] = []) -> [RotationPlan.Warning] {
            let rotation = self.rotation(after: 5, rootKey: rootKey, more: more)
            let standings = rotation.standings.map { standing in
                guard standing.id == "2027-A" else { return standing }
                return RotationWorld.standing("2027-A", .issuing, .compromised, signedBy: "R1")
            }
            let stopped = KeyRotation(standings: standings, liveDevices: 5, adoptionThreshold: 95, now: rotation.now)
            return self.plan(stopped).warnings
        }
        func coming(_ state: IssuerRecord.State) -> [IssuerStanding] {
            [RotationWorld.standing("2027-B", .issuing, state, signedBy: "R1")]
        }
        func told(_ next: String) -> [RotationPlan.Warning] { [.nobodySigns(id: "2027-A", next: next)] }
        #expect(next(.sealed([1])) == told("ca prepare"))
        #expect(next(.offline) == told("ca prepare --offline FILE"))
        #expect(next(.split([1])) == told("ca prepare --share-file FILE"))
        #expect(next(.offline, coming(.prepared)) == told("ca publish 2027-B"))
        #expect(next(.offline, coming(.published)) == told("ca activate 2027-B"))
    }

    @Test("what was taken back is not made again before a day is over")
    func rest() throws {
        let yearly = RotationSchedule(everyMonths: 12, overlapDays: 30, activation: .whenDue)
        func prepare(_ ended: Int, _ state: IssuerRecord.State = .aborted) throws -> RotationPlan.Step {
            let aborted = RotationWorld.standing(
                "2027-B",
                .issuing,
                state,
                signedBy: "R1",
                key: .destroyed,
                moments: .init(ended: Self.begin.adding(days: ended))
            )
            let plan = self.plan(self.rotation(after: 340, more: [aborted]), issuing: yearly)
            let steps = plan.steps.filter { $0.role == .issuing }
            #expect(steps.first { $0.kind == .publish }?.due == steps.first { $0.kind == .prepare }?.due)
            return try #require(steps.first { $0.kind == .prepare })
        }
        #expect(try prepare(340).due == Self.begin.adding(days: 341))
        #expect(try prepare(340).isMissed == false)
        #expect(try prepare(100).due == Self.begin.adding(months: 12).adding(days: -30))
        #expect(try prepare(340, .retired).due == Self.begin.adding(months: 12).adding(days: -30))
    }

    @Test("a root is published by itself only where both roots' keys are at hand to sign its links")
    func links() throws {
        let schedule = RotationSchedule(everyMonths: 12, overlapDays: 30)
        func publish(_ present: KeyLocation, _ next: KeyLocation) throws -> (isAutomatic: Bool, [RotationPlan.Warning])
        {
            let prepared = RotationWorld.standing(
                "R2",
                .root,
                .prepared,
                signedBy: "R2",
                key: next,
                notAfter: Self.begin.adding(days: 9_000)
            )
            let plan = self.plan(self.rotation(after: 340, rootKey: present, more: [prepared]), root: schedule)
            let step = try #require(plan.steps.first { $0.role == .root && $0.kind == .publish })
            return (step.isAutomatic, plan.warnings.filter { if case .keyElsewhere = $0 { true } else { false } })
        }
        let sealed = KeyLocation.sealed([1])
        #expect(try publish(sealed, sealed) == (true, []))
        #expect(try publish(.offline, sealed) == (false, [.keyElsewhere(id: "R1", place: "offline")]))
        #expect(try publish(sealed, .offline) == (false, [.keyElsewhere(id: "R2", place: "offline")]))
        // An issuing authority that is made already needs nobody's key any more.
        let made = RotationWorld.standing("2027-B", .issuing, .prepared, signedBy: "R1")
        let plan = self.plan(self.rotation(after: 340, rootKey: .offline, more: [made]), issuing: schedule)
        #expect(plan.steps.first { $0.role == .issuing && $0.kind == .publish }?.isAutomatic == true)
    }

    @Test("ids go on with year and letter, and are never given twice")
    func names() {
        let now = Timestamp(seconds: 1_795_176_000)
        #expect(RotationNaming.nextID(of: .issuing, after: [], at: now) == "2026-A")
        #expect(RotationNaming.nextID(of: .issuing, after: ["2026-A", "2026-b", "R1"], at: now) == "2026-C")
        #expect(RotationNaming.nextID(of: .issuing, after: ["2025-A"], at: now) == "2026-A")
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".map { "2026-\($0)" }
        #expect(RotationNaming.nextID(of: .issuing, after: letters, at: now) == "2026-Z2")
        #expect(RotationNaming.nextID(of: .issuing, after: letters + ["2026-Z2"], at: now) == "2026-Z3")
        #expect(RotationNaming.nextID(of: .root, after: ["R1", "r7", "root"], at: now) == "R8")
        #expect(RotationNaming.nextID(of: .root, after: ["root-2026"], at: now) == "R2")
    }

    @Test(
        "months are the calendar's",
        arguments: [
            ("2026-01-31T10:11:12Z", 1, "2026-02-28T10:11:12Z"), ("2027-12-31T00:00:00Z", 2, "2028-02-29T00:00:00Z"),
            ("2026-11-20T12:00:00Z", 12, "2027-11-20T12:00:00Z"), ("2026-11-20T12:00:00Z", 3, "2027-02-20T12:00:00Z"),
            ("2096-02-29T00:00:00Z", 48, "2100-02-28T00:00:00Z"), ("2026-03-31T00:00:00Z", 240, "2046-03-31T00:00:00Z"),
        ]
    )
    func months(from: String, count: Int, to: String) throws {
        let days = (0..<40_000).lazy.map { Timestamp(seconds: 1_767_225_600 + Int64($0) * 86_400) }
        let date = from.prefix(10)
        let midnight = try #require(days.first { "\($0)".hasPrefix(date) })
        let clock = from.dropFirst(11).dropLast().split(separator: ":").compactMap { Int64($0) }
        let moment = midnight.adding(seconds: clock[0] * 3_600 + clock[1] * 60 + clock[2])
        #expect("\(moment)" == from)
        #expect("\(moment.adding(months: count))" == to)
    }

    @Test("a device is waited for until its window was open for a month or its certificate has ended")
    func outlook() {
        let now = Self.begin
        func outlook(_ opening: Int, _ ends: Int, after: Int = 0) -> RenewalOutlook {
            RenewalOutlook(
                opening: now.adding(days: opening),
                ends: now.adding(days: ends),
                afterExpiryDays: after,
                at: now
            )
        }
        #expect(outlook(5, 65) == .opens(now.adding(days: 5)))
        #expect(outlook(-5, 55) == .open(since: now.adding(days: -5)))
        #expect(outlook(-31, 29) == .silent(since: now.adding(days: -31)))
        #expect(outlook(-61, -1) == .ended(now.adding(days: -1)))
        #expect(outlook(-29, -1, after: 3) == .open(since: now.adding(days: -29)))
        #expect(!outlook(5, 65).isHopeless && outlook(-61, -1).isHopeless)
    }
}
