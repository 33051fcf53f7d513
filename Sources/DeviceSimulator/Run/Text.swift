/// Numbers as a person reads them.
enum Text {
    /// Three figures: `0.42`, `4.2`, `42`, `420`.
    static func milliseconds(_ value: Double) -> String {
        let digits = value < 1 ? 2 : value < 10 ? 1 : 0
        return self.fixed(value, digits)
    }

    static func fixed(_ value: Double, _ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let scaled = Int((value * scale).rounded())
        guard digits > 0 else { return String(scaled) }
        let rest = String(scaled % Int(scale))
        return "\(scaled / Int(scale)).\(String(repeating: "0", count: digits - rest.count))\(rest)"
    }

    /// `3,210`.
    static func grouped(_ value: Int) -> String {
        let digits = String(value)
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
            result.append(digit)
        }
        return result
    }
}
