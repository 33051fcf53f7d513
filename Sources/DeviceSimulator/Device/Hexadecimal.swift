/// Octets as digits, in the forms Windows uses.
enum Hexadecimal {
    private static let digits = Array("0123456789ABCDEF".utf8)

    static func upper(_ octets: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for octet in octets {
            text.append(self.digits[Int(octet >> 4)])
            text.append(self.digits[Int(octet & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    static func upper(octets count: Int, using generator: inout some RandomNumberGenerator) -> String {
        self.upper((0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    /// A random identifier in its 36-character form (RFC 9562 § 4, version 4).
    static func identifier(using generator: inout some RandomNumberGenerator) -> String {
        var octets = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
        octets[6] = octets[6] & 0x0F | 0x40
        octets[8] = octets[8] & 0x3F | 0x80
        let text = self.upper(octets).lowercased()
        var result = ""
        for (index, character) in text.enumerated() {
            if [8, 12, 16, 20].contains(index) { result.append("-") }
            result.append(character)
        }
        return result
    }
}
