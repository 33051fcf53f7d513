import EnrollmentCore

/// The authority at a glance: roots, issuers, what lags, and what comes next.
struct CAStatusScreen {
    let status: AuthorityStatus
    /// Whether issuers are shown whose life is over.
    let showsEnded: Bool
    /// `--config` as it was given, for commands that the screen proposes.
    let config: String?

    // MARK: - For people

    var text: String {
        var blocks = [self.head]
        let hidden = self.status.entries.count { !self.shows($0) }
        blocks.append(self.roots + (hidden > 0 ? self.issuers + self.hidden(hidden) : self.issuers))
        let notes = self.status.notes
        if !notes.isEmpty { blocks.append(self.text(of: notes)) }
        if let next = self.next { blocks.append(next) }
        return blocks.joined(separator: "\n")
    }

    private var head: String {
        let who = Table.printable(self.status.organization ?? "Authority")
        let troubles = self.status.notes.count(where: \.isTrouble)
        let word =
            troubles == 0
            ? "all promises kept" : "\(Numerals.count(troubles, "thing")) \(troubles == 1 ? "needs" : "need") somebody"
        return "\(who), store \(self.status.store), \(self.status.now): \(word)\n"
    }

    private var roots: String {
        var table = Table("Root", "State", "Key", "Devices trust it", "CRL oldest", "Ends")
        for entry in self.status.entries(.root) where self.shows(entry) {
            table.append(
                entry.id,
                entry.standing.state.rawValue,
                Self.key(entry),
                self.adoption(entry),
                self.age(entry),
                Self.day(entry.standing.notAfter)
            )
        }
        return table.text + "\n"
    }

    private var issuers: String {
        var table = Table([
            .init(title: "Issuer"), .init(title: "State"), .init(title: "Key"), .init(title: "Signs since"),
            .init(title: "Live certs", isNumeric: true), .init(title: "Devices know it"), .init(title: "CRL oldest"),
            .init(title: "Ends"),
        ])
        for entry in self.status.entries(.issuing) where self.shows(entry) {
            let live = entry.standing.liveCertificates
            table.append(
                entry.id,
                entry.standing.state.rawValue,
                Self.key(entry),
                entry.standing.state == .active ? Self.day(Self.signsSince(entry.issuer)) : nil,
                live > 0 || entry.standing.state == .active ? Numerals.grouped(live) : nil,
                self.adoption(entry),
                self.age(entry),
                Self.day(entry.standing.notAfter)
            )
        }
        return table.text
    }

    private func hidden(_ count: Int) -> String {
        "\(Numerals.count(count, "issuer")) whose life is over hidden: --all\n"
    }

    private func shows(_ entry: AuthorityStatus.Entry) -> Bool {
        self.showsEnded || !entry.standing.state.isOver
    }

    /// `P-256, sealed`.
    private static func key(_ entry: AuthorityStatus.Entry) -> String {
        [entry.algorithm, entry.issuer.key.place].compactMap(\.self).joined(separator: ", ")
    }

    private func adoption(_ entry: AuthorityStatus.Entry) -> String? {
        switch entry.standing.state {
        case .published, .active, .draining:
            Percent.count(entry.standing.knowingDevices, of: self.status.rotation.liveDevices)
        case .prepared, .crlOnly, .retired, .aborted, .compromised: nil
        }
    }

    private func age(_ entry: AuthorityStatus.Entry) -> String? {
        guard !entry.standing.state.isOver else { return nil }
        return entry.lists.oldest.map { Numerals.duration(self.status.now.seconds(since: $0)) }
    }

    /// One that `init` made signs from its first moment on.
    private static func signsSince(_ issuer: IssuerRecord) -> Timestamp {
        issuer.moments.activated ?? issuer.created
    }

    static func day(_ moment: Timestamp) -> String { String("\(moment)".prefix(10)) }

    /// The soonest steps that lie ahead, as they are on the plan.
    private var next: String? {
        let steps = self.status.plan.steps.prefix(3)
        guard !steps.isEmpty else { return nil }
        let lines = steps.enumerated().map { index, step in
            (index == 0 ? "Next    " : "        ")
                + PlannedStepText(step: step, config: self.config).line(at: self.status.now)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func text(of notes: [AuthorityNote]) -> String {
        let width = notes.map { $0.issuerID?.count ?? 1 }.max() ?? 0
        return notes.map { note in
            let name = note.issuerID ?? "!"
            let id = name + String(repeating: " ", count: width - name.count)
            let command = note.command.map { ": \(CommandLineText.of($0, config: self.config))" } ?? ""
            return "\(id)  \(note.text)\(command)\n"
        }.joined()
    }

    // MARK: - Document

    var json: JSONValue {
        let notes = self.status.notes
        return .object([
            ("schema", .string("gatehouse.ca-status/1")), ("organization", .optional(self.status.organization)),
            ("store", .string(self.status.store)), ("time", .time(self.status.now)),
            ("needsSomebody", .boolean(notes.contains(where: \.isTrouble))),
            ("liveDevices", .integer(Int64(self.status.rotation.liveDevices))),
            ("adoptionThreshold", .integer(Int64(self.status.rotation.adoptionThreshold))),
            ("issuers", .array(self.status.entries.map { self.json(of: $0) })),
            ("notes", .array(notes.map { self.json(of: $0) })),
            (
                "next",
                .array(self.status.plan.steps.map { PlannedStepText(step: $0, config: self.config).json })
            ),
        ])
    }

    private func json(of entry: AuthorityStatus.Entry) -> JSONValue {
        let (standing, issuer, lists) = (entry.standing, entry.issuer, entry.lists)
        let moments = issuer.moments
        return .object([
            ("id", .string(issuer.id)), ("role", .string(issuer.role.rawValue)),
            ("state", .string(issuer.state.rawValue)), ("signedBy", .string(issuer.signedBy)),
            ("algorithm", .optional(entry.algorithm)), ("key", .string(issuer.key.place)),
            ("created", .time(issuer.created)), ("published", .time(moments.published)),
            ("activated", .time(moments.activated)), ("deposed", .time(moments.deposed)),
            ("hurried", .time(moments.hurried)), ("ended", .time(moments.ended)),
            ("notAfter", .time(standing.notAfter)),
            ("liveCertificates", .integer(Int64(standing.liveCertificates))),
            ("knowingDevices", .integer(Int64(standing.knowingDevices))),
            ("adopted", .boolean(self.status.rotation.isAdopted(standing))),
            ("crlOldest", .time(lists.oldest)), ("crlNextUpdate", .time(lists.nextUpdate)),
            ("crlsMissing", .integer(Int64(lists.missing))),
        ])
    }

    private func json(of note: AuthorityNote) -> JSONValue {
        .object([
            ("issuer", .optional(note.issuerID)), ("text", .string(note.text)),
            ("command", .optional(note.command.map { CommandLineText.of($0, config: self.config) })),
            ("needsSomebody", .boolean(note.isTrouble)),
        ])
    }
}
