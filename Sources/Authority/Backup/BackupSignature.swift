package import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// An issuer's signature over a backup's manifest, with the certificates that lead to its root.
package struct BackupSignature: Hashable, Sendable {
    /// What is signed begins with this, so that it can never be read as a certificate or a CRL.
    private static let context = Array("gatehouse backup manifest 1\n".utf8)

    package let octets: [UInt8]
    /// DER: the issuer's certificate first, its root's last.
    package let chain: [[UInt8]]

    package init(octets: [UInt8], chain: [[UInt8]]) {
        self.octets = octets
        self.chain = chain
    }

    /// Has the active issuer sign.
    ///
    /// - Throws: ``EnrollmentError`` when there is no active issuer, its key is out of reach, or the signature does not
    ///   verify.
    package static func sign(
        _ manifest: [UInt8],
        issuers: [IssuerRecord],
        keys: any IssuerKeySource
    ) async throws(EnrollmentError) -> BackupSignature {
        guard let active = issuers.last(where: { $0.role == .issuing && $0.state == .active }) else {
            throw EnrollmentError(
                .internalService,
                "The store holds no active issuer, so nobody can sign the backup.",
                rule: "issuer.active"
            )
        }
        var chain = [active.certificate]
        var current = active
        while current.signedBy != current.id {
            guard let above = issuers.first(where: { $0.id == current.signedBy }), chain.count < 8 else {
                throw EnrollmentError(
                    .internalService,
                    "The store lacks issuer \(current.signedBy), which signed \(current.id).",
                    rule: "issuer.chain"
                )
            }
            chain.append(above.certificate)
            current = above
        }
        let key = try keys.key(of: active)
        let signature = BackupSignature(octets: try await key.sign(Self.context + manifest), chain: chain)
        // A token that signs with another key would be found out when it is too late.
        _ = try signature.verify(manifest)
        return signature
    }

    /// Who vouches for a manifest.
    package struct Signer: Hashable, Sendable {
        /// SHA-256 of the issuer's certificate.
        package let issuer: [UInt8]
        /// SHA-256 of the root's.
        package let root: [UInt8]
    }

    /// Checks the signature, and each certificate's by the one above it, up to a root that signed itself.
    ///
    /// Whether that root is to be trusted is for whoever asks to say.
    ///
    /// - Throws: ``EnrollmentError`` with rule `backup.signature`.
    package func verify(_ manifest: [UInt8]) throws(EnrollmentError) -> Signer {
        var certificates: [Certificate] = []
        for der in self.chain {
            certificates.append(
                try encoding("backup.signature", "A certificate in the backup cannot be read") { () throws(X509Error) in
                    try Certificate(der: der)
                }
            )
        }
        guard let issuer = certificates.first, let root = certificates.last else {
            throw Self.wrong("nobody signed it")
        }
        // Otherwise whoever has a device's certificate could sign.
        guard certificates.allSatisfy(\.isAuthority) else { throw Self.wrong("its signer is no authority") }
        guard try Self.isSigned(Self.context + manifest, self.octets, by: issuer, nil) else {
            throw Self.wrong("the signature is not its signer's")
        }
        for (lower, upper) in zip(certificates, certificates.dropFirst() + [root]) {
            let scheme = try encoding("backup.signature", "A certificate in the backup") { () throws(X509Error) in
                try lower.scheme()
            }
            guard lower.issuer == upper.subject,
                try Self.isSigned(lower.toBeSigned, lower.signature, by: upper, SignatureAlgorithm(scheme))
            else { throw Self.wrong("its signer's certificates do not belong together") }
        }
        let (first, last) = (issuer.der, root.der)
        return try library("backup.digest") { () throws(OpenSSLError) in
            Signer(issuer: try Digest.sha256(first), root: try Digest.sha256(last))
        }
    }

    /// With `nil` for the algorithm: the one that an authority with such a key signs with.
    private static func isSigned(
        _ message: [UInt8],
        _ signature: [UInt8],
        by signer: Certificate,
        _ algorithm: SignatureAlgorithm?
    ) throws(EnrollmentError) -> Bool {
        let key = try encoding("backup.signature", "A key in the backup") { () throws(X509Error) in
            try signer.subjectKey()
        }
        let algorithm = algorithm ?? SignatureAlgorithm(authorityKey: key.key)
        return try library("backup.verify") { () throws(OpenSSLError) in
            try VerifyingKey(key.key).verifies(signature, over: message, with: algorithm)
        }
    }

    private static func wrong(_ why: String) -> EnrollmentError {
        .backup(
            "signature",
            "The backup's manifest cannot be relied on: \(why). Whoever has the passphrase may have made it."
        )
    }
}

extension SignatureAlgorithm {
    /// What an authority with such a key signs with.
    fileprivate init(authorityKey key: PublicKeyInfo.Key) {
        switch key {
        case .rsa: self = .rsaPKCS1(.sha256)
        case .elliptic(.p256, _): self = .ecdsa(.sha256)
        case .elliptic(.p384, _): self = .ecdsa(.sha384)
        case .ed25519: self = .ed25519
        }
    }
}
