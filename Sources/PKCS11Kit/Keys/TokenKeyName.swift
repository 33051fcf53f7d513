/// Names a key pair on a token: the label and id that its private and its public key share.
public struct TokenKeyName: Hashable, Sendable {
    /// `CKA_LABEL`.
    public let label: String
    /// `CKA_ID`.
    public let id: [UInt8]

    public init(label: String, id: [UInt8]) {
        self.label = label
        self.id = id
    }
}

extension TokenKeyName: CustomStringConvertible {
    public var description: String {
        let id = self.id.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return "\(self.label) (id \(id))"
    }
}

/// The public half of a key pair on a token.
public struct TokenPublicKey: Hashable, Sendable {
    public let name: TokenKeyName
    public let kind: TokenKeyKind
    /// SubjectPublicKeyInfo, DER (RFC 5280 § 4.1.2.7).
    public let publicKeyInfo: [UInt8]
}
