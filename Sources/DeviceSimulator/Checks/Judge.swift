/// Holds what came in one step against the rules.
struct Judge: Sendable {
    let step: EnrollmentStep

    func require(
        _ condition: Bool,
        _ rule: ProtocolRule,
        _ expected: @autoclosure () -> String,
        found: @autoclosure () -> String
    ) throws(Deviation) {
        guard condition else { throw Deviation(self.step, rule, expected: expected(), found: found()) }
    }

    func unwrap<Value>(
        _ value: Value?,
        _ rule: ProtocolRule,
        _ expected: @autoclosure () -> String,
        found: @autoclosure () -> String = "none"
    ) throws(Deviation) -> Value {
        guard let value else { throw Deviation(self.step, rule, expected: expected(), found: found()) }
        return value
    }
}
