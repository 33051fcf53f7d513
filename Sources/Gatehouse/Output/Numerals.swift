/// Numbers as people read them.
enum Numerals {
    /// `3,210`.
    static func grouped(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0 && (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return value < 0 ? "-\(text)" : text
    }

    /// `3 devices`, `1 device`.
    static func count(_ value: Int, _ noun: String) -> String {
        "\(self.grouped(value)) \(noun)\(value == 1 ? "" : "s")"
    }

    /// The two largest units: `2 h 10 min`, `12 days`, `4 years`.
    static func duration(_ seconds: Int64) -> String {
        let seconds = Int(max(0, seconds))
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3_600: return "\(seconds / 60) min"
        case ..<86_400:
            let minutes = seconds / 60 % 60
            return "\(seconds / 3_600) h" + (minutes > 0 ? " \(minutes) min" : "")
        case ..<(2 * 86_400): return "1 day"
        case ..<(730 * 86_400): return "\(self.grouped(seconds / 86_400)) days"
        default: return "\(seconds / (365 * 86_400)) years"
        }
    }
}
