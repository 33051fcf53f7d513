import EnrollmentCore

/// A step that lies ahead, in words and as a member of documents.
struct PlannedStepText {
    let step: RotationPlan.Step
    /// `--config` as it was given, for commands that the screen proposes.
    let config: String?

    /// `2026-11-26  gatehouse ca activate 2026-B`, or what the service does by itself.
    func line(at now: Timestamp) -> String {
        let day = self.step.due <= now ? "now       " : CAStatusScreen.day(self.step.due)
        guard let command = self.command, !self.step.isAutomatic else {
            return "\(day)  \(self.step.kind.words) \(self.step.id)  (\(self.whose))\(self.lateness)"
        }
        return "\(day)  \(command)\(self.lateness)"
    }

    private var lateness: String { self.step.isMissed ? "  (was due \(CAStatusScreen.day(self.step.due)))" : "" }

    /// Who takes it.
    var whose: String { self.step.isAutomatic ? "by itself" : "by hand" }

    var why: String {
        switch self.step.reason {
        case nil: "the schedule says so"
        case .end: "later, what is signed would end too soon"
        case .adoption: "enough devices know it by then, at this pace"
        case .overlap: "devices and caches have had their time by then"
        case .draining: "nothing hangs on it any more by then"
        }
    }

    /// `nil` for what only the service does.
    private var command: String? {
        let words: [String]
        switch self.step.kind {
        case .prepare:
            words = ["ca", "prepare"] + (self.step.role == .root ? ["--role", "root"] : []) + ["--id", self.step.id]
        case .publish: words = ["ca", "publish", self.step.id]
        case .activate: words = ["ca", "activate", self.step.id]
        case .retire: words = ["ca", "retire", self.step.id]
        case .drained: return nil
        }
        return CommandLineText.of(words, config: self.config)
    }

    var json: JSONValue {
        .object([
            ("step", .string(self.step.kind.rawValue)), ("role", .string(self.step.role.rawValue)),
            ("issuer", .string(self.step.id)), ("due", .time(self.step.due)),
            ("missed", .boolean(self.step.isMissed)), ("automatic", .boolean(self.step.isAutomatic)),
            ("because", .string(self.step.reason?.rawValue ?? "schedule")), ("command", .optional(self.command)),
        ])
    }
}

extension RotationPlan.Step.Kind {
    var words: String { self == .drained ? "nothing left on" : self.rawValue }
}
