import EnrollmentCore

/// Declaring an issuer compromised: rehearsed, done, or stopped on the way.
struct CompromiseScreen {
    let plan: CompromisePlan
    let mandate: Mandate
    /// Devices a minute; 0 for as many as the store takes.
    let perMinute: Int
    /// What was given besides, as a shell takes it.
    let options: [String]
    let config: String?

    private var issuer: IssuerRecord { self.plan.standing.issuer }
    private var isRoot: Bool { self.issuer.role == .root }

    func command(committing isReal: Bool) -> String {
        let rate = self.perMinute > 0 ? ["--rate", "\(self.perMinute)"] : []
        let words = ["ca", "compromise", self.issuer.id] + self.mandate.shellWords + rate + self.options
        return CommandLineText.of(words + (isReal ? ["--commit", "--plan", self.plan.id] : []), config: self.config)
    }

    var summary: String {
        self.plan.isDeclared
            ? "\(Numerals.count(self.plan.remaining, "certificate")) of \(self.issuer.id) still to revoke"
            : "\(self.issuer.id) \(self.issuer.state.rawValue) -> compromised,"
                + " \(Numerals.count(self.plan.remaining, "certificate")) to revoke"
    }

    // MARK: - Rehearsed

    func rehearsal(note: String?) -> CommandOutput {
        var lines = ["Rehearsal. Nothing will be changed.", ""]
        lines += self.plan.isDeclared ? self.rest : self.effects + self.rest
        lines += [
            "", "Undo      none: what is compromised stays so, and a revocation cannot be taken back",
            "Plan      \(self.plan.id), good until a fact above changes" + (note.map { "; \($0)" } ?? ""),
            "", "To do it:  \(self.command(committing: true))",
        ]
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: self.document(Record("rehearsed", left: self.plan.remaining, command: self.command(committing: true)))
        )
    }

    private static func line(_ symbol: String, _ label: String, _ text: String) -> String {
        "  \(symbol) \(label)\(String(repeating: " ", count: max(0, 15 - label.count)))  \(text)"
    }

    private var effects: [String] {
        let id = self.issuer.id
        let noun = self.isRoot ? "root" : "issuer"
        var lines = [
            Self.line("~", "\(noun) \(id)", "\(self.issuer.state.rawValue) -> compromised   signs nothing any more")
        ]
        switch self.plan.successor {
        case nil: break
        case .published(let next):
            lines.append(Self.line("~", "\(noun) \(next)", "published -> active   signs in its place at once"))
        case .prepared(let next):
            lines.append(Self.line("~", "\(noun) \(next)", "prepared -> active   is published, and signs in its place"))
        case .new(let next, let algorithm):
            lines.append(
                Self.line("+", "\(noun) \(next)", "\(algorithm.rawValue), is made, published, and signs in its place")
            )
        }
        if let signer = self.plan.signer {
            lines.append(Self.line("-", "certificate", "of \(id) is revoked (cACompromise) by \(signer.id)"))
        }
        for below in self.plan.below {
            lines.append(
                Self.line("~", "issuer \(below.id)", "\(below.state.rawValue) -> compromised   hangs below it")
            )
        }
        return lines
    }

    /// What the waves do.
    private var rest: [String] {
        let count = self.plan.remaining
        guard count > 0 else { return [Self.line("=", "certificates", "none is left to revoke")] }
        var lines = [
            Self.line(
                "-",
                "certificates",
                "\(Numerals.grouped(count)) of \(self.plan.waves.joined(separator: ", ")) are revoked (cACompromise)"
            )
        ]
        let rate =
            self.perMinute > 0
            ? "\(Numerals.grouped(self.perMinute)) a minute, about"
                + " \(Numerals.duration(Int64(count) * 60 / Int64(self.perMinute))) in all"
            : "as fast as the store takes it; --rate spreads it over devices a minute"
        lines.append(Self.line("=", "waves", rate))
        lines.append(
            Self.line("!", "devices", "have to enroll again; each one's event (revoked) tells the management server")
        )
        return lines
    }

    // MARK: - Done

    /// What came of a run.
    ///
    /// - Parameters:
    ///   - moves: What was declared by this run; empty where an earlier one did.
    ///   - result: What was revoked.
    ///   - left: What was not.
    ///   - people: What is left for people.
    ///   - trace: Of the declaration.
    ///   - command: Goes on, where something is left.
    /// - Returns: Screen and document.
    func output(
        _ moves: [RotationChange.Move],
        _ result: CompromiseWaves.Result,
        left: Int,
        people: [String],
        trace: TraceID?,
        continueBy command: String?
    ) -> CommandOutput {
        let isStopped = left > 0
        var lines = [
            isStopped
                ? "Stopped. \(self.issuer.id) is compromised; \(Numerals.count(left, "certificate")) left to revoke"
                : "Done. \(self.issuer.id) is compromised, and nothing that it signed is valid any more",
            "",
        ]
        lines += moves.map { Labelled.line($0.id, "\($0.from.rawValue) -> \($0.to.rawValue)") }
        if let failure = result.failure { lines.append(Labelled.line("because", failure.detail)) }
        lines.append(Labelled.line("revoked", Numerals.count(result.revoked, "certificate") + " (cACompromise)"))
        lines.append(Labelled.line("devices", "\(Numerals.count(result.devices, "device")) to enroll again"))
        lines.append(Labelled.line("time", Numerals.duration(result.duration.components.seconds)))
        lines += Labelled.list("people", people)
        let traces = ([trace] + result.traces).compactMap(\.self)
        if let first = traces.first {
            let more = traces.count > 1 ? ", … \(traces.count - 1) more, one a transaction" : ""
            lines.append(Labelled.line("trace", "\(first)\(more)"))
        }
        if let command { lines += ["", "To go on:  \(command)"] }
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: self.document(
                Record(
                    isStopped ? "stopped" : "done",
                    moves: moves,
                    result: result,
                    left: left,
                    people: people,
                    traces: traces,
                    command: command
                )
            ),
            exit: isStopped ? .failed : .done
        )
    }

    /// All of it was done before.
    func already(people: [String]) -> CommandOutput {
        let since =
            (self.plan.begun.compactMap(\.finished).max() ?? self.issuer.moments.ended).map { " since \($0)" } ?? ""
        let lines =
            ["\(self.issuer.id) is compromised\(since) already, and nothing that it signed is valid. Nothing to do."]
            + Labelled.list("people", people)
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: self.document(Record("already", people: people))
        )
    }

    // MARK: - Document

    /// What a document says besides the plan.
    private struct Record {
        var outcome: String
        var moves: [RotationChange.Move]
        var result: CompromiseWaves.Result
        var left: Int
        var people: [String]
        var traces: [TraceID]
        var command: String?

        init(
            _ outcome: String,
            moves: [RotationChange.Move] = [],
            result: CompromiseWaves.Result = CompromiseWaves.Result(),
            left: Int = 0,
            people: [String] = [],
            traces: [TraceID] = [],
            command: String? = nil
        ) {
            self.outcome = outcome
            self.moves = moves
            self.result = result
            self.left = left
            self.people = people
            self.traces = traces
            self.command = command
        }
    }

    /// Certificates to revoke when it began.
    private var total: Int {
        self.plan.begun.isEmpty ? self.plan.remaining : self.plan.begun.map(\.total).reduce(0, +)
    }

    private func document(_ record: Record) -> JSONValue {
        let duration = record.result.duration.components
        let seconds = Double(duration.seconds) + Double(duration.attoseconds) / 1e18
        return .object([
            ("schema", .string("gatehouse.ca-compromise/1")), ("outcome", .string(record.outcome)),
            ("issuer", .string(self.issuer.id)), ("role", .string(self.issuer.role.rawValue)),
            ("successor", .optional(self.plan.successor?.id ?? self.plan.begun.compactMap(\.successor).last)),
            ("plan", .optional(record.outcome == "rehearsed" ? self.plan.id : nil)),
            ("facts", .array(self.plan.facts.map { .string($0) })), ("moves", .array(record.moves.map(\.json))),
            ("below", .array(self.plan.below.map { .string($0.id) })),
            ("total", .integer(Int64(self.total))),
            ("revoked", .integer(Int64(record.result.revoked))), ("left", .integer(Int64(record.left))),
            ("endedDevices", .integer(Int64(record.result.devices))),
            ("perMinute", .integer(Int64(self.perMinute))), ("seconds", .number(seconds)),
            ("leftForPeople", .array(record.people.map { .string($0) })),
            ("reason", .string(self.mandate.reason)), ("ticket", .optional(self.mandate.ticket)),
            ("traces", .array(record.traces.map { .string("\($0)") })),
            ("failure", .optional(record.result.failure?.detail)), ("command", .optional(record.command)),
        ])
    }
}
