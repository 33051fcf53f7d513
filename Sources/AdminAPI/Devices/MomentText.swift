package import EnrollmentCore

/// Reads a moment in UTC as it is written everywhere here: `2026-11-18T09:12:44Z`, with or without a fraction (RFC 3339).
package enum MomentText {
    private static let days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

    /// - Returns: `nil` for another form, or a day that no calendar has.
    package static func read(_ text: String) -> Timestamp? {
        let octets = Array(text.utf8)
        guard octets.count >= 20, octets.count <= 27, octets.last == UInt8(ascii: "Z"),
            octets[4] == UInt8(ascii: "-"), octets[7] == UInt8(ascii: "-"), octets[10] == UInt8(ascii: "T"),
            octets[13] == UInt8(ascii: ":"), octets[16] == UInt8(ascii: ":"),
            let year = self.number(octets[0..<4]), let month = self.number(octets[5..<7]),
            let day = self.number(octets[8..<10]), let hour = self.number(octets[11..<13]),
            let minute = self.number(octets[14..<16]), let second = self.number(octets[17..<19]),
            let micros = self.fraction(octets[19..<(octets.count - 1)])
        else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        guard year >= 1_970, (1...12).contains(month), day >= 1,
            day <= self.days[month - 1] + (month == 2 && isLeap ? 1 : 0), hour < 24, minute < 60, second < 60
        else { return nil }
        // Years begin in March here, so the leap day is the last of its year.
        let shifted = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let sinceEra = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
        let seconds = Int64(sinceEra) * 86_400 + Int64(hour * 3_600 + minute * 60 + second)
        return Timestamp(microseconds: seconds * 1_000_000 + Int64(micros))
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return value
    }

    /// Microseconds behind the point; 0 where there is none.
    private static func fraction(_ octets: ArraySlice<UInt8>) -> Int? {
        guard let point = octets.first else { return 0 }
        guard point == UInt8(ascii: "."), octets.count > 1 else { return nil }
        let digits = octets.dropFirst()
        return self.number(digits).map { value in (digits.count..<6).reduce(value) { scaled, _ in scaled * 10 } }
    }
}
