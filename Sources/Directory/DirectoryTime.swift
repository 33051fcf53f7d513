internal import EnrollmentCore

/// A time as directories write it: GeneralizedTime (RFC 4517 § 3.3.13), in UTC.
enum DirectoryTime {
    /// The moment that `20261118091244.0Z` names; `nil` for anything that is not in UTC or has no seconds.
    static func moment(_ text: String) -> Timestamp? {
        guard text.hasSuffix("Z") else { return nil }
        let digits = text.dropLast().prefix { $0 != "." && $0 != "," }
        guard digits.utf8.count == 14, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        func number(_ range: Range<Int>) -> Int64 {
            digits.utf8.dropFirst(range.lowerBound).prefix(range.count).reduce(0) { $0 * 10 + Int64($1) - 0x30 }
        }
        let (year, month, day) = (number(0..<4), number(4..<6), number(6..<8))
        let (hour, minute, second) = (number(8..<10), number(10..<12), number(12..<14))
        guard (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second < 61 else { return nil }
        // Years begin in March here, so the leap day is the last of its year and needs no case of its own.
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return Timestamp(seconds: days * 86_400 + hour * 3_600 + minute * 60 + second)
    }
}
