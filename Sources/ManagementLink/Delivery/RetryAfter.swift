package import EnrollmentCore

/// Reads `Retry-After` (RFC 9110 § 10.2.3).
package enum RetryAfter {
    /// The longest that anybody is listened to: who names next year has made a mistake, and is asked again.
    package static let longest = Duration.seconds(3_600)

    /// - Parameters:
    ///   - text: Seconds, or one of the three forms of a date.
    ///   - now: What a date is compared with.
    /// - Returns: How long to wait, between nothing and ``longest``; `nil` for what is neither.
    package static func delay(_ text: String, at now: Timestamp) -> Duration? {
        let text = text.trimmed
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // Digits alone that are no number are too many.
            return min(self.longest, .seconds(Int(text) ?? Int.max / 2_000_000_000))
        }
        guard let moment = self.date(text) else { return nil }
        let seconds = max(0, moment.seconds(since: now))
        return min(self.longest, .seconds(seconds))
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` or `Sun Nov  6 08:49:37 1994` (§ 5.6.7).
    private static func date(_ text: String) -> Timestamp? {
        let words = text.split { $0 == " " || $0 == "," || $0 == "-" }
        guard words.count == 5 || words.count == 6, words.count == 5 || words[5] == "GMT" else { return nil }
        // The day of the week says nothing that the rest does not.
        let isC = words.count == 5
        let (month, day, year, time) =
            isC
            ? (words[1], words[2], words[4], words[3]) : (words[2], words[1], words[3], words[4])
        let clock = time.split(separator: ":", omittingEmptySubsequences: false).map { Self.number($0) }
        guard let month = Self.months.firstIndex(of: String(month)), let day = Self.number(day), (1...31).contains(day),
            let shown = Self.number(year), clock.count == 3, let hour = clock[0], let minute = clock[1],
            let second = clock[2], hour < 24, minute < 60, second <= 60
        else { return nil }
        // Of two digits; those of a date that is to come.
        let full = year.utf8.count == 2 ? 2_000 + shown : shown
        return Timestamp(
            seconds: Self.days(year: full, month: month + 1, day: day) * 86_400
                + Int64(hour * 3_600 + minute * 60 + second)
        )
    }

    private static func number(_ text: Substring) -> Int? {
        guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    /// Days from 1970-01-01.
    private static func days(year: Int, month: Int, day: Int) -> Int64 {
        // Years begin in March here, so the leap day is the last of its year.
        let shifted = month > 2 ? year : year - 1
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return Int64(shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468)
    }
}

extension String {
    fileprivate var trimmed: String {
        var text = self[...]
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return String(text)
    }
}
