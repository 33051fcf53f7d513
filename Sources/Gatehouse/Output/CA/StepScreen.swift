import EnrollmentCore

/// A step of key rotation, rehearsed or done, on the screen and as a document.
struct StepScreen {
    let plan: StepPlan
    let mandate: Mandate
    /// What the command was given besides verb, issuer and plan, as a shell takes it.
    let options: [String]
    /// Who is told by name; the feed has every event in any case.
    let destinations: [String]
    /// `--config` as it was given, for commands that the screen proposes.
    let config: String?

    private var change: RotationChange { self.plan.change }
    private var rotation: KeyRotation { self.plan.rotation }

    /// The command that rehearses this, or carries it out.
    func command(committing isReal: Bool) -> String {
        let words = ["ca", self.change.verb.rawValue, self.change.id] + self.options
        return CommandLineText.of(words + (isReal ? ["--commit", "--plan", self.plan.id] : []), config: self.config)
    }

    /// In one line, for whoever hears that the facts have changed.
    var summary: String {
        let moves = self.change.moves.map { "\($0.id) \($0.from.rawValue) -> \($0.to.rawValue)" }
        return moves.isEmpty ? "devices of \(self.change.id) may renew early" : moves.joined(separator: ", ")
    }

    // MARK: - Rehearsed

