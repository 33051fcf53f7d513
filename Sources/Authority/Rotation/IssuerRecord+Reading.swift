package import EnrollmentCore
package import OpenSSLKit
internal import X509Kit

extension KeyRotation {
    /// The end of an issuer's certificate.
    ///
    /// - Throws: ``EnrollmentError`` when the certificate in the store cannot be read.
    package static func end(of issuer: IssuerRecord) throws(EnrollmentError) -> Timestamp {
        try encoding("issuer.certificate", "The certificate of issuer \(issuer.id) in the store cannot be read") {
            () throws(X509Error) in
            Timestamp(seconds: try Certificate(der: issuer.certificate).notAfterSeconds())
        }
    }

    /// The issuers of a store at one moment.
    ///
    /// - Throws: ``EnrollmentError`` when a certificate in the store cannot be read.
    package init(_ figures: IssuerFigures, adoptionThreshold: Int, now: Timestamp) throws(EnrollmentError) {
        var standings: [IssuerStanding] = []
        for issuer in figures.issuers {
            let figure = figures.figures[issuer.id] ?? IssuerFigures.Figure()
            standings.append(
                IssuerStanding(
                    issuer: issuer,
                    notAfter: try Self.end(of: issuer),
                    liveCertificates: figure.liveCertificates,
                    knowingDevices: figure.knowingDevices
                )
            )
        }
        self.init(
            standings: standings,
            liveDevices: figures.liveDevices,
            adoptionThreshold: adoptionThreshold,
            now: now
        )
    }
}

extension IssuerAnnouncement {
    /// What the management server is told of an issuer.
    ///
    /// - Throws: ``EnrollmentError`` when the certificate in the store cannot be read.
    package init(of issuer: IssuerRecord) throws(EnrollmentError) {
        let (subject, validity) = try encoding(
            "issuer.certificate",
            "The certificate of issuer \(issuer.id) in the store cannot be read"
        ) { () throws(X509Error) in
            let certificate = try Certificate(der: issuer.certificate)
            return (
                try DistinguishedName(try certificate.subjectAttributes()).description,
                Validity(
                    notBefore: Timestamp(seconds: try certificate.notBeforeSeconds()),
                    notAfter: Timestamp(seconds: try certificate.notAfterSeconds())
                )
            )
        }
        let thumbprint = try library("issuer.digest") { () throws(OpenSSLError) in
            try Digest.sha256(issuer.certificate)
        }
        self.init(of: issuer, subject: subject, validity: validity, thumbprint: thumbprint)
    }
}

extension KeyType {
    /// The kind of an issuer's key.
    ///
    /// - Throws: ``EnrollmentError`` when the certificate in the store cannot be read.
    package init(of issuer: IssuerRecord) throws(EnrollmentError) {
        switch try CertificateIdentity(der: issuer.certificate).keyAlgorithm {
        case .rsa(let bits): self = .rsa(bits: bits)
        case .ecdsaP256: self = .ecdsaP256
        case .ecdsaP384: self = .ecdsaP384
        case .ed25519: self = .ed25519
        }
    }
}
