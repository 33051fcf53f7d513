internal import Glibc
internal import Synchronization

/// The `Date` field's value (IMF-fixdate, RFC 9110 § 5.6.7), written anew once a second.
package final class HTTPDate: Sendable {
    private let last = Mutex<(second: time_t, text: String)>((-1, ""))

    /// The present second.
    var now: String {
        let second = time(nil)
        return self.last.withLock { last in
            if last.second != second { last = (second, Self.text(second)) }
            return last.text
        }
    }

    /// Writes a second counted from 1970 in UTC.
    package static func text(_ second: Int) -> String {
        var second = time_t(second)
        var parts = tm()
        gmtime_r(&second, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let day = "\(days[Int(parts.tm_wday)]), \(Self.pair(parts.tm_mday)) \(months[Int(parts.tm_mon)])"
        let clock = "\(Self.pair(parts.tm_hour)):\(Self.pair(parts.tm_min)):\(Self.pair(parts.tm_sec))"
        return "\(day) \(1900 + parts.tm_year) \(clock) GMT"
    }

    private static func pair(_ value: CInt) -> String {
        value < 10 ? "0\(value)" : "\(value)"
    }
}
