/// Writes a document into octets, escaping as it goes.
///
/// Element and attribute names are the program's own and written as they are. Values may come from anywhere: a character
/// that XML 1.0 cannot hold becomes U+FFFD. Refusing it instead would let an odd display name stop an answer whose
/// certificate is already signed.
public struct XMLWriter: Sendable {
    /// What was written so far, UTF-8, on one line unless a value holds line feeds.
    public private(set) var octets: [UInt8] = []

    /// Starts an empty document without an XML declaration.
    ///
    /// - Parameter capacity: Octets to set aside.
    public init(capacity: Int = 4096) {
        self.octets.reserveCapacity(capacity)
    }

    /// Writes an element around what `content` writes; with nothing inside it is an empty-element tag.
    public mutating func element<Failure: Error>(
        _ name: String,
        _ attributes: KeyValuePairs<String, String?> = [:],
        _ content: (inout XMLWriter) throws(Failure) -> Void
    ) throws(Failure) {
        self.startTag(name, attributes)
        let start = self.octets.count
        try content(&self)
        guard self.octets.count > start else {
            self.octets[start - 1] = UInt8(ascii: "/")
            return self.octets.append(UInt8(ascii: ">"))
        }
        self.endTag(name)
    }

    /// Writes an element that holds character data only.
    public mutating func element(
        _ name: String,
        _ attributes: KeyValuePairs<String, String?> = [:],
        text: String
    ) {
        self.element(name, attributes) { $0.text(text) }
    }

    /// Writes an element that holds nothing.
    public mutating func element(_ name: String, _ attributes: KeyValuePairs<String, String?> = [:]) {
        self.element(name, attributes) { _ in }
    }

    /// Writes character data.
    public mutating func text(_ text: String) {
        self.escape(text, quoting: false)
    }

    /// Writes octets that need no escaping, such as base64 or another writer's output.
    public mutating func raw(_ octets: some Collection<UInt8>) {
        self.octets.append(contentsOf: octets)
    }

    private mutating func startTag(_ name: String, _ attributes: KeyValuePairs<String, String?>) {
        self.octets.append(UInt8(ascii: "<"))
        self.octets.append(contentsOf: name.utf8)
        for (name, value) in attributes {
            guard let value else { continue }
            self.octets.append(UInt8(ascii: " "))
            self.octets.append(contentsOf: name.utf8)
            self.octets.append(UInt8(ascii: "="))
            self.octets.append(UInt8(ascii: "\""))
            self.escape(value, quoting: true)
            self.octets.append(UInt8(ascii: "\""))
        }
        self.octets.append(UInt8(ascii: ">"))
    }

    private mutating func endTag(_ name: String) {
        self.octets.append(UInt8(ascii: "<"))
        self.octets.append(UInt8(ascii: "/"))
        self.octets.append(contentsOf: name.utf8)
        self.octets.append(UInt8(ascii: ">"))
    }

    private mutating func escape(_ text: String, quoting: Bool) {
        var copy = text
        copy.withUTF8 { utf8 in
            guard utf8.contains(where: { Self.needsLook($0) }) else {
                return self.octets.append(contentsOf: utf8)
            }
            var index = 0
            while index < utf8.count {
                let octet = utf8[index]
                let isNoncharacter =
                    octet == 0xEF && utf8[index + 1] == 0xBF && (utf8[index + 2] == 0xBE || utf8[index + 2] == 0xBF)
                if isNoncharacter {
                    self.octets.append(contentsOf: "\u{FFFD}".utf8)
                    index += 3
                } else {
                    self.escape(octet, quoting: quoting)
                    index += 1
                }
            }
        }
    }

    private mutating func escape(_ octet: UInt8, quoting: Bool) {
        switch octet {
        case UInt8(ascii: "&"): self.octets.append(contentsOf: "&amp;".utf8)
        case UInt8(ascii: "<"): self.octets.append(contentsOf: "&lt;".utf8)
        case UInt8(ascii: ">"): self.octets.append(contentsOf: "&gt;".utf8)
        case UInt8(ascii: "\"") where quoting: self.octets.append(contentsOf: "&quot;".utf8)
        // A parser turns a bare carriage return into a line feed, and inside an attribute all three into a space.
        case 0x0D: self.octets.append(contentsOf: "&#13;".utf8)
        case 0x0A where quoting: self.octets.append(contentsOf: "&#10;".utf8)
        case 0x09 where quoting: self.octets.append(contentsOf: "&#9;".utf8)
        case 0x0A, 0x09, 0x20...: self.octets.append(octet)
        default: self.octets.append(contentsOf: "\u{FFFD}".utf8)
        }
    }

    private static func needsLook(_ octet: UInt8) -> Bool {
        switch octet {
        case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""), 0..<0x20, 0xEF: true
        default: false
        }
    }
}
