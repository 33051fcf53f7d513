import EnrollmentCore
import Ledger

/// A change of what replicas agree on, rehearsed or done, on the screen and as a document.
struct AgreementScreen {
    /// One setting that is to be another.
    struct Change: Hashable, Sendable {
        let name: String
        /// `nil` where nobody has agreed on any.
        let from: String?
        let to: String
    }

    /// By name.
    let changes: [Change]
    /// How many settings stay what they are.
    let same: Int
    /// Names that this version does not know.
    let unknown: [String]
    /// Its id.
    let plan: String
    let facts: [String]
    /// `--config` as it was given, for commands that the screen proposes.
    private let config: String?

    init(_ wish: Agreement, former: [AgreedSetting], config: String?) throws(EnrollmentError) {
        let values = Dictionary(uniqueKeysWithValues: former.map { ($0.name, $0.value) })
        let changes = wish.settings.filter { values[$0.name] != $0.value }
            .map { Change(name: $0.name, from: values[$0.name], to: $0.value) }
        let facts = changes.map { "\($0.name): \($0.from ?? "none") -> \($0.to)" }
        self.changes = changes
        self.same = wish.settings.count - changes.count
        self.unknown = Set(former.map(\.name)).subtracting(wish.settings.map(\.name)).sorted()
        self.facts = facts
        self.plan = try PlanID.of(facts)
        self.config = config
    }

    /// The command that rehearses this, or carries it out.
    func command(committing isReal: Bool) -> String {
        let words = ["gatehouse", "config", "agree"]
        let config = self.config.map { ["--config", $0] } ?? []
        return ShellWords.line(words + (isReal ? ["--commit", "--plan", self.plan, "--reason", "…"] : []) + config)
    }

    func rehearsal(note: String?) -> CommandOutput {
        guard !self.changes.isEmpty else {
            return CommandOutput(
                text: "Replicas agree on what this configuration says already. Nothing to do.\n",
                json: self.document("nothing", trace: nil)
            )
        }
        var lines = ["Rehearsal. Nothing will be changed.", ""]
        lines += self.rows
        lines += [
            "",
            "Then      replicas go on with their own values, and say so in log, readiness and metrics, until each is",
            "          reloaded (SIGHUP) or started again with the new ones; none starts with others any more",
            "Undo      the same command with the former configuration",
            "Plan      \(self.plan), good until a fact above changes" + (note.map { "; \($0)" } ?? ""),
            "",
            "To do it:  \(self.command(committing: true))",
        ]
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: self.document("rehearsed", trace: nil)
        )
    }

    func done(_ trace: TraceID) -> CommandOutput {
        var lines = ["Done. Replicas agree on what this configuration says.", ""]
        lines += self.rows
        lines += [
            "",
            "Next      reload (SIGHUP) or restart each replica with the new configuration; /readyz names those that lag",
            "Trace     \(trace)",
        ]
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: self.document("done", trace: trace)
        )
    }

    private var rows: [String] {
        let width = max(8, self.changes.map(\.name.count).max() ?? 0)
        func pad(_ text: String) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
        var rows = self.changes.map { change in
            let value = Table.printable(change.to)
            return change.from.map { "  ~ \(pad(change.name))  \(Table.printable($0)) -> \(value)" }
                ?? "  + \(pad(change.name))  \(value)"
        }
        rows.append("  = \(pad("others"))  \(Numerals.count(self.same, "setting")) as agreed on")
        rows += self.unknown.map { "  ! \(pad($0))  is known to another version of the program alone, and stays" }
        return rows
    }

    private func document(_ status: String, trace: TraceID?) -> JSONValue {
        let changes = self.changes.map { change in
            JSONValue.object([
                ("name", .string(change.name)), ("from", .optional(change.from)), ("to", .string(change.to)),
            ])
        }
        return .object([
            ("schema", .string("gatehouse.agreement/1")), ("status", .string(status)),
            ("plan", .optional(self.changes.isEmpty ? nil : self.plan)), ("changes", .array(changes)),
            ("same", .integer(Int64(self.same))), ("unknown", .array(self.unknown.map { .string($0) })),
            ("trace", .optional(trace.map { "\($0)" })),
        ])
    }

    /// For a store that one process has alone.
    static let nothing = JSONValue.object([
        ("schema", .string("gatehouse.agreement/1")), ("status", .string("nothing")), ("plan", .optional(nil)),
        ("changes", .array([])), ("same", .integer(0)), ("unknown", .array([])), ("trace", .optional(nil)),
    ])
}
