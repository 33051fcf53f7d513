/// One measured number under a name that stays the same from version to version.
struct Figure: Hashable, Codable, Sendable {
    /// What a change of the number means.
    enum Sense: String, Codable, Sendable {
        /// Less is better, and more than the tolerance above the baseline is a regression: processor time, memory.
        case cost
        /// For orientation only: rates and latencies depend on what else the machine does.
        case context
    }

    let name: String
    let value: Double
    let unit: String
    let sense: Sense

    static func cost(_ name: String, _ value: Double, _ unit: String) -> Figure {
        Figure(name: name, value: value, unit: unit, sense: .cost)
    }

    static func context(_ name: String, _ value: Double, _ unit: String) -> Figure {
        Figure(name: name, value: value, unit: unit, sense: .context)
    }

    /// `name value unit`, with as many digits as mean something.
    var line: String { "\(self.name) \(Self.text(self.value)) \(self.unit)" }

    static func text(_ value: Double) -> String {
        guard value.magnitude < 100 else { return "\(Int(value.rounded()))" }
        let scale = value.magnitude < 10 ? 1_000.0 : 10.0
        return "\((value * scale).rounded() / scale)"
    }
}

extension Array where Element == Double {
    /// The middle one; of an even number the lower of the two in the middle.
    var median: Double { self.isEmpty ? 0 : self.sorted()[(self.count - 1) / 2] }

    /// By nearest rank; 0 of nothing.
    func percentile(_ percent: Int) -> Double {
        guard !self.isEmpty else { return 0 }
        return self.sorted()[Swift.max(0, (self.count * percent + 99) / 100 - 1)]
    }
}
