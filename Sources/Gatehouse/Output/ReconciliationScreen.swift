import EnrollmentCore
import Ledger

/// Where management server, ledger and directory do not agree, each with what mends it.
struct ReconciliationScreen {
    private static let shown = 10

    /// What the list is called.
    let source: String
    /// The options that name it, for commands that the screen proposes.
    let sourceWords: [String]
    let figures: ReconciliationRun.Figures
    /// The destination that gets what is missing, where there is one.
    let destination: String?
    let sent: ReconciliationRun.Sent?
    let asksDirectory: Bool
    /// Minutes for which a device that enrolled is not missed.
    let grace: Int
    /// `--config` as it was given, for commands that the screen proposes.
    let config: String?

    var text: String {
        let figures = self.figures
        var lines = [
            "Compared \(Numerals.count(figures.live, "live device")) here with \(Numerals.count(figures.told, "line")) of"
                + " \(Table.printable(self.source))"
                + (self.asksDirectory
                    ? " and \(Numerals.count(figures.asked, "user")) in the directory." : ".")
        ]
        if self.grace > 0 {
            lines.append(
                "Devices that enrolled \(Numerals.count(self.grace, "minute")) ago or less are not missed yet (--grace)."
            )
        }
        lines.append("")
        let kinds = Discrepancy.Kind.allCases.filter { figures.counts[$0] ?? 0 > 0 }
        guard !kinds.isEmpty else { return lines.joined(separator: "\n") + "\nThey agree.\n" }
        for kind in kinds {
            lines.append(
                "\(kind.rawValue)  \(Numerals.grouped(figures.counts[kind] ?? 0))   \(Self.meaning(of: kind))"
            )
            for finding in figures.findings.filter({ $0.kind == kind }).prefix(Self.shown) {
                lines.append("  " + self.line(finding))
                if let mend = self.mend(finding) { lines.append("      \(mend)") }
            }
            let rest = (figures.counts[kind] ?? 0) - Self.shown
            if rest > 0 {
                lines.append("  … \(Numerals.grouped(rest)) more (--json names up to --limit of them)")
            }
            lines.append("")
        }
        lines += self.outcome
        return lines.joined(separator: "\n") + "\n"
    }

    private var outcome: [String] {
        if let sent = self.sent, let destination = self.destination {
            var lines = ["Done. \(destination) gets \(Numerals.count(sent.events, "event")) once more"]
            if sent.passed > 0 {
                lines.append(
                    "\(Numerals.count(sent.passed, "missing device")) not: told of anyway, or it takes no such events"
                )
            }
            if !sent.forgotten.isEmpty {
                lines.append(
                    "\(Numerals.count(sent.forgotten.count, "missing device")) without an account: no enrollment is kept"
                )
                lines += sent.forgotten.prefix(Self.shown).map { "  \($0)" }
                let rest = sent.forgotten.count - Self.shown
                if rest > 0 { lines.append("  … \(Numerals.grouped(rest)) more (--json names all)") }
            }
            return lines + Labelled.list("trace", sent.acts.map { "\($0.traceID)" })
        }
        guard figures.counts[.missing] ?? 0 > 0 else { return ["Nothing was changed."] }
        let words =
            ["gatehouse", "handoff", "reconcile"] + self.sourceWords + self.destinationWords
            + ["--grace", "\(self.grace)"]
            + self.configWords
        return [
            "Nothing was changed. To send what is missing:",
            "  \(ShellWords.line(words + ["--commit"])) --reason …",
        ]
    }

    private var configWords: [String] { self.config.map { ["--config", $0] } ?? [] }
    private var destinationWords: [String] { self.destination.map { ["--destination", $0] } ?? [] }

