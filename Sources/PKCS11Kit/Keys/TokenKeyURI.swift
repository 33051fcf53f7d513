/// Where a key pair on a token is, as a URI (RFC 7512): `pkcs11:token=…;object=…;id=…`.
///
/// It holds no PIN and names no module: both belong to the configuration.
public struct TokenKeyURI: Hashable, Sendable {
    /// The token's label.
    public let token: String
    public let key: TokenKeyName

    public init(token: String, key: TokenKeyName) {
        self.token = token
        self.key = key
    }

    /// Reads what ``text`` wrote, or the same attributes in another order.
    ///
    /// - Returns: `nil` for anything else, unknown attributes included: ignoring one might find another key.
    public init?(_ text: String) {
        // A query could hold a PIN.
        guard text.hasPrefix("pkcs11:"), !text.utf8.contains(UInt8(ascii: "?")) else { return nil }
        var attributes: [String: [UInt8]] = [:]
        for part in text.dropFirst("pkcs11:".count).split(separator: ";", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, let value = Self.decode(halves[1].utf8),
                attributes.updateValue(value, forKey: String(halves[0])) == nil
            else { return nil }
        }
        if let type = attributes.removeValue(forKey: "type"), type != Array("private".utf8) { return nil }
        guard attributes.count == 3, let id = attributes["id"], !id.isEmpty,
            let token = attributes["token"].flatMap({ String(validating: $0, as: UTF8.self) }),
            let label = attributes["object"].flatMap({ String(validating: $0, as: UTF8.self) })
        else { return nil }
        self.init(token: token, key: TokenKeyName(label: label, id: id))
    }

    public var text: String {
        let id = self.key.id.map { Self.escape($0) }.joined()
        return "pkcs11:token=\(Self.encode(self.token));object=\(Self.encode(self.key.label));id=\(id)"
    }

    /// Keeps what RFC 3986 calls unreserved.
    private static func encode(_ text: String) -> String {
        text.utf8.map { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                String(UnicodeScalar(octet))
            default: self.escape(octet)
            }
        }.joined()
    }

    private static func escape(_ octet: UInt8) -> String {
        "%" + (octet < 16 ? "0" : "") + String(octet, radix: 16, uppercase: true)
    }

    private static func decode(_ text: Substring.UTF8View) -> [UInt8]? {
        var octets: [UInt8] = []
        var rest = text[...]
        while let octet = rest.popFirst() {
            guard octet == UInt8(ascii: "%") else {
                octets.append(octet)
                continue
            }
            guard let high = rest.popFirst().flatMap({ self.digit($0) }),
                let low = rest.popFirst().flatMap({ self.digit($0) })
            else { return nil }
            octets.append(high << 4 | low)
        }
        return octets
    }

    private static func digit(_ octet: UInt8) -> UInt8? {
        switch octet {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): octet - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): octet - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): octet - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

extension TokenKeyURI: CustomStringConvertible {
    public var description: String { self.text }
}
