import EnrollmentCore

extension CommandProblem {
    private static let replacing =
        "gatehouse serve: a running service replaces its listeners' certificate by itself"

    /// A step of key rotation that is not taken.
    ///
    /// - Parameters:
    ///   - refusal: What is in the way.
    ///   - users: What still hangs on the issuer, the first ten.
    init(_ refusal: RotationRefusal, usedBy users: [(label: String, text: String)] = []) {
        var sentence = refusal.sentence[...]
        if sentence.last == "." { sentence.removeLast() }
        // An issuer's id keeps its case.
        let isName = sentence.hasPrefix(refusal.id)
        let words = isName ? String(sentence) : sentence.prefix(1).lowercased() + sentence.dropFirst()
        let isUnknown = refusal.reason == .unknown
        let isServers = users.contains { $0.text.hasPrefix("server/") }
        self.init(
            isUnknown ? "GH-FIND-001" : "GH-CA-001",
            words,
            [("rule", refusal.rule)] + users + (isServers ? [("and", Self.replacing)] : []) + [("try", refusal.remedy)],
            exit: isUnknown ? .notFound : .refused
        )
    }
}
