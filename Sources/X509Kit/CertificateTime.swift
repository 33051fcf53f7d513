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
            try coder.serialize(try Self.generalized(seconds))
        }
    }

    /// A GeneralizedTime, whatever the year.
    static func generalized(_ seconds: Int64) throws -> GeneralizedTime {
        guard seconds >= 0 else { throw X509Error("time: before 1970") }
        let (year, month, day) = Self.date(daysSince1970: seconds / 86_400)
        let within = Int(seconds % 86_400)
        return try GeneralizedTime(
            year: year,
            month: month,
            day: day,
            hours: within / 3_600,
            minutes: within / 60 % 60,
            seconds: within % 60,
            fractionalSeconds: 0
        )
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

    /// Octets that ``appendByHand(_:to:)`` writes.
    ///
    /// - Throws: ``X509Error`` for a moment before 1970, or after 9999.
    static func handwrittenLength(_ seconds: Int64) throws(X509Error) -> Int {
        guard (0..<253_402_300_800).contains(seconds) else { throw X509Error("time: before 1970 or after 9999") }
        return seconds < Self.beginOf2050 ? 15 : 17
    }

    /// 2050-01-01T00:00:00Z.
    private static let beginOf2050: Int64 = 2_524_608_000

    /// Writes a Time without a serializer, which takes some twenty times as long.
    ///
    /// Only for moments that ``handwrittenLength(_:)`` takes.
    static func appendByHand(_ seconds: Int64, to octets: inout [UInt8]) {
        let (year, month, day) = Self.date(daysSince1970: seconds / 86_400)
        let within = Int(seconds % 86_400)
        if seconds < Self.beginOf2050 {
            octets.append(DERTag.utcTime)
            octets.append(13)
        } else {
            octets.append(DERTag.generalizedTime)
            octets.append(15)
            Self.appendDigits(year / 100, to: &octets)
        }
        Self.appendDigits(year % 100, to: &octets)
        Self.appendDigits(month, to: &octets)
        Self.appendDigits(day, to: &octets)
        Self.appendDigits(within / 3_600, to: &octets)
        Self.appendDigits(within / 60 % 60, to: &octets)
        Self.appendDigits(within % 60, to: &octets)
        octets.append(UInt8(ascii: "Z"))
    }

    private static func appendDigits(_ value: Int, to octets: inout [UInt8]) {
        octets.append(UInt8(ascii: "0") + UInt8(value / 10))
        octets.append(UInt8(ascii: "0") + UInt8(value % 10))
    }

    /// Seconds since 1970 of a Time whose octets are at hand; only whole seconds in UTC, as RFC 5280 § 4.1.2.5 has it.
    static func seconds(_ element: DERCursor.Element) throws(X509Error) -> Int64 {
        let digits = element.tag == DERTag.utcTime ? 12 : 14
        let text = element.contents
        guard element.tag == DERTag.utcTime || element.tag == DERTag.generalizedTime, text.count == digits + 1,
            text.last == UInt8(ascii: "Z")
        else { throw X509Error("time: neither UTCTime nor GeneralizedTime in whole seconds and UTC") }
        var values: [Int] = []
        values.reserveCapacity(7)
        var index = text.startIndex
        while index < text.endIndex - 1 {
            let (tens, ones) = (Int(text[index]) - 0x30, Int(text[index + 1]) - 0x30)
            guard (0...9).contains(tens), (0...9).contains(ones) else { throw X509Error("time: not digits") }
            values.append(tens * 10 + ones)
            index += 2
        }
        let year: Int
        if digits == 12 {
            year = values[0] < 50 ? 2_000 + values[0] : 1_900 + values[0]
        } else {
            year = values[0] * 100 + values[1]
            values.removeFirst()
        }
        guard (1...12).contains(values[1]), (1...31).contains(values[2]), values[3] < 24, values[4] < 60, values[5] < 60
        else { throw X509Error("time: no such moment") }
        return Self.seconds(year, values[1], values[2], values[3], values[4], values[5])
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
