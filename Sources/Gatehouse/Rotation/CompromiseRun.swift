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
    /// `--config` as it was given, for commands that the screen proposes.
    let config: String?

    private var ledger: any LedgerStore { self.desk.ledger }

    func perform(_ issuerID: String) async throws(CommandProblem) -> CommandOutput {
        let plan = try await self.plan(issuerID)
        let screen = self.screen(plan)
        if plan.isDeclared, plan.remaining == 0 {
            // After a stop between the last wave and its note.
            if self.gate.step.commit { try await self.finish(plan) }
            return screen.already(people: self.people(plan))
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
            if !plan.isDeclared { try await self.desk.rehearse(plan, by: act) }
            return screen.rehearsal(note: self.gate.keep(plan.id, facts: plan.facts))
        }
        let moves = plan.isDeclared ? [] : try await self.desk.declare(plan, by: act)
        for id in plan.waves {
            _ = try await answer { () throws(EnrollmentError) in
                try await self.ledger.beginCompromise(
                    of: id,
                    successor: plan.successor?.id ?? plan.begun.first { $0.issuerID == id }?.successor,
                    perMinute: self.rate(plan),
                    by: act
                )
            }
        }
        return try await self.revoke(plan, moves, act)
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
        return try await answer { () throws(EnrollmentError) in
            let ids = CompromisePlan.waves(of: standing, in: rotation)
            var remaining = 0
            for id in ids { remaining += try await self.ledger.revocableCount(of: id, at: rotation.now) }
            return try CompromisePlan(
                of: standing,
                in: rotation,
                remaining: remaining,
                begun: try await self.ledger.compromises().filter { ids.contains($0.issuerID) }
            )
        }
    }

    /// The rate of the run before holds unless this one says another.
    private func rate(_ plan: CompromisePlan) -> Int { self.perMinute ?? plan.begun.last?.perMinute ?? 0 }

    private func screen(_ plan: CompromisePlan) -> CompromiseScreen {
        CompromiseScreen(
            plan: plan,
            mandate: self.mandate,
            perMinute: self.rate(plan),
            options: self.gate.step.shareWords,
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
        let result = await waves.run(total: plan.remaining, until: shutdown)
        interrupt.cancel()
        let trace = plan.isDeclared ? nil : act.traceID
        // Where the store gave up, it says so instead of how much is left.
        if result.failure != nil {
            return self.screen(plan).output(
                moves,
                result,
                left: max(1, plan.remaining - result.revoked),
                people: [],
                trace: trace,
                continueBy: self.screen(plan).command(committing: false)
            )
        }
        if try await self.finish(plan) {
            return self.screen(plan).output(
                moves,
                result,
                left: 0,
                people: self.people(plan),
                trace: trace,
                continueBy: nil
            )
        }
        // What is left is a plan of its own.
        let rest = try await self.plan(id)
        _ = self.gate.keep(rest.id, facts: rest.facts)
        return self.screen(rest).output(
            moves,
            result,
            left: rest.remaining,
            people: [],
            trace: trace,
            continueBy: self.screen(rest).command(committing: true)
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

    /// What no command of this machine does.
    private func people(_ plan: CompromisePlan) -> [String] {
        var people: [String] = []
        if plan.standing.issuer.role == .root {
            people.append("no CRL lists a root: take \(plan.standing.id) out of the devices' trust")
        } else if let signer = plan.signer, !signer.key.isAtHand {
            let command = CommandLineText.of(["crl", "publish", signer.id, "--offline", "…"], config: self.config)
            people.append("the CRL of \(signer.id) that lists it comes by a ceremony: \(command)")
        }
        return people
    }
}
