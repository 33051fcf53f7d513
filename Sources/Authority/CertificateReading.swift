internal import EnrollmentCore
internal import X509Kit

/// Reads what an issuer's own certificate says.
enum CertificateReading {
    static func certificate(of issuer: IssuerRecord) throws(EnrollmentError) -> Certificate {
        try self.certificate(issuer.certificate, of: issuer.id)
    }

    static func certificate(_ der: [UInt8], of id: String) throws(EnrollmentError) -> Certificate {
        try encoding("issuer.certificate", "The certificate of \(id) cannot be read") { () throws(X509Error) in
            try Certificate(der: der)
        }
    }

    static func publicKeyInfo(of issuer: IssuerRecord) throws(EnrollmentError) -> [UInt8] {
        try self.certificate(of: issuer).publicKeyInfo
    }
}
