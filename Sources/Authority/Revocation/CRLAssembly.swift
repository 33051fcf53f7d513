internal import EnrollmentCore
internal import OpenSSLKit
internal import ServiceRuntime
internal import X509Kit

/// One CRL in the making, off the cooperative pool: hashing and reading back five megabytes takes as long as hundreds of
/// enrollments.
actor CRLAssembly {
    private let executor: BlockingExecutor
    private let party: SigningParty
    private let issuer: Certificate
    private let body: RevocationListBody
    private var writer: RevocationListWriter
    private var toBeSigned: [UInt8] = []

    nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.asUnownedSerialExecutor() }

    /// A finished CRL.
    struct Product: Sendable {
        let der: [UInt8]
        /// SHA-256 over it.
        let thumbprint: [UInt8]
        let entryCount: Int
    }

    init(
        _ body: RevocationListBody,
        by party: SigningParty,
        issuer: Certificate,
        expectedEntries: Int,
        on executor: BlockingExecutor
    ) throws(EnrollmentError) {
        self.executor = executor
        self.party = party
        self.issuer = issuer
        self.body = body
        self.writer = try encoding("crl.encoding", "The CRL cannot be encoded") { () throws(X509Error) in
            try RevocationListWriter(body, expectedEntries: expectedEntries)
        }
    }

    /// A revocation from a clock that ran ahead counts from the CRL on: a date to come would make readers wait for it.
    func append(_ entries: [CRLEntry]) throws(EnrollmentError) {
        for entry in entries {
            try encoding("crl.encoding", "The entry of \(entry.serialNumber) cannot be encoded") {
                () throws(X509Error) in
                try self.writer.append(
                    serialNumber: entry.serialNumber.octets,
                    revokedAt: min(entry.revoked.seconds, self.body.thisUpdate),
                    reason: CRLReason(entry.reason)
                )
            }
        }
    }

    /// Ends the list of entries.
    ///
    /// - Returns: SHA-256 over the octets to be signed, to be recorded before ``sign(recordedAs:)``.
    func finish() throws(EnrollmentError) -> [UInt8] {
        let octets = self.writer.finish()
        self.toBeSigned = octets
        return try library("crl.digest") { () throws(OpenSSLError) in try Digest.sha256(octets) }
    }

    /// Signs what was recorded, verifies the signature, reads the CRL back and judges it.
    ///
    /// - Throws: ``EnrollmentError``; nothing may be published then.
    func sign(recordedAs digest: [UInt8]) async throws(EnrollmentError) -> Product {
        let (party, scheme) = (self.party, self.party.scheme)
        var octets: [UInt8] = []
        swap(&octets, &self.toBeSigned)
        let signature = try await party.key.sign(octets)
        let verifies = try library("crl.verify") { () throws(OpenSSLError) in
            try party.verifyingKey.verifies(signature, over: octets, with: SignatureAlgorithm(scheme))
        }
        guard verifies else {
            party.key.distrust()
            throw Self.defect("crl.signature", "The signature of a new CRL does not verify.")
        }
        let der = try Self.assemble(octets, scheme, signature)
        let list = try encoding("crl.reading", "The new CRL cannot be read back") { () throws(X509Error) in
            try CertificateRevocationList(der: der)
        }
        let (signedDigest, thumbprint) = try library("crl.digest") { () throws(OpenSSLError) in
            (try Digest.sha256(list.toBeSigned), try Digest.sha256(der))
        }
        guard signedDigest == digest else {
            throw Self.defect("crl.signed-part", "The new CRL's signed part is not what was recorded.")
        }
        try self.judge(list)
        return Product(der: der, thumbprint: thumbprint, entryCount: self.writer.count)
    }

    private func judge(_ list: CertificateRevocationList) throws(EnrollmentError) {
        let findings = RevocationListLint.findings(
            in: list,
            issuer: self.issuer,
            distributionPoint: self.body.distributionPoint
        )
        if let first = findings.first {
            throw EnrollmentError(
                .internalService,
                "The new CRL breaks \(findings.count) rules, so it is not published: "
                    + findings.map(\.description).joined(separator: "; ") + ".",
                rule: "lint.\(first.rule)",
                facts: findings.map { Fact($0.rule, $0.message) }
            )
        }
        let (number, count) = try encoding("crl.reading", "The new CRL cannot be read back") { () throws(X509Error) in
            (try list.ownNumber(), try list.entries.count())
        }
        guard number == self.body.number, count == self.writer.count else {
            throw Self.defect("crl.contents", "The new CRL does not say what was put into it.")
        }
    }

    private static func assemble(
        _ toBeSigned: consuming [UInt8],
        _ scheme: SignatureScheme,
        _ signature: [UInt8]
    ) throws(EnrollmentError) -> [UInt8] {
        do throws(X509Error) {
            return try RevocationListWriter.list(toBeSigned: toBeSigned, scheme: scheme, signature: signature)
        } catch {
            throw EnrollmentError(
                .internalService,
                "The CRL cannot be encoded: \(error).",
                rule: "crl.encoding",
                cause: error
            )
        }
    }

    private static func defect(_ rule: String, _ detail: String) -> EnrollmentError {
        EnrollmentError(.internalService, detail, rule: rule)
    }
}

extension CRLReason {
    init(_ reason: RevocationReason) {
        switch reason {
        case .unspecified: self = .unspecified
        case .keyCompromise: self = .keyCompromise
        case .cACompromise: self = .cACompromise
        case .affiliationChanged: self = .affiliationChanged
        case .superseded: self = .superseded
        case .cessationOfOperation: self = .cessationOfOperation
        case .certificateHold: self = .certificateHold
        case .privilegeWithdrawn: self = .privilegeWithdrawn
        case .aACompromise: self = .aACompromise
        }
    }
}
