/// What a signed renewal request contributes once its signatures were verified.
public struct SignedRenewal: Hashable, Sendable {
    /// The signer's certificate as it came with the message, DER.
    ///
    /// Whose it is and whether it still counts is not known yet.
    public let certificate: [UInt8]
    /// SHA-256 over ``certificate``.
    public let thumbprint: [UInt8]
    /// The signer's kind of key.
    public let keyAlgorithm: KeyAlgorithm
    /// SHA-256 over the signer's SubjectPublicKeyInfo.
    public let keyDigest: [UInt8]
    /// The request for the new key, signed with the new key.
    public let request: ProvenRequest

    /// Only a ``RenewalInspector`` makes one, after verifying both signatures.
    public init(
        certificate: [UInt8],
        thumbprint: [UInt8],
        keyAlgorithm: KeyAlgorithm,
        keyDigest: [UInt8],
        request: ProvenRequest
    ) {
        self.certificate = certificate
        self.thumbprint = thumbprint
        self.keyAlgorithm = keyAlgorithm
        self.keyDigest = keyDigest
        self.request = request
    }
}