    func rehearsal(note: String?) -> CommandOutput {
        var lines = ["Rehearsal. Nothing will be changed.", ""]
        lines += self.effects + self.figures
        lines += [
            "", "Undo      \(self.undo)",
            "Plan      \(self.plan.id), good until a fact above changes" + (note.map { "; \($0)" } ?? ""),
            "", "To do it:  \(self.command(committing: true))",
        ]
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: self.document("rehearsed", command: self.command(committing: true))
        )
    }

    private static func line(_ symbol: String, _ label: String, _ text: String) -> String {
        "  \(symbol) \(label)\(String(repeating: " ", count: max(0, 15 - label.count)))  \(text)"
    }

    private var effects: [String] {
        var lines = self.change.moves.map { move in
            let arrow = "\(move.from.rawValue) -> \(move.to.rawValue)"
            let gap = String(repeating: " ", count: max(0, 22 - arrow.count))
            return Self.line("~", self.label(of: move.id), "\(arrow)\(gap)  \(Self.meaning(of: move.to))")
        }
        if self.change.hurries {
            let count = self.rotation.standing(of: self.change.id)?.liveCertificates ?? 0
            lines.append(
                Self.line(
                    "~",
                    "renewal",
                    "\(Numerals.count(count, "certificate")) of \(self.change.id) may be renewed at once"
                )
            )
        }
        lines += self.change.revokedIssuers.sorted { $0.key < $1.key }.map { id, reason in
            Self.line("-", "certificate", "of \(id) is revoked (\(reason.name)) by \(self.signer(of: id))")
        }
        lines += self.change.destroyedKeys.map { id in
            Self.line("-", "key", "of \(id) is destroyed (\(self.place(of: id)))")
        }
        if self.change.verb == .publish, self.isRoot {
            lines.append(
                Self.line("+", "links", "new-with-old and old-with-new: whoever trusts either root verifies the other")
            )
            lines += self.warnings.map { Self.line("!", "links", $0) }
        }
        if self.change.verb == .retire {
            let end = self.rotation.standing(of: self.change.id)?.notAfter
            lines.append(Self.line("+", "last CRLs", "valid to \(end.map { "\($0)" } ?? "the end"), then no more"))
        }
        let whom = self.destinations.isEmpty ? "in the feed" : "to \(self.destinations.joined(separator: ", "))"
        lines += self.change.announcements.map { told in
            Self.line("+", "announcement", "event \(told.kind.rawValue) of \(told.id) \(whom)")
        }
        return lines
    }

    /// Of a root that is published or activated: to whom the links are of no use.
    private var reach: LinkReach { LinkReach(of: self.change.id, in: self.rotation) }

    private var warnings: [String] {
        switch self.change.verb {
        case .publish, .activate: self.change.isNothing ? [] : self.reach.warnings
        case .prepare, .drain, .retire, .abort, .compromise: []
        }
    }

    private var isRoot: Bool { self.rotation.standing(of: self.change.id)?.issuer.role == .root }

    private func label(of id: String) -> String {
        self.rotation.standing(of: id)?.issuer.role == .root ? "root \(id)" : "issuer \(id)"
    }

    private func signer(of id: String) -> String { self.rotation.standing(of: id)?.issuer.signedBy ?? "?" }
    private func place(of id: String) -> String { self.rotation.standing(of: id)?.issuer.key.place ?? "?" }

    private static func meaning(of state: IssuerRecord.State) -> String {
        switch state {
        case .prepared: "nobody is told"
        case .published: "is served, and given to devices that enroll or renew"
        case .active: "signs everything new"
        case .draining: "signs nothing new; CRL and OCSP go on"
        case .crlOnly: "nothing hangs on it; CRL and OCSP go on"
        case .retired: "for good; its certificate is kept for look-ups"
        case .aborted: "is taken back"
        case .compromised: "signs nothing any more but its own revocation"
        }
    }

    // MARK: Figures

    private var figures: [String] {
        guard let standing = self.rotation.standing(of: self.change.id) else { return [] }
        switch self.change.verb {
        case .activate: return self.adoption(of: standing)
        case .publish:
            let live = Numerals.count(self.rotation.liveDevices, "device")
            return [Self.line("=", "devices", "\(live) live; each gets it when it renews")]
        case .retire, .abort:
            return [Self.line("=", "certificates", "none is left that hangs on it")]
        case .drain:
            return [
                Self.line(
                    "=",
                    "devices",
                    "ask by their own schedule; the management server can have them do it sooner"
                )
            ]
        case .prepare, .compromise: return []
        }
    }

    private func adoption(of standing: IssuerStanding) -> [String] {
        let live = self.rotation.liveDevices
        let knowing = Percent.count(standing.knowingDevices, of: live)
        let threshold = self.isRoot ? " (threshold \(self.rotation.adoptionThreshold) %)" : ""
        var lines = [
            Self.line(
                "=",
                "devices",
                "\(Numerals.grouped(live)) live; \(knowing) are known to have \(standing.id)\(threshold)"
            )
        ]
        let missing = max(0, live - standing.knowingDevices)
        if missing > 0 {
            let list = CommandLineText.of(["ca", "adoption", standing.id, "--missing"], config: self.config)
            let verb = missing == 1 ? "is" : "are"
            lines.append(Self.line("!", Numerals.count(missing, "device"), "\(verb) not known to. See: \(list)"))
            lines.append(
                Self.line(
                    "=",
                    "renewals",
                    self.isRoot ? "bring them the root\(self.detour)" : "bring the chain along"
                )
            )
            lines += self.warnings.map { Self.line("!", "links", $0) }
        }
        if standing.issuer.key.isAtHand {
            lines.append(Self.line("=", "trial", "a signature made with its key just now verifies"))
        }
        if let reason = self.change.overridden {
            lines.append(Self.line("!", "threshold", "is passed over: \(Table.printable(reason))"))
        }
        return lines
    }

    private var detour: String {
        let former = self.rotation.active(.root)?.id
        return former.map(self.reach.isShort(from:)) ?? false ? "" : "; links lead from the former one"
    }

    private var undo: String {
        let id = self.change.id
        return switch self.change.verb {
        case .prepare, .publish:
            CommandLineText.of(["ca", "abort", id], config: self.config) + ", as long as it is not activated"
        case .activate: "none by command. Going back means preparing a new issuer"
        case .drain: "none needed: devices renew a little earlier than they would"
        case .retire: "none: the key is gone for good"
        case .abort: "none: prepare another one, under another id"
        case .compromise: "none"
        }
    }

    // MARK: - Done

    func done(_ trace: TraceID) -> CommandOutput {
        var lines = ["Done. \(self.headline)", ""]
        lines += self.change.moves.map { move in
            Labelled.line(self.label(of: move.id), "\(move.to.rawValue): \(Self.meaning(of: move.to))")
        }
        if self.change.hurries { lines.append(Labelled.line("renewal", "open to every device of \(self.change.id)")) }
        lines += self.change.destroyedKeys.map { Labelled.line("key", "of \($0) destroyed") }
        lines += self.change.revokedIssuers.sorted { $0.key < $1.key }.map { id, reason in
            Labelled.line("revoked", "the certificate of \(id) (\(reason.name))")
        }
        lines += self.change.announcements.map { Labelled.line("told", "\($0.kind.rawValue) of \($0.id)") }
        lines += Labelled.list("warning", self.warnings)
        if !self.change.moves.isEmpty { lines.append(Labelled.line("visible", "at every replica within 2 s")) }
        lines.append(Labelled.line("trace", "\(trace)"))
        if let next = self.next {
            lines += ["", "Next:  \(CommandLineText.of(next, config: self.config))"]
        }
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: self.document("done", trace: trace, command: self.next.map { CommandLineText.of($0, config: config) })
        )
    }

    private var headline: String {
        let id = self.change.id
        return switch self.change.verb {
        case .prepare: "\(id) is prepared"
        case .publish: "\(id) is published"
        case .activate: "\(id) signs from now on"
        case .drain: "Devices of \(id) may renew at once"
        case .retire: "\(id) is retired"
        case .abort: "\(id) is taken back"
        case .compromise: "\(id) signs no more"
        }
    }

    private var next: [String]? {
        switch self.change.verb {
        case .publish: ["ca", "adoption", self.change.id]
        case .activate:
            self.change.moves.first { $0.to == .draining }.map { ["ca", "drain", $0.id] } ?? ["ca", "status"]
        case .drain: ["ca", "drain", self.change.id]
        case .prepare, .retire, .abort, .compromise: ["ca", "status"]
        }
    }

    /// It was carried out before.
    var already: CommandOutput {
        let standing = self.rotation.standing(of: self.change.id)
        let moment = standing.flatMap { Self.moment(of: self.change.verb, in: $0.issuer) }
        let state = self.change.verb == .drain ? "told to renew early" : standing?.state.rawValue ?? "there"
        let when = moment.map { " since \($0)" } ?? ""
        return CommandOutput(
            text: "\(self.change.id) is \(state)\(when) already. Nothing to do.\n",
            json: self.document("already", since: moment)
        )
    }

    private static func moment(of verb: RotationVerb, in issuer: IssuerRecord) -> Timestamp? {
        switch verb {
        case .prepare: issuer.created
        case .publish: issuer.moments.published
        case .activate: issuer.moments.activated
        case .drain: issuer.moments.hurried
        case .retire, .abort, .compromise: issuer.moments.ended
        }
    }

    // MARK: - Document

    private func document(
        _ state: String,
        trace: TraceID? = nil,
        since: Timestamp? = nil,
        command: String? = nil
    ) -> JSONValue {
        let standing = self.rotation.standing(of: self.change.id)
        return .object([
            ("schema", .string("gatehouse.ca-step/1")), ("outcome", .string(state)),
            ("verb", .string(self.change.verb.rawValue)), ("issuer", .string(self.change.id)),
            ("plan", .optional(state == "rehearsed" ? self.plan.id : nil)),
            ("facts", .array(self.plan.facts.map { .string($0) })),
            ("moves", .array(self.change.moves.map(\.json))),
            ("announcements", .array(self.change.announcements.map(\.json))),
            ("destroyedKeys", .array(self.change.destroyedKeys.map { .string($0) })),
            (
                "revokedIssuers",
                .object(self.change.revokedIssuers.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value.name)) })
            ),
            ("opensRenewal", .boolean(self.change.hurries)), ("overridden", .optional(self.change.overridden)),
            ("liveDevices", .integer(Int64(self.rotation.liveDevices))),
            ("knowingDevices", .integer(Int64(standing?.knowingDevices ?? 0))),
            ("liveCertificates", .integer(Int64(standing?.liveCertificates ?? 0))),
            ("warnings", .array(self.warnings.map { .string($0) })), ("reason", .string(self.mandate.reason)),
            ("ticket", .optional(self.mandate.ticket)),
            ("since", .time(since)), ("trace", .optional(trace.map { "\($0)" })), ("command", .optional(command)),
        ])
    }
}

extension RotationChange.Move {
    var json: JSONValue {
        .object([
            ("issuer", .string(self.id)), ("from", .string(self.from.rawValue)), ("to", .string(self.to.rawValue)),
        ])
    }
}

extension RotationChange.Announcement {
    var json: JSONValue {
        .object([("event", .string(self.kind.rawValue)), ("issuer", .string(self.id))])
    }
}
