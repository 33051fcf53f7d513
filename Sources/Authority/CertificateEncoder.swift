internal import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// Turns drafts into octets, judges them by trial issuance, and signs what was recorded.
enum CertificateEncoder {
    /// Encodes a draft for `party` to sign, and judges it: signed with the throw-away key, parsed back, linted.
    static func prepare(_ draft: CertificateDraft, for party: SigningParty) throws(EnrollmentError)
        -> PreparedCertificate
    {
        let subject = try self.subject(of: draft)
        let toBeSigned = try self.encode(draft, subject: subject, for: party)
        try self.judge(toBeSigned, of: draft, for: party)
        return try library("issuance.digest") { () throws(OpenSSLError) in
            PreparedCertificate(
                draft: draft,
                toBeSigned: toBeSigned,
                toBeSignedDigest: try Digest.sha256(toBeSigned),
                keyDigest: try Digest.sha256(draft.publicKeyInfo),
                subject: subject.description
            )
        }
    }

    /// Signs the recorded octets, verifies the signature, and compares the signed part with the record.
    nonisolated(nonsending) static func sign(
        _ prepared: PreparedCertificate,
        by party: SigningParty
    ) async throws(EnrollmentError) -> IssuedCertificate {
        // The ticket vouches for the digest; only this ties the octets to it.
        let digest = try library("issuance.digest") { () throws(OpenSSLError) in
            try Digest.sha256(prepared.toBeSigned)
        }
        guard digest == prepared.toBeSignedDigest else {
            throw self.defect("issuance.recorded-octets", "The octets to be signed are not those that were recorded.")
        }
        let signature = try await party.key.sign(prepared.toBeSigned)
        let verifies = try library("issuance.verify") { () throws(OpenSSLError) in
            let algorithm = SignatureAlgorithm(party.scheme)
            return try party.verifyingKey.verifies(signature, over: prepared.toBeSigned, with: algorithm)
        }
        guard verifies else {
            party.key.distrust()
            throw self.defect("issuance.signature", "The new signature does not verify.")
        }
        let der = try self.assemble(prepared.toBeSigned, party.scheme, signature)
        guard try self.signedPart(of: der) == prepared.toBeSigned else {
            throw self.defect("issuance.signed-part", "The certificate's signed part is not what was recorded.")
        }
        return try library("issuance.thumbprint") { () throws(OpenSSLError) in
            IssuedCertificate(
                serialNumber: prepared.draft.serialNumber,
                issuerID: prepared.draft.issuerID,
                der: der,
                thumbprint: try Digest.sha256(der),
                windowsThumbprint: try Digest.sha1(der),
                validity: prepared.draft.validity
            )
        }
    }

    /// The leftmost 160 bits of the SHA-256 of the key's bits (RFC 7093 § 2, method 1).
    static func keyIdentifier(of publicKeyInfo: [UInt8]) throws(EnrollmentError) -> [UInt8] {
        let key = try encoding("issuance.key", "The public key cannot be read") { () throws(X509Error) in
            try PublicKeyInfo(der: publicKeyInfo)
        }
        return try library("issuance.key-identifier") { () throws(OpenSSLError) in
            Array(try Digest.sha256(key.keyBits).prefix(20))
        }
    }

    static func subject(of draft: CertificateDraft) throws(EnrollmentError) -> DistinguishedName {
        try self.name(draft.subject, of: draft.profile)
    }

    static func name(
        _ attributes: [CertificateDraft.NameAttribute],
        of profile: ProfileName
    ) throws(EnrollmentError) -> DistinguishedName {
        let attributes = attributes.map { attribute -> DistinguishedName.Attribute in
            switch attribute.kind {
            case .country: .country(attribute.value)
            case .organization: .organization(attribute.value)
            case .organizationalUnit: .organizationalUnit(attribute.value)
            case .commonName: .commonName(attribute.value)
            }
        }
        return try encoding("issuance.subject", "The subject of profile \(profile) cannot be written") {
            () throws(X509Error) in
            try DistinguishedName(attributes)
        }
    }

    // MARK: Trial

