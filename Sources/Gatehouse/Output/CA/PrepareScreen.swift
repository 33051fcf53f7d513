import EnrollmentCore

/// A new issuer, rehearsed or made.
struct PrepareScreen {
    let plan: PreparationPlan
    let mandate: Mandate
    /// `--reason` and `--ticket` as they were given.
    let options: [String]
    let config: String?

    func command(committing isReal: Bool) -> String {
        let role = self.plan.role == .root ? ["--role", "root"] : []
        let key = self.isElsewhere ? [] : ["--algorithm", self.plan.algorithm.rawValue]
        let words =
            ["ca", "prepare"] + role + ["--id", self.plan.issuerID] + key + self.plan.way.shellWords + self.options
        return CommandLineText.of(words + (isReal ? ["--commit", "--plan", self.plan.id] : []), config: self.config)
    }

    var summary: String { "\(self.plan.role.rawValue) \(self.plan.issuerID), \(self.plan.algorithm.rawValue)" }

    private var isElsewhere: Bool { if case .elsewhere = self.plan.way { true } else { false } }
    private var noun: String { self.plan.role == .root ? "root" : "issuer" }
    private var signer: String { self.plan.signer.map { "signed by \($0.id)" } ?? "signed by itself" }

    private var trial: String {
        switch self.plan.way {
        case .sealed, .token:
            "  = trial          its certificate was made with a throw-away key, and judged: no finding"
        case .offline(let file):
            "  + request        for the root, written into \(Table.printable(file)); ca import takes the answer in"
        case .elsewhere:
            "  = trial          its certificate was judged, and one below it made with a throw-away key: no finding"
        }
    }

    private var certificate: String {
        guard case .elsewhere(let file, _) = self.plan.way else {
            return "\(self.signer), \(Numerals.grouped(self.plan.validityDays)) days, profile \(self.plan.profile)"
        }
        return "\(self.signer), from \(Table.printable(file))"
    }

    func rehearsal(note: String?) -> CommandOutput {
        let id = self.plan.issuerID
        let abort = CommandLineText.of(["ca", "abort", id], config: self.config)
        let lines = [
            "Rehearsal. Nothing will be changed.", "",
            "  + \(self.noun) \(id)",
            "  + key            \(self.plan.algorithm.rawValue), \(self.plan.way.fact)",
            "  + certificate    \(self.certificate)",
            self.trial,
            "  = devices        hear nothing of it before it is published",
            "", "Undo      \(abort), as long as it is not activated",
            "Plan      \(self.plan.id), good until a fact above changes" + (note.map { "; \($0)" } ?? ""),
            "", "To do it:  \(self.command(committing: true))",
        ]
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: self.document("rehearsed", nil, trace: nil, command: self.command(committing: true))
        )
    }

    func done(_ issuer: IssuerRecord, ends: Timestamp, trace: TraceID) -> CommandOutput {
        let next = CommandLineText.of(["ca", self.isElsewhere ? "links" : "publish", issuer.id], config: self.config)
        let lines = [
            "Done. \(issuer.id) is prepared", "",
            Labelled.line("key", "\(self.plan.algorithm.rawValue), \(issuer.key.place)"),
            Labelled.line("certificate", "\(self.signer), ends \(ends)"),
            Labelled.line("trace", "\(trace)"),
            "", "Next:  \(next)",
        ]
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: self.document("done", (issuer, ends), trace: trace, command: next)
        )
    }

    private func document(
        _ outcome: String,
        _ made: (issuer: IssuerRecord, ends: Timestamp)?,
        trace: TraceID?,
        command: String?
    ) -> JSONValue {
        .object([
            ("schema", .string("gatehouse.ca-prepare/1")), ("outcome", .string(outcome)),
            ("issuer", .string(self.plan.issuerID)), ("role", .string(self.plan.role.rawValue)),
            ("algorithm", .string(self.plan.algorithm.rawValue)), ("key", .string(self.plan.way.name)),
            ("signedBy", .string(self.plan.signer?.id ?? self.plan.issuerID)),
            ("profile", .optional(self.isElsewhere ? nil : self.plan.profile)),
            ("validityDays", self.isElsewhere ? .null : .integer(Int64(self.plan.validityDays))),
            ("plan", .optional(outcome == "rehearsed" ? self.plan.id : nil)),
            ("facts", .array(self.plan.facts.map { .string($0) })), ("notAfter", .time(made?.ends)),
            ("pem", .optional(made.map { PEM.encode($0.issuer.certificate, label: "CERTIFICATE") })),
            ("reason", .string(self.mandate.reason)), ("ticket", .optional(self.mandate.ticket)),
            ("trace", .optional(trace.map { "\($0)" })), ("command", .optional(command)),
        ])
    }
}

extension KeyWay {
    /// `sealed`, `token`, `offline` or `elsewhere`.
    var name: String {
        switch self {
        case .sealed: "sealed"
        case .token: "token"
        case .offline: "offline"
        case .elsewhere: "elsewhere"
        }
    }
}
