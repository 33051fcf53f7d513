/// The character classes of HTTP's grammar (RFC 9110 § 5.6.2, RFC 3986 § 2), octet by octet.
enum ASCII {
    static let tab: UInt8 = 0x09
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    static let space: UInt8 = 0x20
    static let colon = UInt8(ascii: ":")

    private static let isTokenOctet: [Bool] = (0...255).map { value in
        let octet = UInt8(value)
        return isLetter(octet) || isDigit(octet) || "!#$%&'*+-.^_`|~".utf8.contains(octet)
    }

    static func isToken(_ octet: UInt8) -> Bool { self.isTokenOctet[Int(octet)] }
    static func isLetter(_ octet: UInt8) -> Bool { (0x61...0x7A).contains(octet | 0x20) }
    static func isDigit(_ octet: UInt8) -> Bool { (0x30...0x39).contains(octet) }
    static func isBlank(_ octet: UInt8) -> Bool { octet == self.space || octet == self.tab }

    /// Anything but letters passes through unchanged.
    static func lowercased(_ octet: UInt8) -> UInt8 {
        (0x41...0x5A).contains(octet) ? octet | 0x20 : octet
    }

    /// Letters beyond ASCII stay as they are: no other spelling of a path is meant by "any case".
    static func lowercased(_ text: String) -> String {
        String(decoding: text.utf8.map { self.lowercased($0) }, as: UTF8.self)
    }

    static func hexValue(_ octet: UInt8) -> UInt8? {
        switch octet {
        case 0x30...0x39: octet - 0x30
        case 0x41...0x46: octet - 0x41 + 10
        case 0x61...0x66: octet - 0x61 + 10
        default: nil
        }
    }

    /// Whether `octets` spell `word`, which is in lower case, in any case.
    static func equals(_ octets: some Collection<UInt8>, _ word: StaticString) -> Bool {
        guard octets.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { letters in
            zip(octets, letters).allSatisfy { self.lowercased($0) == $1 }
        }
    }

    /// `octets` without blanks at either end.
    static func trimmed(_ octets: [UInt8], _ range: Range<Int>) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, self.isBlank(octets[lower]) { lower += 1 }
        while lower < upper, self.isBlank(octets[upper - 1]) { upper -= 1 }
        return lower..<upper
    }

    /// The members of a comma-separated list (RFC 9110 § 5.6.1), empty ones left out.
    static func members(_ octets: [UInt8], _ range: Range<Int>) -> [ArraySlice<UInt8>] {
        octets[range].split(separator: UInt8(ascii: ",")).compactMap { member in
            let trimmed = self.trimmed(octets, member.startIndex..<member.endIndex)
            return trimmed.isEmpty ? nil : octets[trimmed]
        }
    }
}
