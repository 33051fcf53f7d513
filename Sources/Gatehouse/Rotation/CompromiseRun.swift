import EnrollmentCore
import Ledger
import ServiceRuntime

/// Declares an issuer compromised and revokes what it signed; again, it goes on where it was.
struct CompromiseRun {
    let desk: RotationDesk
    let mandate: Mandate
    /// Devices a minute; `nil` where nobody said so.
    let perMinute: Int?
    let gate: PlanGate
    /// Whether one is stopped whose place nobody can take.
    let isFreezing: Bool
    /// `--config` as it was given, for commands that the screen proposes.
    let config: String?

    private var ledger: any LedgerStore { self.desk.ledger }

    func perform(_ issuerID: String) async throws(CommandProblem) -> CommandOutput {
        let plan = try await self.plan(issuerID)
        let screen = self.screen(plan)
        try await self.requireSuccessor(plan, screen)
        if plan.isDeclared, plan.findings.remaining == 0, plan.findings.links == 0 {
            // After a stop between the last wave and its note.
            if self.gate.step.commit { try await self.finish(plan) }
            return screen.already(people: try await self.people(plan, screen))
        }
        let act = try await answer { () throws(EnrollmentError) in
            try self.mandate.act(.compromiseIssuer, at: SystemClock().now)
        }
        guard
            try self.gate.admits(
                plan.id,
                facts: plan.facts,
                summary: screen.summary,
                rehearsedBy: screen.command(committing: false)
            )
        else {
            let moves = plan.isDeclared ? [] : try await self.desk.rehearse(plan, freezing: self.isFreezing, by: act)
            return screen.rehearsal(
                moves,
                people: self.sequel(plan, screen, listsToBring: self.listsToBring(plan)).lines,
                note: self.gate.keep(plan.id, facts: plan.facts)
            )
        }
        // Once more, too: an earlier run may have broken off between the deed and what follows it.
        let moves = try await self.desk.declare(plan, freezing: self.isFreezing, by: act)
        let rotation = try await self.desk.rotation()
        for id in plan.waves {
            let successor = rotation.standing(of: id).flatMap { Self.successor(of: $0, in: rotation) }
            _ = try await answer { () throws(EnrollmentError) in
                try await self.ledger.beginCompromise(
                    of: id,
                    successor: successor,
                    perMinute: self.rate(plan),
                    by: act
                )
            }
        }
        return try await self.revoke(plan, moves, act)
    }

    /// Who signs in the place of one that signed when it was stopped, whichever run stopped it.
    private static func successor(of standing: IssuerStanding, in rotation: KeyRotation) -> String? {
        let moments = standing.issuer.moments
        guard let deposed = moments.deposed, deposed == moments.ended else { return nil }
        return rotation.active(standing.issuer.role)?.id
    }

    private func plan(_ issuerID: String) async throws(CommandProblem) -> CompromisePlan {
        let rotation = try await self.desk.rotation()
        guard let standing = rotation.standing(of: issuerID) else { throw IssuerTarget.unknown(issuerID, in: rotation) }
        if standing.state.isOver {
            throw CommandProblem(
                RotationRefusal(
                    .compromise,
                    issuerID,
                    .state(standing.state, wants: [.prepared, .published, .active, .draining, .crlOnly])
                )
            )
        }
        let course = self.desk.courseOfCompromise(issuerID, in: rotation, freezing: self.isFreezing)
        var seats: [String: String] = [:]
        for stop in course.stops {
            guard case .new(let id, _) = stop.successor, stop.waitsFor == nil else { continue }
            let token = try await self.desk.seat(of: stop.standing.issuer.role, in: rotation)
            seats[id] = (token.map { .token($0) } ?? KeyWay.sealed).fact
        }
        return try await answer { () throws(EnrollmentError) in
            let ids = CompromisePlan.waves(of: standing, in: rotation, by: course)
            var findings = CompromisePlan.Findings()
            findings.seats = seats
            for id in ids {
                findings.remaining += try await self.ledger.revocableCount(of: id, at: rotation.now)
                findings.devices += try await self.ledger.devicesToRevoke(of: id, at: rotation.now)
            }
            for link in try await self.ledger.links() where link.subjectID == issuerID {
                if try await self.ledger.revocation(of: link.serialNumber) == nil { findings.links += 1 }
            }
            findings.begun = try await self.ledger.compromises().filter { ids.contains($0.issuerID) }
            let chain = try await self.ledger.serviceCertificate(for: "tls")?.chain.dropFirst() ?? []
            findings.listenerIssuer = rotation.standings.first { chain.contains($0.issuer.certificate) }?.id
            return try CompromisePlan(of: standing, in: rotation, by: course, findings)
        }
    }

