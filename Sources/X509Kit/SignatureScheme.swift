internal import SwiftASN1

/// A signature algorithm as certificates and requests name it (RFC 4055, RFC 5758, RFC 8410).
public enum SignatureScheme: Hashable, Sendable, CaseIterable {
    case rsaWithSHA256
    case rsaWithSHA384
    case rsaWithSHA512
    case ecdsaWithSHA256
    case ecdsaWithSHA384
    case ecdsaWithSHA512
    case ed25519

    private var identifier: ASN1ObjectIdentifier {
        switch self {
        case .rsaWithSHA256: OID.rsaWithSHA256
        case .rsaWithSHA384: OID.rsaWithSHA384
        case .rsaWithSHA512: OID.rsaWithSHA512
        case .ecdsaWithSHA256: OID.ecdsaWithSHA256
        case .ecdsaWithSHA384: OID.ecdsaWithSHA384
        case .ecdsaWithSHA512: OID.ecdsaWithSHA512
        case .ed25519: OID.ed25519
        }
    }

    /// RSA takes NULL parameters, the others none.
    private var hasNullParameters: Bool {
        switch self {
        case .rsaWithSHA256, .rsaWithSHA384, .rsaWithSHA512: true
        case .ecdsaWithSHA256, .ecdsaWithSHA384, .ecdsaWithSHA512, .ed25519: false
        }
    }

    /// Reads an AlgorithmIdentifier; absent RSA parameters are tolerated in what others made.
    init(node: ASN1Node) throws {
        let (identifier, parameters) = try DER.sequence(node, identifier: .sequence) { nodes in
            (try ASN1ObjectIdentifier(derEncoded: &nodes), nodes.next())
        }
        guard let scheme = Self.allCases.first(where: { $0.identifier == identifier }) else {
            throw X509Error("signature algorithm \(identifier) is not accepted")
        }
        guard parameters == nil || scheme.hasNullParameters && parameters?.identifier == .null else {
            throw X509Error("signature algorithm \(identifier): unexpected parameters")
        }
        self = scheme
    }

    func serialize(into coder: inout DER.Serializer) throws {
        try coder.appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(self.identifier)
            if self.hasNullParameters { try coder.serialize(ASN1Null()) }
        }
    }
}
