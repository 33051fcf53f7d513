/// What has changed since a plan was made.
struct PlanDifference {
    /// `nil` when nobody kept them.
    let former: [String]?
    /// Those of now.
    let facts: [String]
    let id: String
    /// What the plan of now would do.
    let summary: String
    /// The command that rehearses.
    let command: String

    func problem(_ code: String, _ named: String) -> CommandProblem {
        var lines: [(label: String, text: String)] = []
        if let former = self.former {
            let gone = Set(former).subtracting(self.facts).sorted()
            let new = Set(self.facts).subtracting(former).sorted()
            if !new.isEmpty { lines.append(("new", Self.list(new))) }
            if !gone.isEmpty { lines.append(("gone", Self.list(gone))) }
        } else {
            lines.append(("plan", "\(named) is not known here; what changed cannot be told"))
        }
        lines.append(("now", "\(self.id): \(self.summary)"))
        lines.append(("try", self.command))
        return CommandProblem(
            code,
            "the facts are not those of plan \(named); nothing was done",
            lines,
            exit: .refused
        )
    }

    private static func list(_ facts: [String]) -> String {
        let shown = facts.prefix(5).joined(separator: "; ")
        return facts.count > 5 ? "\(shown); … \(Numerals.grouped(facts.count - 5)) more" : shown
    }
}
