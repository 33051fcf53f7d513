internal import SwiftASN1

/// A GeneralName (RFC 5280 § 4.2.1.6) of the kinds this authority writes.
public enum GeneralName: Hashable, Sendable {
    /// Host name in ASCII, perhaps with one leading `*.` label.
    case dns(String)
    /// Absolute URI in ASCII.
    case uri(String)
    /// 4 octets for IPv4, 16 for IPv6.
    case address([UInt8])
    /// Microsoft's otherName for a user principal name.
    case userPrincipalName(String)

    func serialize(into coder: inout DER.Serializer) throws {
        switch self {
        case .dns(let name):
            try coder.serialize(try ASN1IA5String(name), as: 2)
        case .uri(let uri):
            try coder.serialize(try ASN1IA5String(uri), as: 6)
        case .address(let octets):
            guard octets.count == 4 || octets.count == 16 else {
                throw X509Error("subjectAltName: an address of \(octets.count) octets")
            }
            try coder.serialize(ASN1OctetString(contentBytes: octets[...]), as: 7)
        case .userPrincipalName(let name):
            try Self.serializeOtherName(OID.userPrincipalName, ASN1UTF8String(name), into: &coder)
        }
    }

    static func serializeOtherName(
        _ identifier: ASN1ObjectIdentifier,
        _ value: some DERSerializable,
        into coder: inout DER.Serializer
    ) throws {
        try coder.appendConstructedNode(identifier: .contextSpecific(0)) { coder in
            try coder.serialize(identifier)
            try coder.serialize(value, explicitlyTaggedWithTagNumber: 0, tagClass: .contextSpecific)
        }
    }
}

extension ASN1Identifier {
    static func contextSpecific(_ number: UInt) -> ASN1Identifier {
        ASN1Identifier(tagWithNumber: number, tagClass: .contextSpecific)
    }
}

extension DER.Serializer {
    /// Writes a value under an implicit context-specific tag.
    mutating func serialize(_ value: some DERImplicitlyTaggable, as number: UInt) throws {
        try value.serialize(into: &self, withIdentifier: .contextSpecific(number))
    }
}
