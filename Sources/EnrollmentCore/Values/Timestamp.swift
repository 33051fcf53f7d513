/// A point in time: microseconds since 1970-01-01T00:00:00Z, leap seconds not counted, as POSIX counts.
public struct Timestamp: Hashable, Comparable, Sendable {
    public let microseconds: Int64

    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    public init(seconds: Int64) {
        self.microseconds = seconds * 1_000_000
    }

    /// Whole seconds, rounded towards the past.
    public var seconds: Int64 {
        self.microseconds >= 0 ? self.microseconds / 1_000_000 : (self.microseconds - 999_999) / 1_000_000
    }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    /// The moment `seconds` later, or earlier when negative.
    public func adding(seconds: Int64) -> Timestamp {
        Timestamp(microseconds: self.microseconds + seconds * 1_000_000)
    }

    /// The moment `days` of 86 400 seconds later.
    public func adding(days: Int) -> Timestamp {
        self.adding(seconds: Int64(days) * 86_400)
    }

    /// Seconds from `earlier` to here; negative when it is later.
    public func seconds(since earlier: Timestamp) -> Int64 {
        (self.microseconds - earlier.microseconds) / 1_000_000
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with whole seconds: `2026-11-18T09:12:44Z`.
    public var description: String {
        let clock = CivilTime(self)
        return "\(clock.year.padded(4))-\(clock.month.padded(2))-\(clock.day.padded(2))"
            + "T\(clock.hour.padded(2)):\(clock.minute.padded(2)):\(clock.second.padded(2))Z"
    }

    /// RFC 3339 in UTC with milliseconds: `2026-11-18T09:12:44.250Z`.
    public var descriptionWithMilliseconds: String {
        let within = self.microseconds - self.seconds * 1_000_000
        return "\(self.description.dropLast()).\(Int(within / 1_000).padded(3))Z"
    }
}

/// A moment as the proleptic Gregorian calendar shows it in UTC.
public struct CivilTime: Hashable, Sendable {
    public let year: Int
    public let month: Int
    public let day: Int
    public let hour: Int
    public let minute: Int
    public let second: Int

    public init(_ moment: Timestamp) {
        let seconds = moment.seconds
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        let within = Int(seconds - days * 86_400)
        // Years begin in March here, so the leap day is the last of its year and needs no case of its own.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        self.year = Int(yearOfEra + era * 400 + (month <= 2 ? 1 : 0))
        self.month = Int(month)
        self.day = Int(dayOfYear - (153 * marchMonth + 2) / 5 + 1)
        self.hour = within / 3_600
        self.minute = within / 60 % 60
        self.second = within % 60
    }
}

extension Int {
    fileprivate func padded(_ width: Int) -> String {
        let digits = String(self)
        return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }
}
