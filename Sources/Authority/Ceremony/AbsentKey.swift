internal import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// A key that is somewhere else: what it is to sign can be prepared here, and no more.
struct AbsentKey: IssuerKey {
    let owner: String
    let type: KeyType
    let publicKeyInfo: [UInt8]

    /// The key of an issuer whose certificate is here.
    init(of id: String, certificate: [UInt8]) throws(EnrollmentError) {
        self.owner = id
        self.publicKeyInfo = try CertificateReading.certificate(certificate, of: id).publicKeyInfo
        self.type = try CeremonyReading.keyType(self.publicKeyInfo)
    }

    func sign(_ message: [UInt8]) throws(EnrollmentError) -> [UInt8] {
        throw EnrollmentError(
            .internalService,
            "The key of \(self.owner) is not here.",
            rule: "issuer.key-elsewhere"
        )
    }
}
