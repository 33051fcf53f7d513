/// Writes the few DER forms that certificate requests and the messages around them are made of.
///
/// Not swift-asn1's serializer, because that rightly refuses what Windows sends: a PrintableString with `!` and a NUL.
enum DERWriter {
    enum Tag: UInt8 {
        case boolean = 0x01
        case integer = 0x02
        case bitString = 0x03
        case octetString = 0x04
        case utf8String = 0x0C
        case printableString = 0x13
        case sequence = 0x30
        case set = 0x31
        /// `[0]`, constructed: attributes of a request, content, certificates and signed attributes of a message.
        case tagged0 = 0xA0
        /// `dNSName` of a general name.
        case dnsName = 0x82
    }

    static func value(_ tag: Tag, _ content: [UInt8]) -> [UInt8] {
        var result: [UInt8] = [tag.rawValue]
        if content.count < 0x80 {
            result.append(UInt8(content.count))
        } else if content.count < 0x100 {
            result += [0x81, UInt8(content.count)]
        } else {
            precondition(content.count < 0x10000, "a certificate request has less than 64 KiB")
            result += [0x82, UInt8(content.count >> 8), UInt8(content.count & 0xFF)]
        }
        return result + content
    }

    static func value(_ tag: Tag, of parts: [[UInt8]]) -> [UInt8] {
        self.value(tag, Array(parts.joined()))
    }

    /// A SET OF in the order DER wants (X.690 § 11.6).
    static func sorted(_ tag: Tag, of parts: [[UInt8]]) -> [UInt8] {
        self.value(tag, of: parts.sorted { $0.lexicographicallyPrecedes($1) })
    }

    /// An attribute with one value (RFC 2985, RFC 5652 § 5.3).
    static func attribute(_ identifier: [UInt], _ value: [UInt8]) -> [UInt8] {
        self.value(.sequence, of: [self.objectIdentifier(identifier), self.value(.set, value)])
    }

    /// An INTEGER that is not negative, from its octets without a sign.
    static func unsigned(_ octets: [UInt8]) -> [UInt8] {
        let isHigh = octets.first.map { $0 >= 0x80 } ?? true
        return self.value(.integer, isHigh ? [0] + octets : octets)
    }

    /// A BIT STRING that fills its last octet.
    static func bitString(_ octets: [UInt8]) -> [UInt8] {
        self.value(.bitString, [0] + octets)
    }

    static func objectIdentifier(_ arcs: [UInt]) -> [UInt8] {
        var content: [UInt8] = []
        for arc in [arcs[0] * 40 + arcs[1]] + arcs[2...] {
            var octets = [UInt8(arc & 0x7F)]
            var rest = arc >> 7
            while rest > 0 {
                octets.insert(UInt8(rest & 0x7F) | 0x80, at: 0)
                rest >>= 7
            }
            content += octets
        }
        return [0x06, UInt8(content.count)] + content
    }
}
