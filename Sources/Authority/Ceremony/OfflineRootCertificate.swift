package import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// The certificate of a root whose key is kept elsewhere, found to be sound: signed by itself, without a finding of the
/// lint.
package struct OfflineRootCertificate {
    let id: String
    let issued: IssuedCertificate
    /// What an intent keeps of it.
    let prepared: PreparedCertificate

    /// - Throws: ``EnrollmentError`` with code `authorization` and rule `ceremony.root` for a certificate that is none of a
    ///   root, or breaks a rule of the lint.
    init(_ der: [UInt8], id: String, profile: CertificateProfile) throws(EnrollmentError) {
        let certificate = try CertificateReading.certificate(der, of: id)
        let findings = CertificateLint.findings(in: der, context: LintContext(issuer: nil, issuerID: id))
        guard certificate.issuer == certificate.subject, certificate.isAuthority, findings.isEmpty,
            try CeremonyReading.isSelfSigned(certificate)
        else {
            let why = findings.map(\.description).joined(separator: "; ")
            throw EnrollmentError(
                .authorization,
                "The certificate is not a sound one of a root\(why.isEmpty ? "" : ": \(why)").",
                rule: "ceremony.root"
            )
        }
        // Its machine answers to no other id.
        if let own = try Self.id(in: certificate), own != id {
            throw EnrollmentError(
                .authorization,
                "The certificate is that of root \(own), so it cannot be called \(id) here.",
                rule: "ceremony.root-id",
                facts: [Fact("root", own)]
            )
        }
        let issued = try IssuedCertificate(signed: der, by: id)
        let (digest, keyDigest) = try library("ceremony.digest") { () throws(OpenSSLError) in
            (try Digest.sha256(certificate.toBeSigned), try Digest.sha256(certificate.publicKeyInfo))
        }
        let draft = CertificateDraft(
            profile: profile.name,
            serialNumber: issued.serialNumber,
            issuerID: id,
            subject: [],
            validity: issued.validity,
            publicKeyInfo: certificate.publicKeyInfo,
            role: profile.role,
            keyUsage: profile.keyUsage,
            purposes: profile.purposes,
            alternativeNames: []
        )
        self.id = id
        self.issued = issued
        self.prepared = PreparedCertificate(
            draft: draft,
            toBeSigned: certificate.toBeSigned,
            toBeSignedDigest: digest,
            keyDigest: keyDigest,
            subject: certificate.subjectText
        )
    }

    private static func id(in certificate: Certificate) throws(EnrollmentError) -> String? {
        try encoding("ceremony.root", "The name in the root's certificate cannot be read") { () throws(X509Error) in
            try AuthorityName.id(inRoot: certificate)
        }
    }

    /// The id that the root's own machine gave it; `nil` when its name does not say.
    ///
    /// - Throws: ``EnrollmentError`` when it is no certificate.
    package static func id(in der: [UInt8]) throws(EnrollmentError) -> String? {
        try Self.id(in: try CertificateReading.certificate(der, of: "the root"))
    }

    func record(_ state: IssuerRecord.State, created: Timestamp) -> IssuerRecord {
        IssuerRecord(
            id: self.id,
            role: .root,
            state: state,
            signedBy: self.id,
            certificate: self.issued.der,
            key: .offline,
            created: created
        )
    }
}

extension IssuedCertificate {
    /// What somebody else signed, as the store keeps it.
    ///
    /// - Throws: ``EnrollmentError`` with rule `ceremony.malformed` when it cannot be read.
    init(signed der: [UInt8], by issuerID: String) throws(EnrollmentError) {
        let certificate = try CertificateReading.certificate(der, of: "the certificate by \(issuerID)")
        guard let serial = SerialNumber(octets: certificate.serialNumber) else { throw CeremonyFieldReader.malformed }
        let begin = try CeremonyReading.seconds { () throws(X509Error) in try certificate.notBeforeSeconds() }
        let end = try CeremonyReading.seconds { () throws(X509Error) in try certificate.notAfterSeconds() }
        let (thumbprint, windows) = try library("ceremony.digest") { () throws(OpenSSLError) in
            (try Digest.sha256(der), try Digest.sha1(der))
        }
        self.init(
            serialNumber: serial,
            issuerID: issuerID,
            der: der,
            thumbprint: thumbprint,
            windowsThumbprint: windows,
            validity: Validity(notBefore: Timestamp(seconds: begin), notAfter: Timestamp(seconds: end))
        )
    }
}
