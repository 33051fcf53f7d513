import EnrollmentCore

/// What a replay would do or has done.
struct ReplayScreen {
    let destination: String
    let plan: ReplayPlan
    let mandate: Mandate
    let isDead: Bool
    let isAll: Bool
    /// `--config` as it was given, for commands that the screen proposes.
    let config: String?

    private var what: String {
        let tally = self.plan.tally
        let atLeast = tally.isCut ? "at least " : ""
        return "\(atLeast)\(Numerals.count(tally.events, "event")) of \(Numerals.count(tally.devices.count, "device"))"
    }

    private func command(committing: Bool) -> String {
        var words = ["gatehouse", "handoff", "replay", self.destination]
        if self.isDead {
            words.append("--dead")
        } else if self.isAll {
            words.append("--all")
        } else {
            words += EventOptions.shellWords(self.plan.selection)
        }
        words += self.mandate.shellWords + (self.config.map { ["--config", $0] } ?? [])
        return ShellWords.line(words + (committing ? ["--commit"] : []))
    }

    /// There is nothing to send again.
    var nothing: CommandProblem {
        let leftOut = self.plan.tally.leftOut
        let words =
            if leftOut > 0 {
                "\(self.destination) takes none of the \(Numerals.count(leftOut, "event")): see its providers and events"
            } else if self.isDead {
                "nothing was given up for \(self.destination)"
            } else {
                "\(self.destination) was told of no event of that kind; what it was not told of yet comes anyway"
            }
        return CommandProblem(
            "GH-FIND-001",
            words,
            [
                (
                    "see",
                    ShellWords.line(["gatehouse", "handoff", "list"] + (self.config.map { ["--config", $0] } ?? []))
                )
            ],
            exit: .notFound
        )
    }

    var rehearsal: CommandOutput {
        let tally = self.plan.tally
        var lines = ["Rehearsal. Nothing will be changed.", ""]
        lines.append("  ~ \(self.destination)     gets \(self.what) once more")
        if let oldest = tally.oldest, let newest = tally.newest {
            lines.append("  = recorded      from \(oldest) to \(newest)")
        }
        if tally.leftOut > 0 {
            lines.append(
                "  = left out      \(Numerals.count(tally.leftOut, "event")) that \(self.destination) does not take"
            )
        }
        lines.append("  = receivers     know an event that comes again by its id")
        lines += ["", "To do it:  \(self.command(committing: true))"]
        return CommandOutput(text: lines.joined(separator: "\n") + "\n", json: self.document("rehearsed", nil, []))
    }

    func done(_ count: Int, _ acts: [AdministrativeAct]) -> CommandOutput {
        let lines = [
            "Done. \(self.destination) gets \(Numerals.count(count, "event")) once more, as fast as it takes them", "",
            Labelled.line("see", "gatehouse handoff list --waiting --destination \(self.destination)"),
        ]
        return CommandOutput(
            text: (lines + Labelled.list("trace", acts.map { "\($0.traceID)" })).joined(separator: "\n") + "\n",
            json: self.document("done", count, acts)
        )
    }

    private func document(_ outcome: String, _ replayed: Int?, _ acts: [AdministrativeAct]) -> JSONValue {
        let tally = self.plan.tally
        return .object([
            ("schema", .string("gatehouse.handoff-replay/1")), ("outcome", .string(outcome)),
            ("destination", .string(self.destination)), ("events", .integer(Int64(tally.events))),
            ("devices", .integer(Int64(tally.devices.count))), ("leftOut", .integer(Int64(tally.leftOut))),
            ("complete", .boolean(!tally.isCut)),
            ("oldest", .time(tally.oldest)), ("newest", .time(tally.newest)),
            ("replayed", replayed.map { .integer(Int64($0)) } ?? .null), ("acts", .array(acts.map(\.json))),
        ])
    }
}
