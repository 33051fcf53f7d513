internal import EnrollmentCore
package import OpenSSLKit
internal import X509Kit

/// Reads and checks what is to be signed, and what was signed.
enum CeremonyReading {
    /// What is to be signed as a certificate with an empty signature, to be looked at.
    static func certificate(_ toBeSigned: [UInt8]) throws(EnrollmentError) -> Certificate {
        let certificate: Certificate
        do throws(X509Error) {
            let der = try CertificateBody.certificate(toBeSigned: toBeSigned, scheme: .ecdsaWithSHA256, signature: [0])
            certificate = try Certificate(der: der)
        } catch {
            throw Self.unreadable("certificate", error)
        }
        guard certificate.toBeSigned == toBeSigned else { throw CeremonyFieldReader.malformed }
        return certificate
    }

    /// The same for a CRL.
    static func list(_ toBeSigned: [UInt8]) throws(EnrollmentError) -> CertificateRevocationList {
        let list: CertificateRevocationList
        do throws(X509Error) {
            let der = try RevocationListWriter.list(
                toBeSigned: toBeSigned,
                scheme: .ecdsaWithSHA256,
                signature: [0]
            )
            list = try CertificateRevocationList(der: der)
        } catch {
            throw Self.unreadable("CRL", error)
        }
        guard list.toBeSigned.elementsEqual(toBeSigned) else { throw CeremonyFieldReader.malformed }
        return list
    }

    /// Whether `signature` is the key's, by the scheme that keys of its kind sign with here.
    static func verifies(
        _ signature: [UInt8],
        over message: [UInt8],
        by publicKeyInfo: [UInt8]
    ) throws(EnrollmentError) -> Bool {
        let type = try self.keyType(publicKeyInfo)
        return try library("ceremony.verify") { () throws(OpenSSLError) in
            try VerifyingKey(publicKeyInfo: publicKeyInfo)
                .verifies(signature, over: message, with: type.signatureAlgorithm)
        }
    }

    /// Whether the key in the certificate signed it.
    static func isSelfSigned(_ certificate: Certificate) throws(EnrollmentError) -> Bool {
        try self.verifies(certificate.signature, over: certificate.toBeSigned, by: certificate.publicKeyInfo)
    }

    static func keyType(_ publicKeyInfo: [UInt8]) throws(EnrollmentError) -> KeyType {
        do throws(X509Error) {
            return KeyType(try PublicKeyInfo(der: publicKeyInfo).key)
        } catch {
            throw Self.unreadable("public key", error)
        }
    }

    static func seconds(_ read: () throws(X509Error) -> Int64?) throws(EnrollmentError) -> Int64 {
        do throws(X509Error) {
            guard let seconds = try read() else { throw X509Error("a moment is missing") }
            return seconds
        } catch {
            throw Self.unreadable("validity", error)
        }
    }

    static func sha256(_ octets: [UInt8]) throws(EnrollmentError) -> String {
        Hexadecimal.encode(try library("ceremony.digest") { () throws(OpenSSLError) in try Digest.sha256(octets) })
    }

    static func unreadable(_ what: String, _ error: X509Error) -> EnrollmentError {
        EnrollmentError(
            .messageFormat,
            "A \(what) in the ceremony's file cannot be read: \(error).",
            rule: "ceremony.malformed",
            cause: error
        )
    }
}

extension KeyType {
    /// As the command line names it.
    package var label: String {
        switch self {
        case .rsa(let bits): "rsa-\(bits)"
        case .ecdsaP256: "ecdsa-p256"
        case .ecdsaP384: "ecdsa-p384"
        case .ed25519: "ed25519"
        }
    }
}
