internal import SwiftASN1

/// A Time (RFC 5280 § 4.1.2.5): UTCTime through 2049, GeneralizedTime from 2050, whole seconds, never before 1970.
enum CertificateTime {
    static func serialize(_ seconds: Int64, into coder: inout DER.Serializer) throws {
        guard seconds >= 0 else { throw X509Error("time: before 1970") }
        let (year, month, day) = Self.date(daysSince1970: seconds / 86_400)
        let within = Int(seconds % 86_400)
        let (hours, minutes, left) = (within / 3_600, within / 60 % 60, within % 60)
        if year < 2_050 {
            let time = try UTCTime(year: year, month: month, day: day, hours: hours, minutes: minutes, seconds: left)
            try coder.serialize(time)
        } else {
            let time = try GeneralizedTime(
                year: year,
                month: month,
                day: day,
                hours: hours,
                minutes: minutes,
                seconds: left,
                fractionalSeconds: 0
            )
            try coder.serialize(time)
        }
    }

    /// Seconds since 1970 of a UTCTime or GeneralizedTime.
    static func seconds(_ node: ASN1Node) throws -> Int64 {
        if node.identifier == .utcTime {
            let time = try UTCTime(derEncoded: node)
            return Self.seconds(time.year, time.month, time.day, time.hours, time.minutes, time.seconds)
        }
        let time = try GeneralizedTime(derEncoded: node)
        return Self.seconds(time.year, time.month, time.day, time.hours, time.minutes, time.seconds)
    }

    private static func seconds(_ year: Int, _ month: Int, _ day: Int, _ hours: Int, _ minutes: Int, _ left: Int)
        -> Int64
    {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return Int64(days) * 86_400 + Int64(hours * 3_600 + minutes * 60 + left)
    }

    /// The Gregorian date; years begin in March inside, so the leap day comes last.
    private static func date(daysSince1970 days: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = Int(days) + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}
