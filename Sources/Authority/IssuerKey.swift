package import EnrollmentCore
package import OpenSSLKit

/// An authority's private key, wherever it is: it signs, and nothing else is asked of it.
package protocol IssuerKey: Sendable {
    var type: KeyType { get }
    /// SubjectPublicKeyInfo, DER (RFC 5280 § 4.1.2.7).
    var publicKeyInfo: [UInt8] { get }
    /// Whether a signature takes long enough to be made off the cooperative pool.
    var isSlowToSign: Bool { get }

    /// Signs `message` with the scheme of ``type``; ECDSA as DER (RFC 3279 § 2.2.3).
    ///
    /// - Throws: ``EnrollmentError``: `internalService` for a key that cannot sign, `inMaintenance` for one that is out of
    ///   reach.
    func sign(_ message: [UInt8]) throws(EnrollmentError) -> [UInt8]
}

/// Gives issuers' keys by what the store says of where they are.
package protocol IssuerKeySource: Sendable {
    /// - Throws: ``EnrollmentError`` when the key is not here, cannot be opened, or is out of reach.
    func key(of issuer: IssuerRecord) throws(EnrollmentError) -> any IssuerKey
}

/// A key in this process.
package struct HeldKey: IssuerKey {
    package let key: SigningKey

    package init(_ key: SigningKey) {
        self.key = key
    }

    package var type: KeyType { self.key.type }
    package var publicKeyInfo: [UInt8] { self.key.publicKeyInfo }
    package var isSlowToSign: Bool { self.key.type.isSlowToSign }

    package func sign(_ message: [UInt8]) throws(EnrollmentError) -> [UInt8] {
        try library("issuance.sign") { () throws(OpenSSLError) in try self.key.sign(message) }
    }
}

extension Vault: IssuerKeySource {
    /// Opens a key that the store holds, sealed for the passphrase.
    package func key(of issuer: IssuerRecord) throws(EnrollmentError) -> any IssuerKey {
        guard case .sealed(let octets) = issuer.key else {
            throw EnrollmentError(
                .internalService,
                "The key of issuer \(issuer.id) is not in the store (\(issuer.key.place)), so it does not sign here.",
                rule: "issuer.key-elsewhere"
            )
        }
        return HeldKey(try self.open(octets, of: issuer.id))
    }
}
