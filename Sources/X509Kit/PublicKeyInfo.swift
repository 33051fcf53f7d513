internal import SwiftASN1

/// A SubjectPublicKeyInfo (RFC 5280 § 4.1.2.7), taken apart to raw numbers.
public struct PublicKeyInfo: Hashable, Sendable {
    /// An elliptic curve whose keys are accepted.
    public enum Curve: Hashable, Sendable {
        case p256
        case p384
    }

    public enum Key: Hashable, Sendable {
        /// Big-endian, without leading zeros (RFC 8017 § A.1.1).
        case rsa(modulus: [UInt8], exponent: [UInt8])
        /// The encoded point (SEC 1 § 2.3.3).
        case elliptic(Curve, point: [UInt8])
        /// 32 octets (RFC 8410).
        case ed25519([UInt8])
    }

    public let der: [UInt8]
    public let key: Key
    /// The contents of the subjectPublicKey BIT STRING, from which key identifiers are made.
    public let keyBits: [UInt8]

    /// Reads exactly one SubjectPublicKeyInfo of an accepted kind.
    ///
    /// - Throws: ``X509Error`` for anything else, surplus octets included.
    public init(der: [UInt8]) throws(X509Error) {
        self = try asX509Error("subjectPublicKeyInfo") { try Self(node: try StrictDER.parse(der)) }
    }

    init(node: ASN1Node) throws {
        let (algorithm, parameters, bits) = try DER.sequence(node, identifier: .sequence) { nodes in
            guard let identifier = nodes.next() else { throw X509Error("subjectPublicKeyInfo: empty") }
            let (algorithm, parameters) = try DER.sequence(identifier, identifier: .sequence) { nodes in
                (try ASN1ObjectIdentifier(derEncoded: &nodes), nodes.next())
            }
            return (algorithm, parameters, try ASN1BitString(derEncoded: &nodes))
        }
        guard bits.paddingBits == 0 else { throw X509Error("subjectPublicKey: its bits are not whole octets") }
        self.der = Array(node.encodedBytes)
        self.keyBits = Array(bits.bytes)
        switch algorithm {
        case OID.rsaEncryption:
            guard let parameters, parameters.identifier == .null else {
                throw X509Error("subjectPublicKeyInfo: the parameters of an RSA key are not NULL")
            }
            self.key = try Self.rsa(self.keyBits)
        case OID.ecPublicKey:
            guard let parameters else { throw X509Error("subjectPublicKeyInfo: an EC key without a curve") }
            let curve = try ASN1ObjectIdentifier(derEncoded: parameters)
            self.key = try Self.elliptic(curve, point: self.keyBits)
        case OID.ed25519:
            guard parameters == nil, self.keyBits.count == 32 else {
                throw X509Error("subjectPublicKeyInfo: not an Ed25519 key as RFC 8410 has it")
            }
            self.key = .ed25519(self.keyBits)
        default:
            throw X509Error("subjectPublicKeyInfo: keys of algorithm \(algorithm) are not accepted")
        }
    }

    private static func rsa(_ bits: [UInt8]) throws -> Key {
        try DER.sequence(try StrictDER.parse(bits), identifier: .sequence) { nodes in
            let modulus = try Self.positive(&nodes, "RSA modulus")
            let exponent = try Self.positive(&nodes, "RSA exponent")
            return .rsa(modulus: modulus, exponent: exponent)
        }
    }

    private static func positive(_ nodes: inout ASN1NodeCollection.Iterator, _ name: String) throws -> [UInt8] {
        guard let node = nodes.next(), node.identifier == .integer, case .primitive(let octets) = node.content,
            let first = octets.first, first < 0x80
        else { throw X509Error("\(name): not a positive INTEGER") }
        let magnitude = first == 0 ? octets.dropFirst() : octets
        guard let lead = magnitude.first, lead != 0, first != 0 || lead >= 0x80 else {
            throw X509Error("\(name): zero, or not in its shortest form")
        }
        return Array(magnitude)
    }

    private static func elliptic(_ curve: ASN1ObjectIdentifier, point: [UInt8]) throws -> Key {
        let (accepted, width): (Curve, Int) =
            switch curve {
            case OID.p256: (.p256, 32)
            case OID.p384: (.p384, 48)
            default: throw X509Error("subjectPublicKeyInfo: curve \(curve) is not accepted")
            }
        guard point.first == 4, point.count == 1 + 2 * width else {
            throw X509Error("subjectPublicKey: not an uncompressed point of its curve")
        }
        return .elliptic(accepted, point: point)
    }
}
