import EnrollmentCore

extension CertificateDraft {
    /// The draft with some of it changed; what is `nil` stays.
    func with(
        serialNumber: SerialNumber? = nil,
        issuerID: String? = nil,
        subject: [NameAttribute]? = nil,
        validity: Validity? = nil,
        publicKeyInfo: [UInt8]? = nil,
        role: Role? = nil,
        keyUsage: KeyUsage? = nil,
        purposes: [Purpose]? = nil,
        alternativeNames: [AlternativeName]? = nil,
        crlURLs: [String]? = nil
    ) -> CertificateDraft {
        CertificateDraft(
            profile: self.profile,
            serialNumber: serialNumber ?? self.serialNumber,
            issuerID: issuerID ?? self.issuerID,
            subject: subject ?? self.subject,
            validity: validity ?? self.validity,
            publicKeyInfo: publicKeyInfo ?? self.publicKeyInfo,
            role: role ?? self.role,
            keyUsage: keyUsage ?? self.keyUsage,
            purposes: purposes ?? self.purposes,
            alternativeNames: alternativeNames ?? self.alternativeNames,
            crlURLs: crlURLs ?? self.crlURLs,
            ocspURL: self.ocspURL,
            issuerURL: self.issuerURL,
            securityIdentifier: self.securityIdentifier
        )
    }
}
