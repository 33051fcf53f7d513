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

    /// Seconds since 1970 as `2026-11-20T04:00:00.000Z`.
    static func moment(_ seconds: Int64) -> String {
        let (days, rest) = Int(seconds).quotientAndRemainder(dividingBy: 86_400)
        // Days are counted from March of a year 0, so that the leap day ends a year.
        let fromEpoch = days + 719_468
        let era = fromEpoch / 146_097
        let dayOfEra = fromEpoch % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let fromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * fromMarch + 2) / 5 + 1
        let month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        let date = "\(year)-\(self.two(month))-\(self.two(day))"
        return "\(date)T\(self.two(rest / 3_600)):\(self.two(rest / 60 % 60)):\(self.two(rest % 60)).000Z"
    }

    private static func two(_ value: Int) -> String {
        value < 10 ? "0\(value)" : String(value)
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
