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
    private var remaining: Int { self.plan.findings.remaining }

    func command(committing isReal: Bool) -> String {
        let rate = self.perMinute > 0 ? ["--rate", "\(self.perMinute)"] : []
        let words = ["ca", "compromise", self.issuer.id] + self.mandate.shellWords + rate + self.options
        return CommandLineText.of(words + (isReal ? ["--commit", "--plan", self.plan.id] : []), config: self.config)
    }

    var summary: String {
        self.plan.isDeclared
            ? "\(Numerals.count(self.remaining, "certificate")) of \(self.issuer.id) still to revoke"
            : self.plan.stops.map { "\($0.id) \($0.standing.state.rawValue) -> compromised" }.joined(separator: ", ")
                + ", \(Numerals.count(self.remaining, "certificate")) to revoke"
    }

    // MARK: - Rehearsed

    /// - Parameters:
    ///   - moves: What would be moved.
    ///   - people: What would be left for people.
    ///   - note: Why the plan's facts were not kept.
    /// - Returns: Screen and document.
    func rehearsal(_ moves: [RotationChange.Move], people: [String], note: String?) -> CommandOutput {
        var lines = ["Rehearsal. Nothing will be changed.", ""]
        lines += CompromiseEffects(plan: self.plan, perMinute: self.perMinute).lines
        if !people.isEmpty { lines += [""] + Labelled.list("then, people", people) }
        lines += [
            "", "Undo      none: what is compromised stays so, and a revocation cannot be taken back",
            "Plan      \(self.plan.id), good until a fact above changes" + (note.map { "; \($0)" } ?? ""),
            "", "To do it:  \(self.command(committing: true))",
        ]
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: self.document(
                Record(
                    "rehearsed",
                    moves: moves,
                    left: self.remaining,
                    people: people,
                    command: self.command(committing: true)
                )
            )
        )
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
        let isStopped = left > 0 || !self.plan.waiting.isEmpty
        var lines = [isStopped ? self.stopped(left) : self.heading, ""]
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

    private var heading: String {
        "Done. \(self.issuer.id) is compromised, and nothing that it signed is valid any more"
    }

    private func stopped(_ left: Int) -> String {
        guard left == 0 else {
            return "Stopped. \(self.issuer.id) is compromised; \(Numerals.count(left, "certificate")) left to revoke"
        }
        let ids = self.plan.waiting.map(\.id).joined(separator: ", ")
        return "Stopped. \(self.issuer.id) is compromised; \(ids) below it still signs, until there is a successor"
    }

    /// All of it was done before, or all that can be.
    func already(people: [String]) -> CommandOutput {
        let isStopped = !self.plan.waiting.isEmpty
        let since =
            (self.plan.findings.begun.compactMap(\.finished).max() ?? self.issuer.moments.ended).map { " since \($0)" }
            ?? ""
        let head =
            isStopped
            ? self.stopped(0)
            : "\(self.issuer.id) is compromised\(since) already, and nothing that it signed is valid. Nothing to do."
        let lines = [head] + Labelled.list("people", people)
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: self.document(Record(isStopped ? "stopped" : "already", people: people)),
            exit: isStopped ? .failed : .done
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

    private var successor: String? {
        guard self.issuer.role == .issuing else { return self.plan.successor?.id }
        return self.plan.successor?.id ?? self.plan.findings.begun.compactMap(\.successor).last
    }

    /// At the rate; `nil` where the store sets the pace.
    private var expectedSeconds: Int64? {
        CompromiseWaves.seconds(for: self.remaining, perMinute: self.perMinute)
    }

    /// Certificates to revoke when it began.
    private var total: Int {
        let begun = self.plan.findings.begun
        return begun.isEmpty ? self.remaining : begun.map(\.total).reduce(0, +)
    }

    private func document(_ record: Record) -> JSONValue {
        let duration = record.result.duration.components
        let seconds = Double(duration.seconds) + Double(duration.attoseconds) / 1e18
        return .object([
            ("schema", .string("gatehouse.ca-compromise/1")), ("outcome", .string(record.outcome)),
            ("issuer", .string(self.issuer.id)), ("role", .string(self.issuer.role.rawValue)),
            ("successor", .optional(self.successor)),
            ("plan", .optional(record.outcome == "rehearsed" ? self.plan.id : nil)),
            ("facts", .array(self.plan.facts.map { .string($0) })), ("moves", .array(record.moves.map(\.json))),
            ("below", .array(self.plan.course.stops.filter { $0.id != self.issuer.id }.map { .string($0.id) })),
            ("stops", .array(self.plan.course.stops.map(\.json))), ("listener", .optional(self.plan.listener)),
            ("devices", .integer(Int64(self.plan.findings.devices))),
            ("waves", .integer(Int64(CompromiseWaves.count(for: self.remaining, perMinute: self.perMinute)))),
            ("expectedSeconds", self.expectedSeconds.map { .integer($0) } ?? .null),
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

extension CompromiseCourse.Stop {
    fileprivate var json: JSONValue {
        let isMade = if case .new = self.successor { true } else { false }
        return .object([
            ("issuer", .string(self.id)), ("role", .string(self.standing.issuer.role.rawValue)),
            ("from", .string(self.standing.state.rawValue)), ("successor", .optional(self.successor?.id)),
            ("isMade", .boolean(isMade)), ("takenBack", .optional(self.takenBack?.id)),
            ("waitsFor", .optional(self.waitsFor?.id)),
        ])
    }
}