    private static func judge(
        _ toBeSigned: [UInt8],
        of draft: CertificateDraft,
        for party: SigningParty
    ) throws(EnrollmentError) {
        let signature = try library("issuance.trial") { () throws(OpenSSLError) in try party.trialKey.sign(toBeSigned) }
        let trial = try self.assemble(toBeSigned, party.scheme, signature)
        let context = LintContext(issuer: party.certificate, issuerID: party.id)
        let findings = CertificateLint.findings(in: trial, context: context)
        guard let first = findings.first else { return }
        throw EnrollmentError(
            // A finding about the key is the request's fault, any other is ours.
            first.rule.hasPrefix("key.") ? .certificateRequest : .internalService,
            "The certificate would break \(findings.count) rules, so nothing was signed: "
                + findings.map(\.description).joined(separator: "; ") + ".",
            rule: "lint.\(first.rule)",
            facts: findings.map { Fact($0.rule, $0.message) }
        )
    }

    // MARK: Octets

    private static func encode(
        _ draft: CertificateDraft,
        subject: DistinguishedName,
        for party: SigningParty
    ) throws(EnrollmentError) -> [UInt8] {
        let isSelfSigned = party.certificate == nil
        let body = CertificateBody(
            serialNumber: draft.serialNumber.octets,
            scheme: party.scheme,
            issuer: party.subject,
            notBefore: draft.validity.notBefore.seconds,
            notAfter: draft.validity.notAfter.seconds,
            subject: subject.der,
            publicKeyInfo: draft.publicKeyInfo,
            constraint: CertificateBody.Constraint(draft.role),
            keyUsage: draft.keyUsage.rawValue,
            purposes: draft.purposes.map { CertificateBody.Purpose($0) },
            alternativeNames: draft.alternativeNames.map { GeneralName($0) },
            authorityKeyIdentifier: isSelfSigned ? nil : party.keyIdentifier,
            subjectKeyIdentifier: try self.keyIdentifier(of: draft.publicKeyInfo),
            crlURLs: draft.crlURLs,
            ocspURL: draft.ocspURL,
            issuerURL: draft.issuerURL,
            securityIdentifier: draft.securityIdentifier,
            issuerBundleURL: draft.issuerBundleURL
        )
        return try encoding("issuance.encoding", "The certificate cannot be encoded") { () throws(X509Error) in
            try body.encoded()
        }
    }

    private static func assemble(
        _ toBeSigned: [UInt8],
        _ scheme: SignatureScheme,
        _ signature: [UInt8]
    ) throws(EnrollmentError) -> [UInt8] {
        try encoding("issuance.encoding", "The certificate cannot be encoded") { () throws(X509Error) in
            try CertificateBody.certificate(toBeSigned: toBeSigned, scheme: scheme, signature: signature)
        }
    }

    private static func signedPart(of der: [UInt8]) throws(EnrollmentError) -> [UInt8] {
        try encoding("issuance.reading", "The new certificate cannot be read back") { () throws(X509Error) in
            try Certificate(der: der).toBeSigned
        }
    }

    private static func defect(_ rule: String, _ detail: String) -> EnrollmentError {
        EnrollmentError(.internalService, detail, rule: rule)
    }
}

extension CertificateBody.Constraint {
    fileprivate init(_ role: CertificateDraft.Role) {
        switch role {
        case .endEntity: self = .endEntity
        case .authority(let pathLength): self = .authority(pathLength: pathLength)
        }
    }
}

extension CertificateBody.Purpose {
    fileprivate init(_ purpose: CertificateDraft.Purpose) {
        switch purpose {
        case .clientAuth: self = .clientAuth
        case .serverAuth: self = .serverAuth
        case .ocspSigning: self = .ocspSigning
        }
    }
}

extension GeneralName {
    fileprivate init(_ name: CertificateDraft.AlternativeName) {
        switch name {
        case .uri(let uri): self = .uri(uri)
        case .dns(let name): self = .dns(name)
        case .address(let octets): self = .address(octets)
        case .userPrincipalName(let name): self = .userPrincipalName(name)
        }
    }
}
