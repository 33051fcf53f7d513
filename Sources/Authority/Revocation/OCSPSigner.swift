internal import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// A delegated responder: the key that signs answers for one issuer, and the certificate in which the issuer says so.
struct OCSPSigner: Sendable {
    let issuerID: String
    let serialNumber: SerialNumber
    let certificate: [UInt8]
    let notAfter: Timestamp
    private let key: SigningKey
    private let scheme: SignatureScheme
    private let keyHash: [UInt8]

    /// - Throws: ``EnrollmentError`` when key and certificate do not belong together or cannot be used.
    init(_ record: ServiceCertificateRecord, for issuerID: String, vault: Vault) throws(EnrollmentError) {
        let key = try vault.open(record.sealedKey, of: record.use)
        guard let der = record.chain.first else {
            throw EnrollmentError(
                .internalService,
                "The certificate for \(record.use) is missing.",
                rule: "ocsp.signer"
            )
        }
        let info = try encoding("ocsp.signer", "The OCSP responder's certificate in the store cannot be read") {
            () throws(X509Error) in
            try Certificate(der: der).subjectKey()
        }
        guard info.der == key.publicKeyInfo else {
            throw EnrollmentError(
                .internalService,
                "The key for \(record.use) does not belong to its certificate. Restore the store from a backup.",
                rule: "ocsp.signer"
            )
        }
        self.issuerID = issuerID
        self.serialNumber = record.serialNumber
        self.certificate = der
        self.notAfter = record.notAfter
        self.key = key
        self.scheme = SignatureScheme(key.type)
        self.keyHash = try library("ocsp.digest") { () throws(OpenSSLError) in try Digest.sha1(info.keyBits) }
    }

    /// Whether one signature takes so long that it does not belong on the cooperative pool.
    var isSlow: Bool { self.key.type.isSlowToSign }

    /// Signs an answer about certificates of ``issuerID``.
    ///
    /// - Parameters:
    ///   - statuses: What was found.
    ///   - nonce: The question's.
    ///   - now: The present.
    ///   - moment: When what was found was true for certain; from then on the answer counts.
    ///   - seconds: For how long.
    /// - Returns: The answer.
    /// - Throws: ``EnrollmentError`` when it cannot be encoded or signed.
    func sign(
        _ statuses: [(OCSPCertificateID, CertificateStatus)],
        nonce: [UInt8]?,
        at now: Timestamp,
        asOf moment: Timestamp,
        validFor seconds: Int64
    ) throws(EnrollmentError) -> OCSPAnswer {
        // Whole seconds, and never longer than the certificate that vouches for it.
        let begin = min(moment, now).seconds
        let end = min(begin + seconds, self.notAfter.seconds)
        let data = OCSPResponseData(
            responderKeyHash: self.keyHash,
            producedAt: now.seconds,
            singles: statuses.map { identifier, status in
                OCSPResponseData.Single(
                    certificateID: identifier,
                    status: OCSPResponseData.Status(status, at: now.seconds),
                    thisUpdate: begin,
                    nextUpdate: end
                )
            },
            nonce: nonce
        )
        let toBeSigned = try encoding("ocsp.encoding", "The OCSP answer cannot be encoded") { () throws(X509Error) in
            try data.encoded()
        }
        let signature = try library("ocsp.sign") { () throws(OpenSSLError) in try self.key.sign(toBeSigned) }
        let octets = try encoding("ocsp.encoding", "The OCSP answer cannot be encoded") { () throws(X509Error) in
            try OCSPResponseData.response(
                toBeSigned: toBeSigned,
                scheme: self.scheme,
                signature: signature,
                certificates: [self.certificate]
            )
        }
        return try OCSPAnswer(
            octets,
            thisUpdate: Timestamp(seconds: begin),
            nextUpdate: Timestamp(seconds: end),
            // Nobody keeps answers about numbers that never existed: there is no end of them.
            isCacheable: nonce == nil && statuses.count == 1 && statuses[0].1 != .unknown
        )
    }
}

extension OCSPResponseData.Status {
    /// A revocation from a clock that ran ahead counts at once: a date to come would make readers wait for it.
    fileprivate init(_ status: CertificateStatus, at now: Int64) {
        switch status {
        case .good: self = .good
        case .unknown: self = .unknown
        case .revoked(let reason, let moment): self = .revoked(at: min(moment.seconds, now), reason: CRLReason(reason))
        }
    }
}
