internal import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// Why one of the service's own certificates has to be made anew.
package enum ServiceCertificateNeed: String, Hashable, Sendable, CaseIterable {
    case missing
    /// A third of its life is left, or less.
    case age
    /// It has not begun: a clock was set back.
    case clock
    /// Another issuer signs now.
    case issuer
    /// Another kind of key is wanted.
    case key
    /// A name is wanted that it does not have.
    case names
}

/// What one of the service's own certificates has to say.
struct ServiceCertificateWish: Sendable {
    let issuer: RevocationIssuer
    let profile: CertificateProfile
    let subject: [CertificateDraft.NameAttribute]
    let names: [CertificateDraft.AlternativeName]
    let key: KeyType

    /// Why the present certificate does not do; `nil` when it does.
    func need(
        instead record: ServiceCertificateRecord?,
        at now: Timestamp
    ) throws(EnrollmentError) -> ServiceCertificateNeed? {
        guard let record, let der = record.chain.first else { return .missing }
        let (certificate, begin, end, key) = try encoding(
            "service.certificate",
            "The certificate for \(record.use) in the store cannot be read"
        ) { () throws(X509Error) in
            let certificate = try Certificate(der: der)
            return (
                certificate, try certificate.notBeforeSeconds(), try certificate.notAfterSeconds(),
                try certificate.subjectKey().key
            )
        }
        if record.chain.dropFirst().first != self.issuer.record.certificate { return .issuer }
        if now.seconds < begin { return .clock }
        if end - now.seconds <= (end - begin) / 3 { return .age }
        if KeyAlgorithm(key) != KeyAlgorithm(self.key) { return .key }
        let present = try alternativeNames(of: certificate)
        return self.names.allSatisfy(present.contains) ? nil : .names
    }
}

/// What the listener's present certificate says, to be kept in the next.
struct FormerServerNames: Sendable {
    let commonName: String?
    let names: [CertificateDraft.AlternativeName]
    let key: KeyType?

    init?(_ record: ServiceCertificateRecord) throws(EnrollmentError) {
        guard let der = record.chain.first else { return nil }
        let (certificate, key) = try encoding("service.certificate", "The TLS certificate in the store cannot be read")
        {
            () throws(X509Error) in
            let certificate = try Certificate(der: der)
            return (certificate, try certificate.subjectKey().key)
        }
        self.commonName = certificate.commonName
        self.names = try alternativeNames(of: certificate)
        self.key = KeyType(KeyAlgorithm(key))
    }

    /// Whether a name with a star stands for the host.
    func covers(_ host: String) -> Bool {
        let parent = host.split(separator: ".", maxSplits: 1).last.map(String.init) ?? host
        return self.names.contains(.dns("*.\(parent)"))
    }
}

private func alternativeNames(
    of certificate: Certificate
) throws(EnrollmentError) -> [CertificateDraft.AlternativeName] {
    let names = try encoding("service.certificate", "The names of a certificate in the store cannot be read") {
        () throws(X509Error) in
        try certificate.alternativeNames()
    }
    return names.compactMap { tag, contents in
        switch tag {
        case 2: .dns(String(decoding: contents, as: UTF8.self))
        case 7: .address(contents)
        default: nil
        }
    }
}

extension KeyAlgorithm {
    fileprivate init(_ type: KeyType) {
        switch type {
        case .rsa(let bits): self = .rsa(bits: bits)
        case .ecdsaP256: self = .ecdsaP256
        case .ecdsaP384: self = .ecdsaP384
        case .ed25519: self = .ed25519
        }
    }
}

extension KeyType {
    fileprivate init(_ algorithm: KeyAlgorithm) {
        switch algorithm {
        case .rsa(let bits): self = .rsa(bits: bits)
        case .ecdsaP256: self = .ecdsaP256
        case .ecdsaP384: self = .ecdsaP384
        case .ed25519: self = .ed25519
        }
    }
}
