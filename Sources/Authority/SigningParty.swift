internal import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// Whoever signs a certificate: an issuer with its own certificate, or a root about to sign itself.
struct SigningParty: Sendable {
    let id: String
    let key: any IssuerKey
    let verifyingKey: VerifyingKey
    /// A throw-away key of the same kind, for trial issuance.
    let trialKey: SigningKey
    let scheme: SignatureScheme
    /// DER of the Name that goes into what it signs as the issuer.
    let subject: [UInt8]
    let keyIdentifier: [UInt8]
    /// `nil` for a root that does not have its certificate yet.
    let certificate: Certificate?

    /// An issuer whose certificate exists.
    ///
    /// - Throws: ``EnrollmentError`` when key and certificate do not belong together.
    init(id: String, key: any IssuerKey, certificate der: [UInt8]) throws(EnrollmentError) {
        let certificate: Certificate
        do throws(X509Error) {
            certificate = try Certificate(der: der)
        } catch {
            throw EnrollmentError(
                .internalService,
                "The certificate of issuer \(id) in the store cannot be read: \(error). Restore the store.",
                rule: "issuer.certificate",
                cause: error
            )
        }
        guard certificate.publicKeyInfo == key.publicKeyInfo else {
            throw EnrollmentError(
                .internalService,
                "The key of issuer \(id) does not belong to its certificate. Restore the store from a backup.",
                rule: "issuer.key-matches"
            )
        }
        try self.init(
            id: id,
            key: key,
            subject: certificate.subject,
            keyIdentifier: certificate.subjectKeyIdentifier ?? [],
            certificate: certificate
        )
    }

    /// A root about to sign itself.
    init(rootID id: String, key: any IssuerKey, subject: [UInt8]) throws(EnrollmentError) {
        try self.init(
            id: id,
            key: key,
            subject: subject,
            keyIdentifier: try CertificateEncoder.keyIdentifier(of: key.publicKeyInfo),
            certificate: nil
        )
    }

    private init(
        id: String,
        key: any IssuerKey,
        subject: [UInt8],
        keyIdentifier: [UInt8],
        certificate: Certificate?
    ) throws(EnrollmentError) {
        self.id = id
        self.key = key
        self.scheme = SignatureScheme(key.type)
        self.subject = subject
        self.keyIdentifier = keyIdentifier
        self.certificate = certificate
        do throws(OpenSSLError) {
            self.verifyingKey = try VerifyingKey(publicKeyInfo: key.publicKeyInfo)
            self.trialKey = try SigningKey.generate(Self.trialType(for: key.type))
        } catch {
            throw EnrollmentError(
                .internalService,
                "The library refused the key of issuer \(id): \(error).",
                rule: "issuer.key",
                cause: error
            )
        }
    }

    /// The same algorithm, but never RSA beyond 2 048 bits.
    ///
    /// No rule looks at the length of a signature that is thrown away, and with 4 096 bits making it would double the
    /// cost of every certificate, and making the key delay each start by a second.
    private static func trialType(for type: KeyType) -> KeyType {
        if case .rsa = type { .rsa(bits: 2_048) } else { type }
    }
}
