import ArgumentParser

/// Options of every step of key rotation: rehearsed, unless somebody names what was read.
struct StepOptions: ParsableArguments {
    @Flag(help: "Do it, instead of rehearsing; needs --plan.")
    var commit = false
    @Option(help: "Only if the facts are still those of the rehearsal that gave this id.")
    var plan: String?
    @Option(help: "A share of a root's split key, where the step needs that key; repeatable.")
    var shareFile: [String] = []

    /// The shares, as a shell takes them.
    var shareWords: [String] { self.shareFile.flatMap { ["--share-file", $0] } }

    /// - Throws: ``CommandProblem`` with exit `usage` for a plan that is not to be carried out.
    func judge(_ command: String) throws(CommandProblem) {
        guard self.plan == nil || self.commit else { throw .usage("--plan belongs to --commit", see: command) }
    }
}

/// Why, for steps that are routine: a word of one's own is welcome and not asked for.
struct RoutineOptions: ParsableArguments {
    /// What the record says where nobody gave a reason.
    private static let routine = "key rotation"

    @Option(help: "Why, in your words; kept with the record of the act. Default: \(Self.routine).")
    var reason: String?
    @Option(help: "Number of the ticket in your own system.")
    var ticket: String?

    /// - Throws: ``CommandProblem`` with exit `usage` for a reason that says nothing or does not end.
    func mandate() throws(CommandProblem) -> Mandate {
        try OrderOptions.mandate(reason: self.reason ?? Self.routine, ticket: self.ticket)
    }

    var isEmpty: Bool { self.reason == nil && self.ticket == nil }

    /// As they were given.
    var shellWords: [String] {
        (self.reason.map { ["--reason", $0] } ?? []) + (self.ticket.map { ["--ticket", $0] } ?? [])
    }
}
