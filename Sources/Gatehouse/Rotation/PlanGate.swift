import EnrollmentCore

/// Lets a step of key rotation be carried out only as somebody has read it.
struct PlanGate {
    let step: StepOptions
    let folder: PlanFolder

    /// Judges what was asked for.
    ///
    /// - Parameters:
    ///   - id: The plan of now.
    ///   - facts: Its facts.
    ///   - summary: What it would do, in one line.
    ///   - command: The command that rehearses it.
    /// - Returns: Whether the step is to be carried out; `false` when it is only rehearsed.
    /// - Throws: ``CommandProblem`` with exit `refused` when no plan was named, or another one; the difference is told.
    func admits(
        _ id: String,
        facts: [String],
        summary: String,
        rehearsedBy command: String
    ) throws(CommandProblem) -> Bool {
        guard self.step.commit else { return false }
        guard let named = self.step.plan.map(PlanID.normalized) else {
            throw CommandProblem(
                "GH-CA-003",
                "changing keys takes the id of a plan that somebody has read",
                [("would", summary), ("try", command)],
                exit: .refused
            )
        }
        guard named != id else { return true }
        // Kept, so that the rehearsal that follows can be compared, too.
        _ = self.keep(id, facts: facts)
        throw PlanDifference(
            former: self.folder.facts(of: named),
            facts: facts,
            id: id,
            summary: summary,
            command: command
        ).problem("GH-CA-002", named)
    }

    /// Keeps a plan's facts for a later comparison.
    ///
    /// - Returns: A sentence when that did not work; the plan's id is good all the same.
    func keep(_ id: String, facts: [String]) -> String? {
        do throws(FileError) {
            try self.folder.keep(id, facts: facts)
            return nil
        } catch {
            return "its facts could not be kept for a comparison: \(error)"
        }
    }
}