    /// - Throws: ``CommandProblem`` that names the next commands when nobody could take the issuer's place.
    private func requireSuccessor(_ plan: CompromisePlan, _ screen: CompromiseScreen) async throws(CommandProblem) {
        guard let stop = plan.waiting.first(where: { $0.id == plan.standing.id }), let root = stop.waitsFor else {
            return
        }
        let open = try await answer { () throws(EnrollmentError) in
            try await self.ledger.ceremonies().first { $0.kind == .issuing && $0.state == .open }
        }
        throw .noSuccessor(
            stop,
            certifiedBy: root,
            open: open,
            command: screen.command(committing: false),
            config: self.config
        )
    }

    /// The rate of the run before holds unless this one says another.
    private func rate(_ plan: CompromisePlan) -> Int {
        self.perMinute ?? plan.findings.begun.last?.perMinute ?? 0
    }

    private func screen(_ plan: CompromisePlan) -> CompromiseScreen {
        CompromiseScreen(
            plan: plan,
            mandate: self.mandate,
            perMinute: self.rate(plan),
            options: (self.isFreezing ? ["--freeze"] : []) + self.gate.step.shareWords,
            config: self.config
        )
    }

    private func revoke(
        _ plan: CompromisePlan,
        _ moves: [RotationChange.Move],
        _ act: AdministrativeAct
    ) async throws(CommandProblem) -> CommandOutput {
        let id = plan.standing.id
        let shutdown = ShutdownSignal()
        let interrupt = Interrupt.onFirst { shutdown.raise() }
        let waves = CompromiseWaves(
            issuerIDs: plan.waves,
            perMinute: self.rate(plan),
            mandate: self.mandate,
            ledger: self.ledger
        )
        let result = await waves.run(total: plan.findings.remaining, until: shutdown)
        interrupt.cancel()
        let trace = plan.isDeclared ? nil : act.traceID
        // Where the store gave up, it says so instead of how much is left.
        if result.failure != nil {
            return self.screen(plan).output(
                moves,
                result,
                left: max(1, plan.findings.remaining - result.revoked),
                people: [],
                trace: trace,
                continueBy: self.screen(plan).command(committing: false)
            )
        }
        let isFinished = try await self.finish(plan)
        if isFinished {
            let screen = self.screen(plan)
            return screen.output(
                moves,
                result,
                left: 0,
                people: try await self.people(plan, screen),
                trace: trace,
                continueBy: plan.waiting.isEmpty ? nil : screen.command(committing: false)
            )
        }
        // What is left is a plan of its own.
        let rest = try await self.plan(id)
        _ = self.gate.keep(rest.id, facts: rest.facts)
        let screen = self.screen(rest)
        return screen.output(
            moves,
            result,
            left: rest.findings.remaining,
            people: try await self.people(rest, screen),
            trace: trace,
            continueBy: screen.command(committing: true)
        )
    }

    /// Notes what is finished.
    ///
    /// - Returns: Whether all of it is.
    @discardableResult
    private func finish(_ plan: CompromisePlan) async throws(CommandProblem) -> Bool {
        try await answer { () throws(EnrollmentError) in
            var isAll = true
            for id in plan.waves {
                let isFinished = try await self.ledger.finishCompromise(of: id, at: SystemClock().now)
                isAll = isAll && isFinished
            }
            return isAll
        }
    }

    // MARK: What people have to do

    /// Roots that would have to list what is stopped, and cannot by themselves.
    private func listsToBring(_ plan: CompromisePlan) -> [IssuerRecord] {
        Set(plan.stops.compactMap { plan.signers[$0.id] }).filter { !self.desk.isAtHand($0) }.sorted { $0.id < $1.id }
    }

    /// What is left for people after a run: a CRL that was made with the shares they gave is not.
    private func people(_ plan: CompromisePlan, _ screen: CompromiseScreen) async throws(CommandProblem) -> [String] {
        let waiting = try await answer { () throws(EnrollmentError) in
            Set(try await self.ledger.shards().filter { $0.waitingSince != nil }.map(\.shard.issuerID))
        }
        // Of one whose key is here, a running service makes it within a minute.
        let roots = Set(plan.signers.values).filter { waiting.contains($0.id) && !$0.key.isAtHand }
        return self.sequel(plan, screen, listsToBring: roots.sorted { $0.id < $1.id }).lines
    }

    private func sequel(
        _ plan: CompromisePlan,
        _ screen: CompromiseScreen,
        listsToBring: [IssuerRecord]
    ) -> CompromiseSequel {
        CompromiseSequel(
            plan: plan,
            listsToBring: listsToBring,
            command: screen.command(committing: false),
            config: self.config
        )
    }
}
