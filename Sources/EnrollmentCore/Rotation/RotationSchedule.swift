/// How often issuers of one role are followed by new ones.
public struct RotationSchedule: Hashable, Sendable {
    /// Who has a published issuer sign.
    public enum Activation: String, Hashable, Sendable, CaseIterable {
        /// A person.
        case byHand = "by-hand"
        /// The service itself, when it is due and no gate is in the way.
        case whenDue = "when-due"
    }

    /// Months from one activation to the next; `nil` when nothing is prepared by itself.
    public var everyMonths: Int?
    /// Days that a new issuer is published before it is to sign.
    public var overlapDays: Int
    public var activation: Activation

    public init(everyMonths: Int? = nil, overlapDays: Int, activation: Activation = .byHand) {
        self.everyMonths = everyMonths
        self.overlapDays = overlapDays
        self.activation = activation
    }

    public static let issuing = RotationSchedule(overlapDays: 30)
    public static let root = RotationSchedule(overlapDays: 365)
}

/// Names of issuers to come.
public enum RotationNaming {
    /// The next id of a role: `2026-B` after `2026-A` for an issuing authority, `R2` after `R1` for a root.
    ///
    /// - Parameters:
    ///   - role: Whose.
    ///   - taken: Ids that are or were in use; none is given twice, whatever its case.
    ///   - now: Gives the year.
    /// - Returns: The id.
    public static func nextID(of role: IssuerRecord.Role, after taken: [String], at now: Timestamp) -> String {
        let taken = Set(taken.map { $0.uppercased() })
        switch role {
        case .issuing:
            let year = CivilTime(now).year
            for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" where !taken.contains("\(year)-\(letter)") {
                return "\(year)-\(letter)"
            }
            return Self.numbered("\(year)-Z", taken)
        case .root: return Self.numbered("R", taken)
        }
    }

    /// Behind the highest number there is.
    private static func numbered(_ prefix: String, _ taken: Set<String>) -> String {
        let numbers = taken.filter { $0.hasPrefix(prefix) }.compactMap { Int($0.dropFirst(prefix.count)) }
        return "\(prefix)\((numbers.filter { $0 > 0 && $0 < 1_000_000 }.max() ?? 1) + 1)"
    }
}

extension Timestamp {
    /// The same time of day `months` later in UTC; of a day that the month does not have, its last one.
    public func adding(months: Int) -> Timestamp {
        let clock = CivilTime(self)
        let total = clock.year * 12 + clock.month - 1 + months
        let (year, month) = (total / 12, total % 12 + 1)
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        let day = min(clock.day, lengths[month - 1])
        let days =
            Self.days(before: year, month: month, day: day)
            - Self.days(
                before: clock.year,
                month: clock.month,
                day: clock.day
            )
        return self.adding(days: days)
    }

    /// Days since the beginning of the proleptic Gregorian calendar's year 0, years beginning in March.
    private static func days(before year: Int, month: Int, day: Int) -> Int {
        let shifted = month > 2 ? year : year - 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear
    }
}
