/// Reads a certificate out of a proxy's header field, strictly: one spelling, one certificate, nothing around it.
enum ForwardedCertificate {
    /// No client certificate of ours comes near it.
    private static let longestCertificate = 8 * 1024

    /// - Returns: DER of which the outermost element at least is whole and alone; `nil` for anything else.
    static func der(in value: [UInt8], as field: TrustedProxies.CertificateField) -> [UInt8]? {
        let symbols: [UInt8]?
        switch field {
        case .rfc9440: symbols = self.byteSequence(value)
        case .nginx: symbols = self.percentDecoded(value).flatMap { self.inPEM($0) }
        }
        guard let symbols, symbols.count <= self.longestCertificate / 3 * 4 + 4,
            let der = self.base64Decoded(symbols), self.isOneSequence(der)
        else { return nil }
        return der
    }

    /// A byte sequence of RFC 8941 § 3.3.5: base64 between colons; parameters are not defined for this field.
    private static func byteSequence(_ value: [UInt8]) -> [UInt8]? {
        guard value.count > 2, value.first == ASCII.colon, value.last == ASCII.colon else { return nil }
        return Array(value[1..<(value.count - 1)])
    }

    private static func percentDecoded(_ value: [UInt8]) -> [UInt8]? {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(value.count)
        var position = 0
        while position < value.count {
            if value[position] == UInt8(ascii: "%") {
                guard position + 2 < value.count, let high = ASCII.hexValue(value[position + 1]),
                    let low = ASCII.hexValue(value[position + 2])
                else { return nil }
                decoded.append(high << 4 | low)
                position += 3
            } else {
                decoded.append(value[position])
                position += 1
            }
        }
        return decoded
    }

    /// What is between the lines of one PEM certificate, line ends left out.
    private static func inPEM(_ text: [UInt8]) -> [UInt8]? {
        let begin = Array("-----BEGIN CERTIFICATE-----".utf8)
        let end = Array("-----END CERTIFICATE-----".utf8)
        var lines = text.split(separator: ASCII.lineFeed, omittingEmptySubsequences: false).map { line in
            line.last == ASCII.carriageReturn ? line.dropLast() : line
        }
        if lines.last?.isEmpty == true { lines.removeLast() }
        guard lines.count >= 3, lines.first?.elementsEqual(begin) == true, lines.last?.elementsEqual(end) == true else {
            return nil
        }
        let body = lines[1..<(lines.count - 1)]
        guard body.allSatisfy({ (1...76).contains($0.count) }) else { return nil }
        return Array(body.joined())
    }

    /// RFC 4648 § 4 with padding, without anything that is not part of it and without bits that say nothing.
    private static func base64Decoded(_ symbols: [UInt8]) -> [UInt8]? {
        guard symbols.count % 4 == 0, !symbols.isEmpty else { return nil }
        var octets: [UInt8] = []
        octets.reserveCapacity(symbols.count / 4 * 3)
        let padding = symbols.suffix(2).count { $0 == UInt8(ascii: "=") }
        var group: UInt32 = 0
        for (position, symbol) in symbols.dropLast(padding).enumerated() {
            guard let value = self.base64Value(symbol) else { return nil }
            group = group << 6 | UInt32(value)
            if position % 4 == 3 {
                octets.append(UInt8(truncatingIfNeeded: group >> 16))
                octets.append(UInt8(truncatingIfNeeded: group >> 8))
                octets.append(UInt8(truncatingIfNeeded: group))
                group = 0
            }
        }
        switch padding {
        case 1:
            guard group & 0x3 == 0 else { return nil }
            octets.append(UInt8(truncatingIfNeeded: group >> 10))
            octets.append(UInt8(truncatingIfNeeded: group >> 2))
        case 2:
            guard group & 0xF == 0 else { return nil }
            octets.append(UInt8(truncatingIfNeeded: group >> 4))
        default: break
        }
        return octets
    }

    private static func base64Value(_ symbol: UInt8) -> UInt8? {
        switch symbol {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): symbol - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): symbol - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): symbol - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    /// Whether `der` is a SEQUENCE of definite length, written as DER writes it, and nothing after it.
    private static func isOneSequence(_ der: [UInt8]) -> Bool {
        guard der.count >= 2, der[0] == 0x30 else { return false }
        guard der[1] >= 0x80 else { return der.count == 2 + Int(der[1]) }
        let size = Int(der[1] & 0x7F)
        guard (1...3).contains(size), der.count > 2 + size, der[2] != 0 else { return false }
        let length = der[2..<(2 + size)].reduce(0) { $0 << 8 | Int($1) }
        return length >= 0x80 && der.count == 2 + size + length
    }
}
