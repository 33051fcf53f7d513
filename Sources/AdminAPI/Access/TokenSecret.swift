package import EnrollmentCore
internal import OpenSSLKit

/// The whole of an API token: `ght_`, twelve symbols that name it, `_` and 52 symbols that only its holder knows.
///
/// The symbols are Crockford's base 32. The secret has 256 random bits: nobody finds it by trying, whatever the digest
/// that is kept of it costs, so that is one SHA-256.
package struct TokenSecret: Sendable {
    private static let prefix = "ght_"
    private static let idLength = 12
    private static let secretLength = 52
    private static let length = prefix.utf8.count + idLength + 1 + secretLength
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// Random octets that ``init(random:)`` takes: 60 bits of name, 256 of secret.
    package static let randomOctets = 8 + 32

    package let id: String
    /// To be shown once, and kept nowhere.
    package let text: Redacted<String>

    /// - Parameter random: ``randomOctets`` of a cryptographic generator.
    package init(random: [UInt8]) {
        precondition(random.count == Self.randomOctets, "a token takes 40 random octets")
        self.id = Self.encode(random[..<8], symbols: Self.idLength)
        let secret = Self.encode(random[8...], symbols: Self.secretLength)
        self.text = Redacted("\(Self.prefix)\(self.id)_\(secret)")
    }

    /// Reads a token as it was shown; one spelling.
    package init?(_ text: String) {
        let octets = Array(text.utf8)
        guard octets.count == Self.length, octets.starts(with: Self.prefix.utf8) else { return nil }
        let id = octets[Self.prefix.utf8.count..<(Self.prefix.utf8.count + Self.idLength)]
        guard octets[id.endIndex] == UInt8(ascii: "_"), id.allSatisfy(Self.isSymbol),
            octets[(id.endIndex + 1)...].allSatisfy(Self.isSymbol)
        else { return nil }
        self.id = String(decoding: id, as: UTF8.self)
        self.text = Redacted(text)
    }

    /// SHA-256 over the whole text.
    package func digest() throws(EnrollmentError) -> [UInt8] {
        try Fingerprint.sha256(Array(self.text.reveal().utf8))
    }

    private static func isSymbol(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "I"), UInt8(ascii: "L"), UInt8(ascii: "O"), UInt8(ascii: "U"): false
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        default: false
        }
    }

    /// Five bits to a symbol, most significant first; what is missing at the end is zero, what is too much is left out.
    private static func encode(_ octets: ArraySlice<UInt8>, symbols: Int) -> String {
        var text: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for octet in octets + [0] where text.count < symbols {
            bits = bits << 8 | UInt32(octet)
            count += 8
            while count >= 5, text.count < symbols {
                count -= 5
                text.append(self.alphabet[Int(bits >> UInt32(count) & 31)])
            }
            bits &= 0xff
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// SHA-256 where the library's failure is ours.
enum Fingerprint {
    static func sha256(_ octets: [UInt8]) throws(EnrollmentError) -> [UInt8] {
        do throws(OpenSSLError) {
            return try Digest.sha256(octets)
        } catch {
            throw EnrollmentError(
                .internalService,
                "The cryptographic library made no digest: \(error).",
                rule: "digest",
                cause: error
            )
        }
    }

    /// Compares in a time that does not depend on where they differ.
    static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | $1.0 ^ $1.1 } == 0
    }
}
