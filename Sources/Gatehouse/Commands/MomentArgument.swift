import ArgumentParser
import EnrollmentCore

/// A moment as it is typed: `2026-11-20T09:12:44Z`, `2026-11-20` (its first second, UTC), or how long ago: `90min`,
/// `12h`, `3d`.
struct MomentArgument: ExpressibleByArgument, Sendable {
    private enum Form: Sendable {
        case absolute(Timestamp)
        /// Seconds before now.
        case ago(Int64)
    }

    private let form: Form

    init?(argument: String) {
        if let seconds = Self.seconds(argument) {
            self.form = .ago(seconds)
        } else if let moment = Self.moment(argument) {
            self.form = .absolute(moment)
        } else {
            return nil
        }
    }

    func moment(at now: Timestamp) -> Timestamp {
        switch self.form {
        case .absolute(let moment): moment
        case .ago(let seconds): now.adding(seconds: -seconds)
        }
    }

    private static func seconds(_ text: String) -> Int64? {
        for (unit, seconds) in [("min", 60), ("h", 3_600), ("d", 86_400)] as [(String, Int64)]
        where text.hasSuffix(unit) {
            let digits = text.dropLast(unit.count)
            guard (1...6).contains(digits.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                return nil
            }
            return Int64(digits).map { $0 * seconds }
        }
        return nil
    }

    /// A moment as RFC 3339 writes it, with a fraction of a second and an offset where it has them.
    static func timestamp(_ text: String) -> Timestamp? {
        var rest = text[...]
        var offset: Int64 = 0
        if rest.hasSuffix("Z") || rest.hasSuffix("z") {
            rest = rest.dropLast()
        } else {
            let zone = rest.suffix(6)
            guard let sign = zone.first, sign == "+" || sign == "-", zone.utf8.count == 6,
                let numbers = self.numbers(zone.dropFirst(), separator: ":", widths: [2, 2]), numbers[0] < 24,
                numbers[1] < 60
            else { return nil }
            offset = Int64(numbers[0] * 3_600 + numbers[1] * 60) * (sign == "-" ? -1 : 1)
            rest = rest.dropLast(6)
        }
        if let point = rest.firstIndex(of: ".") {
            let digits = rest[rest.index(after: point)...]
            guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            rest = rest[..<point]
        }
        return self.moment(rest + "Z")?.adding(seconds: -offset)
    }

    private static func moment(_ text: some StringProtocol) -> Timestamp? {
        let halves = text.split(omittingEmptySubsequences: false) { $0 == "T" || $0 == "t" }
        guard let date = halves.first, halves.count <= 2,
            let numbers = self.numbers(date, separator: "-", widths: [4, 2, 2])
        else { return nil }
        var clock = [0, 0, 0]
        if halves.count == 2 {
            guard halves[1].hasSuffix("Z"),
                let read = self.numbers(halves[1].dropLast(), separator: ":", widths: [2, 2, 2])
            else { return nil }
            clock = read
        }
        guard (1...12).contains(numbers[1]), (1...31).contains(numbers[2]), clock[0] < 24, clock[1] < 60, clock[2] < 60
        else { return nil }
        let moment = Timestamp(
            seconds: self.days(numbers[0], numbers[1], numbers[2]) * 86_400
                + Int64(clock[0] * 3_600 + clock[1] * 60 + clock[2])
        )
        // A day that the month does not have comes out as another one.
        return CivilTime(moment).day == numbers[2] ? moment : nil
    }

    private static func numbers(
        _ text: some StringProtocol,
        separator: Character,
        widths: [Int]
    ) -> [Int]? {
        let parts = text.split(separator: separator, omittingEmptySubsequences: false)
        guard parts.map(\.utf8.count) == widths, text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        let numbers = parts.compactMap { part in
            part.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(part) : nil
        }
        return numbers.count == widths.count ? numbers : nil
    }

    /// Days since 1970-01-01; years begin in March here, so the leap day is the last of its year.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }
}
