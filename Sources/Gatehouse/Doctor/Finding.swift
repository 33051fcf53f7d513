import EnrollmentCore

/// What one check found.
struct Finding: Sendable {
    /// How bad it is; the raw values go into documents.
    enum Status: String, CaseIterable, Sendable {
        case ok
        /// Nothing is broken yet.
        case warning
        /// A person has to do something.
        case failure
        /// Could not be checked, or there is nothing to check.
        case skipped
    }

    let status: Status
    /// Stable: `crl 2026-A`; its first word names the group that `--only` takes, too.
    let name: String
    /// In words: what is so, and what it does.
    let what: String
    /// One command, or one change of the configuration.
    let remedy: String?

    init(_ status: Status, _ name: String, _ what: String, remedy: String? = nil) {
        self.status = status
        self.name = name
        self.what = what
        self.remedy = remedy
    }

    static func ok(_ name: String, _ what: String) -> Finding {
        Finding(.ok, name, what)
    }

    static func skipped(_ name: String, _ what: String) -> Finding {
        Finding(.skipped, name, what)
    }

    /// Whether `--only` with this word means the check: `crl`, or the whole `crl 2026-A`.
    func answers(to word: String) -> Bool {
        let word = word.lowercased()
        let name = self.name.lowercased()
        return name == word || name.hasPrefix(word + " ") || name.hasPrefix(word + ".")
    }
}

/// How long something should last at least.
struct Endurance: Sendable {
    /// Days below which somebody should know.
    let warning: Int
    /// Days below which somebody has to do something.
    let failure: Int

    /// Judges how many days are left until `end`.
    func judge(_ name: String, end: Timestamp, at now: Timestamp, _ what: String, remedy: String) -> Finding {
        let left = end.seconds(since: now)
        if left < 0 {
            return Finding(.failure, name, "\(what) ended \(Numerals.duration(-left)) ago (\(end))", remedy: remedy)
        }
        let sentence = "\(what) ends in \(Numerals.duration(left)) (\(end))"
        if left < Int64(self.failure) * 86_400 { return Finding(.failure, name, sentence, remedy: remedy) }
        if left < Int64(self.warning) * 86_400 { return Finding(.warning, name, sentence, remedy: remedy) }
        return .ok(name, sentence)
    }
}
