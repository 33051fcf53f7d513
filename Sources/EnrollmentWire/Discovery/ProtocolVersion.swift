/// A version of the enrollment protocol: a decimal, compared as such, so that 10.0 comes after 9.0.
package struct ProtocolVersion: Hashable, Comparable, Sendable {
    /// The value times one million.
    private let millionths: UInt64

    package init(_ major: UInt32, _ minor: UInt32 = 0) {
        precondition(minor < 10, "one digit of minor version")
        self.millionths = UInt64(major) * 1_000_000 + UInt64(minor) * 100_000
    }

    /// Reads an `xsd:decimal` (XML Schema Part 2 § 3.2.3) without a minus sign.
    ///
    /// - Returns: `nil` for anything else, and for values that need more than nine digits ahead of the point or six
    ///   behind it.
    package init?(_ text: String) {
        var digits = text.utf8[...]
        if digits.first == UInt8(ascii: "+") { digits.removeFirst() }
        var whole: UInt64 = 0
        var fraction: UInt64 = 0
        var weight: UInt64 = 1_000_000
        var isBehindPoint = false
        var count = 0
        for digit in digits {
            if digit == UInt8(ascii: "."), !isBehindPoint {
                isBehindPoint = true
                continue
            }
            guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
            count += 1
            let value = UInt64(digit - UInt8(ascii: "0"))
            if isBehindPoint {
                weight /= 10
                guard weight > 0 || value == 0 else { return nil }
                fraction += value * weight
            } else {
                whole = whole * 10 + value
                guard whole < 1_000_000_000 else { return nil }
            }
        }
        guard count > 0 else { return nil }
        self.millionths = whole * 1_000_000 + fraction
    }

    package static func < (left: ProtocolVersion, right: ProtocolVersion) -> Bool {
        left.millionths < right.millionths
    }
}

extension ProtocolVersion: CustomStringConvertible {
    /// With one digit behind the point at least: `9.0`.
    package var description: String {
        var fraction = String(self.millionths % 1_000_000 + 1_000_000).dropFirst()
        while fraction.utf8.count > 1, fraction.hasSuffix("0") { fraction.removeLast() }
        return "\(self.millionths / 1_000_000).\(fraction)"
    }
}
