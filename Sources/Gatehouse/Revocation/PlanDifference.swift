/// What has changed since a plan was made.
struct PlanDifference {
    /// `nil` when nobody kept them.
    let former: [String]?
    let now: RevocationPlan

    func problem(_ named: String, _ screen: RevocationScreen) -> CommandProblem {
        var lines: [(label: String, text: String)] = []
        if let former = self.former {
            let gone = Set(former).subtracting(self.now.facts).sorted()
            let new = Set(self.now.facts).subtracting(former).sorted()
            if !new.isEmpty { lines.append(("new", Self.list(new))) }
            if !gone.isEmpty { lines.append(("gone", Self.list(gone))) }
        } else {
            lines.append(("plan", "\(named) is not known here; what changed cannot be told"))
        }
        lines.append(("now", "\(self.now.id): \(Numerals.count(self.now.count, "certificate")) to revoke"))
        lines.append(("try", screen.command(committing: false)))
        return CommandProblem(
            "GH-REVOKE-002",
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
