internal import Glibc

extension HTTPDate {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Reads a date in any of the three forms there are (RFC 9110 § 5.6.7); the name of the day is not compared.
    ///
    /// - Parameters:
    ///   - text: The field's value.
    ///   - now: The present second, by which a year of two digits is placed.
    /// - Returns: Seconds since 1970, or `nil` for anything else.
    static func second(of text: String, now: Int64) -> Int64? {
        let octets = Array(text.utf8)
        if self.fits(octets[...], "???, ## ??? #### ##:##:## GMT") {
            return self.second(octets, yearAt: 12, month: 8, day: 5, time: 17)
        }
        if self.fits(octets[...], "??? ??? _# ##:##:## ####") {
            return self.second(octets, yearAt: 20, month: 4, day: 8, time: 11)
        }
        guard let comma = octets.firstIndex(of: UInt8(ascii: ",")), (6...9).contains(comma),
            octets[..<comma].allSatisfy(ASCII.isLetter), self.fits(octets[comma...], ", ##-???-## ##:##:## GMT")
        else { return nil }
        // Of two digits only: one that seems more than 50 years ahead is the last one that ended so.
        let short = self.number(octets, comma + 9, digits: 2)
        let present = self.year(of: now)
        var year = present / 100 * 100 + short
        if year > present + 50 { year -= 100 }
        return self.second(octets, year: year, month: comma + 5, day: comma + 2, time: comma + 12)
    }

    /// Compares form alone: `#` is a digit, `_` a digit or a blank, `?` a letter, anything else itself.
    private static func fits(_ octets: ArraySlice<UInt8>, _ pattern: StaticString) -> Bool {
        guard octets.count == pattern.utf8CodeUnitCount else { return false }
        return pattern.withUTF8Buffer { pattern in
            zip(octets, pattern).allSatisfy { octet, sign in
                switch sign {
                case UInt8(ascii: "#"): ASCII.isDigit(octet)
                case UInt8(ascii: "_"): ASCII.isDigit(octet) || octet == ASCII.space
                case UInt8(ascii: "?"): ASCII.isLetter(octet)
                default: octet == sign
                }
            }
        }
    }

    private static func second(
        _ octets: [UInt8],
        yearAt position: Int,
        month: Int,
        day: Int,
        time: Int
    ) -> Int64? {
        self.second(
            octets,
            year: self.number(octets, position, digits: 4),
            month: month,
            day: day,
            time: time
        )
    }

    private static func second(_ octets: [UInt8], year: Int, month: Int, day: Int, time: Int) -> Int64? {
        let name = String(decoding: octets[month..<(month + 3)], as: UTF8.self)
        guard let month = self.months.firstIndex(of: name) else { return nil }
        var parts = tm()
        parts.tm_year = CInt(year - 1900)
        parts.tm_mon = CInt(month)
        parts.tm_mday = CInt(self.number(octets, day, digits: 2))
        parts.tm_hour = CInt(self.number(octets, time, digits: 2))
        parts.tm_min = CInt(self.number(octets, time + 3, digits: 2))
        parts.tm_sec = CInt(self.number(octets, time + 6, digits: 2))
        let asked = (parts.tm_mon, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec)
        let second = timegm(&parts)
        // What had to be carried over, such as a 31st of April, was no date.
        guard asked == (parts.tm_mon, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec) else { return nil }
        return Int64(second)
    }

    private static func number(_ octets: [UInt8], _ position: Int, digits: Int) -> Int {
        octets[position..<(position + digits)].reduce(0) { $1 == ASCII.space ? $0 : $0 * 10 + Int($1 - 0x30) }
    }

    private static func year(of second: Int64) -> Int {
        var second = time_t(second)
        var parts = tm()
        gmtime_r(&second, &parts)
        return 1900 + Int(parts.tm_year)
    }
}
