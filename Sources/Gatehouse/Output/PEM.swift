/// Textual encoding (RFC 7468).
enum PEM {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func encode(_ der: [UInt8], label: String) -> String {
        var text = "-----BEGIN \(label)-----\n"
        for line in stride(from: 0, to: der.count, by: 48) {
            text += String(decoding: self.base64(der[line..<min(line + 48, der.count)]), as: UTF8.self) + "\n"
        }
        return text + "-----END \(label)-----\n"
    }

    /// The octets of the first block whose label is one of `labels`.
    ///
    /// - Returns: `nil` when there is no such block, or it is broken.
    static func decode(_ text: [UInt8], labels: Set<String>) -> (label: String, der: [UInt8])? {
        guard let text = String(validating: text, as: UTF8.self) else { return nil }
        var label: String?
        var symbols = ""
        for line in text.split(whereSeparator: \.isNewline) {
            if let open = label {
                if line == "-----END \(open)-----" { return self.octets(symbols).map { (open, $0) } }
                symbols += line
            } else if line.hasPrefix("-----BEGIN "), line.hasSuffix("-----") {
                let name = String(line.dropFirst(11).dropLast(5))
                if labels.contains(name) { label = name }
            }
        }
        return nil
    }

    private static func octets(_ base64: String) -> [UInt8]? {
        var octets: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for symbol in base64.utf8 {
            if symbol == UInt8(ascii: "=") { break }
            guard let value = self.alphabet.firstIndex(of: symbol) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 1
            if count % 4 != 1 {
                octets.append(UInt8(truncatingIfNeeded: bits >> UInt32((4 - (count - 1) % 4 - 1) * 2)))
            }
        }
        return octets
    }

    private static func base64(_ octets: ArraySlice<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        var rest = octets
        while !rest.isEmpty {
            let group = Array(rest.prefix(3))
            rest = rest.dropFirst(3)
            let bits = group.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
            for position in 0..<4 {
                text.append(position <= group.count ? self.alphabet[bits >> (18 - 6 * position) & 63] : 61)
            }
        }
        return text
    }
}
