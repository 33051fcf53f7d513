import EnrollmentCore

extension CommandProblem {
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
        self.init(
            isUnknown ? "GH-FIND-001" : "GH-CA-001",
            words,
            [("rule", refusal.rule)] + users + [("try", refusal.remedy)],
            exit: isUnknown ? .notFound : .refused
        )
    }
}
