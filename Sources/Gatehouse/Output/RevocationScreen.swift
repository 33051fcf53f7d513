import EnrollmentCore

/// A revocation, rehearsed or done, on the screen and as a document.
struct RevocationScreen {
    let plan: RevocationPlan
    let terms: RevocationTerms
    /// `--config` as it was given, for commands that the screen proposes.
    let config: String?

    /// The command that rehearses this, or carries it out.
    func command(committing isReal: Bool) -> String {
        let words = ["gatehouse", "cert", "revoke"] + self.plan.wish.shellWords + self.terms.shellWords
        let config = self.config.map { ["--config", $0] } ?? []
        return ShellWords.line(words + (isReal ? ["--commit", "--plan", self.plan.id] : []) + config)
    }

    // MARK: - Rehearsed

    func rehearsal(note: String?) -> CommandOutput {
        let outcome = self.plan.outcome
        var lines = ["Rehearsal. Nothing will be changed.", ""]
        lines.append(
            "  ~ certificates   \(Numerals.count(self.plan.count, "certificate")) \(self.plan.wish.words)"
                + " would be revoked (\(self.terms.reason.name))"
        )
        lines += Self.examples(outcome.revoked.map { "\($0)" })
        for own in self.plan.own {
            let subject = Table.printable(own.subject)
            lines.append("  ! own            \(own.serialNumber) is no device's: \(own.profile), \(subject)")
        }
        if !outcome.ended.isEmpty {
            let count = Numerals.count(outcome.ended.count, "device")
            lines.append("  - devices        \(count) would be left without a valid certificate, and end")
            lines += Self.examples(outcome.ended.map { "\($0)" })
        }
        if !outcome.already.isEmpty {
            lines.append("  = revoked        \(Numerals.count(outcome.already.count, "certificate")) before; no change")
        }
        if !outcome.unknown.isEmpty {
            lines.append("  ! unknown        \(Numerals.count(outcome.unknown.count, "serial number"))")
            lines += Self.examples(outcome.unknown.map { "\($0)" })
        }
        lines += self.keyLine(isDone: false)
        lines += [
            "",
            "Not done  OCSP and CRLs follow the real run by themselves, at the latest 60 s after it",
            "Undo      none: a revocation cannot be taken back",
            "Plan      \(self.plan.id), good until a fact above changes" + (note.map { "; \($0)" } ?? ""),
        ]
        lines += self.hint.map { [$0] } ?? []
        lines += ["", "To do it:  \(self.command(committing: true))"]
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: self.document(
                "rehearsed",
                RevocationRecord(outcome: outcome, blockedKey: self.plan.blocksKey ?? false, plan: self.plan.id)
            )
        )
    }

    private static func examples(_ texts: [String]) -> [String] {
        let shown = texts.prefix(10).map { "                   \($0)" }
        let rest = texts.count - shown.count
        return shown + (rest > 0 ? ["                   … \(Numerals.grouped(rest)) more (--json has them all)"] : [])
    }

    private func keyLine(isDone: Bool) -> [String] {
        guard let key = self.plan.wish.blockedKey, let blocks = self.plan.blocksKey else { return [] }
        let text = "SHA-256 \(Hexadecimal.encode(key))"
        guard blocks else { return ["  = key            \(text) is blocked already"] }
        return ["  + key            \(text) \(isDone ? "is" : "would be") blocked: no certificate is made for it again"]
    }

    /// What somebody who meant a compromised key should know.
    private var hint: String? {
        switch (self.terms.reason, self.plan.wish.kind) {
        case (.keyCompromise, "key"): nil
        case (.keyCompromise, _):
            "Hint      the keys themselves stay allowed; gatehouse cert revoke --key blocks one, too"
        case (_, "key"): "Hint      for a key that leaked, say --revocation-reason keyCompromise"
        default: nil
        }
    }

    // MARK: - Done

    func done(_ result: MassRevocation.Result) -> CommandOutput {
        let outcome = self.whole(result)
        let record = RevocationRecord(
            outcome: outcome,
            blockedKey: result.blockedKey,
            traces: result.traces
        )
        var lines: [String] = []
        if outcome.revoked.isEmpty && !result.blockedKey {
            lines += outcome.already.prefix(10).map { former in
                "\(former.serialNumber): already revoked at \(former.revoked) (\(former.reason.name))."
            }
            if outcome.already.count > 10 { lines.append("… \(Numerals.grouped(outcome.already.count - 10)) more") }
            if lines.isEmpty { lines.append("No valid certificate \(self.plan.wish.words).") }
            lines.append("Nothing to do.")
        } else {
            lines += [
                "Done. Revoked \(Numerals.count(outcome.revoked.count, "certificate")) \(self.plan.wish.words)", "",
            ]
            lines += self.confirmation(record)
            lines += self.keyLine(isDone: true)
            lines += self.hint.map { ["", $0] } ?? []
        }
        lines += self.unknown(outcome)
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: self.document("done", record),
            exit: outcome.unknown.isEmpty ? .done : .notFound
        )
    }

    func stopped(_ result: MassRevocation.Result, continueBy command: String) -> CommandOutput {
        let record = RevocationRecord(
            outcome: self.whole(result),
            blockedKey: result.blockedKey,
            traces: result.traces,
            left: result.left,
            continueBy: command,
            failure: result.failure?.detail
        )
        var lines = [
            "Stopped. Revoked \(Numerals.count(record.outcome.revoked.count, "certificate")),"
                + " \(Numerals.grouped(result.left)) left",
            "",
        ]
        if let failure = result.failure { lines.append(Labelled.line("because", failure.detail)) }
        lines += self.confirmation(record)
        lines += ["", "To go on:  \(command)"]
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: self.document("stopped", record),
            exit: .failed
        )
    }

    /// What the run did, together with what the plan had found to be done or unknown.
    private func whole(_ result: MassRevocation.Result) -> RevocationOutcome {
        var outcome = result.outcome
        outcome.already = self.plan.outcome.already + outcome.already
        outcome.unknown = self.plan.outcome.unknown + outcome.unknown
        return outcome
    }

    private func confirmation(_ record: RevocationRecord) -> [String] {
        let outcome = record.outcome
        var lines = Labelled.list(
            "certificate",
            outcome.revoked.map { "\($0) revoked (\(self.terms.reason.name))" }
        )
        if !outcome.revoked.isEmpty {
            lines.append(Labelled.line("visible", "on OCSP at once, on the CRLs within 60 s, while the service runs"))
        }
        lines += Labelled.list("devices", outcome.ended.map { "\($0) ended" })
        if !outcome.already.isEmpty {
            lines.append(Labelled.line("before", Numerals.count(outcome.already.count, "certificate") + " as it was"))
        }
        let traces = record.traces.map { "\($0)" }
        if let first = traces.first {
            let more = traces.count > 1 ? ", … \(traces.count - 1) more, one a transaction" : ""
            lines.append(Labelled.line("trace", first + more))
        }
        return lines
    }

    private func unknown(_ outcome: RevocationOutcome) -> [String] {
        guard !outcome.unknown.isEmpty else { return [] }
        return ["", "\(Numerals.count(outcome.unknown.count, "serial number")) unknown here:"]
            + outcome.unknown.prefix(10).map { "  \($0)" } + (outcome.unknown.count > 10 ? ["  …"] : [])
    }

    // MARK: - Document

    /// What a document says besides the plan.
    private struct RevocationRecord {
        var outcome: RevocationOutcome
        var blockedKey: Bool
        var traces: [TraceID] = []
        var plan: String?
        var left = 0
        var continueBy: String?
        var failure: String?
    }

    private func document(_ state: String, _ record: RevocationRecord) -> JSONValue {
        let wish = self.plan.wish
        let key = wish.blockedKey.map { key in
            JSONValue.object([
                ("sha256", .string(Hexadecimal.encode(key))), ("newlyBlocked", .boolean(record.blockedKey)),
            ])
        }
        return .object([
            ("schema", .string("gatehouse.revocation/1")), ("state", .string(state)),
            ("plan", .optional(record.plan)), ("selectedBy", .string(wish.kind)),
            ("revocationReason", .string(self.terms.reason.name)), ("reason", .string(self.terms.mandate.reason)),
            ("ticket", .optional(self.terms.mandate.ticket)), ("key", key ?? .null),
            ("revoked", .array(record.outcome.revoked.map { .string("\($0)") })),
            ("already", .array(record.outcome.already.map(\.json))),
            ("unknown", .array(record.outcome.unknown.map { .string("\($0)") })),
            ("endedDevices", .array(record.outcome.ended.map { .string("\($0)") })),
            ("left", .integer(Int64(record.left))), ("traces", .array(record.traces.map { .string("\($0)") })),
            ("failure", .optional(record.failure)),
            (
                "command",
                .optional(state == "rehearsed" ? self.command(committing: true) : record.continueBy)
            ),
        ])
    }
}
