/// A strong validator of one representation, octet for octet (RFC 9110 § 8.8.3).
package struct EntityTag: Hashable, Sendable {
    /// As it stands in a field, quotes included.
    package let text: String

    /// - Parameter digest: A digest over the representation, of which 128 bits are enough.
    package init(digest: some Collection<UInt8>) {
        let digits = Array("0123456789abcdef".utf8)
        var text = [UInt8(ascii: "\"")]
        for octet in digest.prefix(16) {
            text.append(digits[Int(octet >> 4)])
            text.append(digits[Int(octet & 0xF)])
        }
        text.append(UInt8(ascii: "\""))
        self.text = String(decoding: text, as: UTF8.self)
    }

    /// Whether an `If-None-Match` names this representation: by `*`, or by a tag that is equal, weak or not (§ 13.1.2).
    ///
    /// A field that is no list of tags names nothing, and the client gets the whole answer.
    ///
    /// - Parameter fields: The values of all fields of that name.
    /// - Returns: Whether the client has it already.
    func isNamed(in fields: [String]) -> Bool {
        let list = fields.count == 1 ? fields[0] : fields.joined(separator: ",")
        if list.utf8.elementsEqual("*".utf8) { return true }
        guard let tags = Self.tags(in: Array(list.utf8)) else { return false }
        return tags.contains { $0.elementsEqual(self.text.utf8) }
    }

    /// The tags of a list, each with its quotes and without its `W/`; `nil` for anything that is not a list of tags.
    private static func tags(in octets: [UInt8]) -> [ArraySlice<UInt8>]? {
        var tags: [ArraySlice<UInt8>] = []
        var position = 0
        var needsComma = false
        while position < octets.count {
            switch octets[position] {
            case ASCII.space, ASCII.tab:
                position += 1
            case UInt8(ascii: ","):
                needsComma = false
                position += 1
            default:
                if octets[position...].starts(with: "W/".utf8) { position += 2 }
                guard !needsComma, position < octets.count, octets[position] == UInt8(ascii: "\"") else { return nil }
                // A comma may be part of a tag, so the closing quote decides where it ends.
                let inside = octets[(position + 1)...].prefix { $0 != UInt8(ascii: "\"") }
                guard inside.endIndex < octets.count, inside.allSatisfy({ $0 == 0x21 || $0 >= 0x23 && $0 != 0x7F })
                else { return nil }
                tags.append(octets[position...inside.endIndex])
                position = inside.endIndex + 1
                needsComma = true
            }
        }
        return tags
    }
}
