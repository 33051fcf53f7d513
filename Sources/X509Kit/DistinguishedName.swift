internal import SwiftASN1

/// A Name (RFC 5280 § 4.1.2.4) as this authority writes it: one attribute to each relative distinguished name.
public struct DistinguishedName: Hashable, Sendable {
    /// An attribute with its string type and length limit (RFC 5280 appendix A.1).
    public enum Attribute: Hashable, Sendable {
        /// PrintableString, two letters.
        case country(String)
        /// UTF8String, at most 64 characters.
        case organization(String)
        /// UTF8String, at most 64 characters.
        case organizationalUnit(String)
        /// UTF8String, at most 64 characters.
        case commonName(String)
    }

    /// DER of the Name.
    public let der: [UInt8]
    /// RFC 4514 text: attributes in reverse order, escaped.
    public let description: String

    /// - Throws: ``X509Error`` when a value is empty, too long, has control characters or blanks at its ends, or the
    ///   wrong alphabet; nothing is ever truncated.
    public init(_ attributes: [Attribute]) throws(X509Error) {
        guard !attributes.isEmpty else { throw X509Error("name: no attribute") }
        for attribute in attributes { try attribute.check() }
        self.der = try asX509Error("name") {
            var coder = DER.Serializer()
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                for attribute in attributes { try attribute.serialize(into: &coder) }
            }
            return coder.serializedBytes
        }
        self.description = attributes.reversed().map(\.text).joined(separator: ",")
    }
}

extension DistinguishedName.Attribute {
    private var value: String {
        switch self {
        case .country(let value), .organization(let value), .organizationalUnit(let value), .commonName(let value):
            value
        }
    }

    private var label: String {
        switch self {
        case .country: "C"
        case .organization: "O"
        case .organizationalUnit: "OU"
        case .commonName: "CN"
        }
    }

    private var identifier: ASN1ObjectIdentifier {
        switch self {
        case .country: OID.country
        case .organization: OID.organization
        case .organizationalUnit: OID.organizationalUnit
        case .commonName: OID.commonName
        }
    }

    /// RFC 4514 § 2.4.
    fileprivate var text: String {
        var escaped = ""
        for (index, character) in self.value.enumerated() {
            let special = "\"+,;<>\\=".contains(character) || index == 0 && (character == "#" || character == " ")
            escaped += special ? "\\\(character)" : String(character)
        }
        return "\(self.label)=\(escaped)"
    }

    fileprivate func check() throws(X509Error) {
        let value = self.value
        guard !value.isEmpty else { throw X509Error("\(self.label): empty") }
        guard value.first != " ", value.last != " " else { throw X509Error("\(self.label): a blank at its end") }
        guard value.unicodeScalars.allSatisfy({ $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) }) else {
            throw X509Error("\(self.label): a control character")
        }
        if case .country = self {
            guard value.utf8.count == 2, value.utf8.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
            else { throw X509Error("C: not two capital letters") }
        } else if value.unicodeScalars.count > 64 {
            throw X509Error("\(self.label): \(value.unicodeScalars.count) characters, 64 are allowed")
        }
    }

    fileprivate func serialize(into coder: inout DER.Serializer) throws {
        try coder.appendConstructedNode(identifier: .set) { coder in
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try coder.serialize(self.identifier)
                if case .country = self {
                    try coder.serialize(try ASN1PrintableString(self.value))
                } else {
                    try coder.serialize(ASN1UTF8String(self.value))
                }
            }
        }
    }
}
