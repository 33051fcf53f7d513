import EnrollmentCore
import Ledger

/// One step of key rotation, from the words on the command line to the screen.
struct StepRun {
    let common: CommonOptions
    let step: StepOptions
    let mandate: Mandate
    let verb: RotationVerb
    let issuer: String
    /// Why a gate is to be passed all the same.
    var override: String?
    /// What was given besides verb, issuer and plan, as a shell takes it.
    let words: [String]

    func perform() async throws(CommandProblem) -> CommandOutput {
        try self.step.judge("ca \(self.verb.rawValue)")
        return try await self.common.withWritableLedger { (ledger, configuration) throws(CommandProblem) in
            let desk = try await RotationDesk.open(ledger, configuration, shares: self.step.shareFile)
            let rotation = try await desk.rotation()
            let change = try await desk.change(self.verb, self.issuer, in: rotation, overriding: self.override)
            let plan = try await answer { () throws(EnrollmentError) in try StepPlan(change, in: rotation) }
            let screen = StepScreen(
                plan: plan,
                mandate: self.mandate,
                options: self.words + self.step.shareWords,
                destinations: configuration.handOff.destinations.map(\.name),
                isScheduled: rotation.standing(of: self.issuer).map {
                    configuration.rotation[$0.issuer.role].schedule.everyMonths != nil
                } ?? false,
                config: self.common.config
            )
            let act = try await answer { () throws(EnrollmentError) in
                try self.mandate.act(self.verb.act, at: rotation.now)
            }
            guard !change.isNothing else {
                // What was broken off behind the store's part goes on.
                if self.step.commit { try await desk.carryOut(change, in: rotation, by: act) }
                return screen.already
            }
            let gate = PlanGate(step: self.step, folder: PlanFolder(of: configuration))
            guard
                try gate.admits(
                    plan.id,
                    facts: plan.facts,
                    summary: screen.summary,
                    rehearsedBy: screen.command(committing: false)
                )
            else {
                try await desk.rehearse(change, in: rotation, by: act)
                return screen.rehearsal(note: gate.keep(plan.id, facts: plan.facts))
            }
            try await desk.carryOut(change, in: rotation, by: act)
            return screen.done(act.traceID)
        }
    }
}