    private static func meaning(of kind: Discrepancy.Kind) -> String {
        switch kind {
        case .missing: "live here, and the server does not have it"
        case .unknown: "the server has it, and it was never a device of ours"
        case .ended: "the server has it, and it has ended here"
        case .elsewhere: "the server has it, and it is another server's"
        case .otherCertificate: "the server goes by another certificate than the current one"
        case .otherUser: "the server names another owner"
        case .repeated: "the server has it more than once"
        case .userGone: "the directory no longer has its owner"
        case .userDisabled: "the directory does not let its owner in"
        case .silent: "nobody has seen it for long"
        }
    }

    private func line(_ finding: Discrepancy) -> String {
        var parts: [String] = []
        if let device = finding.device { parts.append("\(device)") }
        if let name = finding.name { parts.append(Table.printable(name)) }
        if let user = finding.user { parts.append(Table.printable(user)) }
        if let state = finding.state { parts.append(state.rawValue) }
        if let line = finding.line { parts.append("line \(line)") }
        switch finding.kind {
        case .unknown, .otherCertificate:
            if let told = finding.told { parts.append("sha256 \(Hexadecimal.encode(told).prefix(16))…") }
        case .otherUser:
            if let user = finding.toldUser { parts.append("there: \(Table.printable(user))") }
        case .silent:
            parts.append(finding.seen.map { "seen there \($0)" } ?? "never seen")
        default: break
        }
        return parts.joined(separator: "  ")
    }

    /// The command that mends it; a sentence where none of ours does.
    private func mend(_ finding: Discrepancy) -> String? {
        func command(_ words: [String], asksReason: Bool = false) -> String {
            ShellWords.line(["gatehouse"] + words + self.configWords) + (asksReason ? " --reason …" : "")
        }
        let device = finding.device.map { "\($0)" } ?? ""
        switch finding.kind {
        case .missing, .ended, .otherCertificate:
            return command(
                ["handoff", "replay", self.destination ?? "DESTINATION", "--device", device],
                asksReason: true
            )
        case .unknown, .elsewhere, .repeated: return "take it out at the server"
        case .otherUser, .silent: return command(["device", "show", device])
        case .userGone: return command(["device", "retire", device], asksReason: true)
        case .userDisabled: return command(["device", "hold", device], asksReason: true)
        }
    }

    var json: JSONValue {
        let findings = self.figures.findings.map { finding in
            JSONValue.object([
                ("kind", .string(finding.kind.rawValue)),
                ("line", finding.line.map { .integer(Int64($0)) } ?? .null),
                ("device", .optional(finding.device.map { "\($0)" })),
                ("state", .optional(finding.state?.rawValue)), ("name", .optional(finding.name)),
                ("user", .optional(finding.user)), ("toldUser", .optional(finding.toldUser)),
                ("sha256", .optional(finding.current.map { Hexadecimal.encode($0) })),
                ("toldSha256", .optional(finding.told.map { Hexadecimal.encode($0) })),
                ("seen", .time(finding.seen)), ("detail", .optional(finding.detail)),
                ("mend", .optional(self.mend(finding))),
            ])
        }
        let sent: JSONValue =
            self.sent.map { sent in
                .object([
                    ("events", .integer(Int64(sent.events))), ("passed", .integer(Int64(sent.passed))),
                    ("forgotten", .array(sent.forgotten.map { .string("\($0)") })),
                    ("acts", .array(sent.acts.map(\.json))),
                ])
            } ?? .null
        return .object([
            ("schema", .string("gatehouse.handoff-reconcile/1")), ("source", .string(self.source)),
            ("destination", .optional(self.destination)), ("live", .integer(Int64(self.figures.live))),
            ("told", .integer(Int64(self.figures.told))),
            ("asked", self.asksDirectory ? .integer(Int64(self.figures.asked)) : .null),
            (
                "counts",
                .object(
                    Discrepancy.Kind.allCases.map {
                        ($0.rawValue, .integer(Int64(self.figures.counts[$0] ?? 0)))
                    }
                )
            ),
            ("findings", .array(findings)), ("sent", sent),
        ])
    }
}
