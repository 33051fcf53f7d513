package import EnrollmentCore
internal import OpenSSLKit
internal import X509Kit

/// An issuer that speaks about revocation, as those who ask name it.
package struct RevocationIssuer: Sendable {
    package let record: IssuerRecord
    let certificate: Certificate
    let notAfter: Timestamp
    private let nameHashes: [OCSPCertificateID.HashAlgorithm: [UInt8]]
    private let keyHashes: [OCSPCertificateID.HashAlgorithm: [UInt8]]

    package var id: String { record.id }

    /// - Throws: ``EnrollmentError`` when the certificate in the store cannot be read.
    init(_ record: IssuerRecord) throws(EnrollmentError) {
        self.record = record
        let (certificate, end, keyBits) = try encoding(
            "issuer.certificate",
            "The certificate of issuer \(record.id) in the store cannot be read"
        ) { () throws(X509Error) in
            let certificate = try Certificate(der: record.certificate)
            return (certificate, try certificate.notAfterSeconds(), try certificate.subjectKey().keyBits)
        }
        self.certificate = certificate
        self.notAfter = Timestamp(seconds: end)
        (self.nameHashes, self.keyHashes) = try library("issuer.digest") { () throws(OpenSSLError) in
            (
                [.sha1: try Digest.sha1(certificate.subject), .sha256: try Digest.sha256(certificate.subject)],
                [.sha1: try Digest.sha1(keyBits), .sha256: try Digest.sha256(keyBits)]
            )
        }
    }

    /// The digest of its key, by which a question finds it.
    func keyHash(_ hash: OCSPCertificateID.HashAlgorithm) -> [UInt8] { self.keyHashes[hash] ?? [] }

    /// Whether a question is about a certificate of this issuer's: both digests have to be its own.
    func issued(_ identifier: OCSPCertificateID) -> Bool {
        guard let hash = identifier.hash else { return false }
        return self.keyHashes[hash] == identifier.issuerKeyHash && self.nameHashes[hash] == identifier.issuerNameHash
    }

    /// Every way in which somebody may ask about this serial number.
    func identifiers(of serialNumber: SerialNumber) -> [OCSPCertificateID] {
        OCSPCertificateID.HashAlgorithm.allCases.flatMap { hash in
            [true, false].map { writesNull in
                OCSPCertificateID(
                    hash: hash,
                    issuerNameHash: self.nameHashes[hash] ?? [],
                    issuerKeyHash: self.keyHashes[hash] ?? [],
                    serialNumber: serialNumber.octets,
                    writesNull: writesNull
                )
            }
        }
    }
}
