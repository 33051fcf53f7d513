/// The first thing in a server's answers that is not as the protocol wants it.
public struct Deviation: Error, Hashable, Sendable {
    public let step: EnrollmentStep
    public let rule: ProtocolRule
    public let expected: String
    /// What came instead: at most 200 characters, without control characters.
    public let found: String

    init(_ step: EnrollmentStep, _ rule: ProtocolRule, expected: String, found: String) {
        self.step = step
        self.rule = rule
        self.expected = expected
        self.found = Self.bounded(found)
    }

    private static func bounded(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars.prefix(200) {
            result.unicodeScalars.append(character.value < 32 || character.value == 127 ? " " : character)
        }
        return text.unicodeScalars.count > 200 ? result + "…" : result
    }
}

extension Deviation: CustomStringConvertible {
    public var description: String {
        "\(self.step.rawValue) (\(self.rule.rawValue)): expected \(self.expected), found \(self.found)"
    }
}
