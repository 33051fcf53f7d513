internal import SwiftASN1

/// The two forms of time in a certificate (RFC 5280 § 4.1.2.5).
enum CertificateMoment {
    static func range(_ node: ASN1Node) throws -> ClosedRange<Int64> {
        let (first, last) = try DER.sequence(node, identifier: .sequence) { nodes in
            (
                try self.seconds(try IssuedCertificate.next(&nodes, "a beginning")),
                try self.seconds(try IssuedCertificate.next(&nodes, "an end"))
            )
        }
        guard first <= last else { throw IssuedCertificate.Unreadable(description: "a validity that ends first") }
        return first...last
    }

    private static func seconds(_ node: ASN1Node) throws -> Int64 {
        if node.identifier == .utcTime {
            let time = try UTCTime(derEncoded: node)
            return self.seconds(time.year, time.month, time.day, time.hours, time.minutes, time.seconds)
        }
        let time = try GeneralizedTime(derEncoded: node)
        return self.seconds(time.year, time.month, time.day, time.hours, time.minutes, time.seconds)
    }

    /// Days are counted from March, so that the leap day ends a year.
    private static func seconds(_ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int)
        -> Int64
    {
        let shifted = month > 2 ? year : year - 1
        let fromMarch = (month + 9) % 12
        let era = shifted / 400
        let yearOfEra = shifted % 400
        let dayOfYear = (153 * fromMarch + 2) / 5 + day - 1
        let days = era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
        return Int64(((days * 24 + hour) * 60 + minute) * 60 + second)
    }
}
