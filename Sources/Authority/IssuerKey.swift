package import EnrollmentCore
package import OpenSSLKit

/// An authority's private key, wherever it is: it signs, and nothing else is asked of it.
package protocol IssuerKey: Sendable {
    var type: KeyType { get }
    /// SubjectPublicKeyInfo, DER (RFC 5280 § 4.1.2.7).
    var publicKeyInfo: [UInt8] { get }

    /// Signs `message` with the scheme of ``type``; ECDSA as DER (RFC 3279 § 2.2.3).
    ///
    /// A key in this process signs where it is called, so call a slow one on a ``SigningBench``. One that is elsewhere
    /// suspends until its signature is there.
    ///
    /// - Throws: ``EnrollmentError``: `internalService` for a key that cannot sign, `inMaintenance` for one that is out of
    ///   reach.
    nonisolated(nonsending) func sign(_ message: [UInt8]) async throws(EnrollmentError) -> [UInt8]

    /// Asks before anything is recorded whether a signature can be expected at all.
    ///
    /// - Throws: ``EnrollmentError`` with code `inMaintenance` for a key that is out of reach.
    nonisolated(nonsending) func ensureReach() async throws(EnrollmentError)

    /// Hears that a signature it made does not verify.
    func distrust()
}

extension IssuerKey {
    /// Whether a trial, or a check, of such a signature takes long enough to be made off the cooperative pool.
    package var isSlowToSign: Bool { self.type.isSlowToSign }

    /// A key in this process is always in reach.
    package nonisolated(nonsending) func ensureReach() async throws(EnrollmentError) {}

    /// A key in this process does not become another one.
    package func distrust() {}
}

/// Gives issuers' keys by what the store says of where they are.
package protocol IssuerKeySource: Sendable {
    /// - Throws: ``EnrollmentError`` when the key is not here, cannot be opened, or is out of reach.
    func key(of issuer: IssuerRecord) throws(EnrollmentError) -> any IssuerKey

    /// Whether ``key(of:)`` can give it without anybody's help.
    func isAtHand(_ issuer: IssuerRecord) -> Bool
}

extension IssuerKeySource {
    package func isAtHand(_ issuer: IssuerRecord) -> Bool { issuer.key.isAtHand }
}

/// A key in this process.
package struct HeldKey: IssuerKey {
    package let key: SigningKey

    package init(_ key: SigningKey) {
        self.key = key
    }

    package var type: KeyType { self.key.type }
    package var publicKeyInfo: [UInt8] { self.key.publicKeyInfo }

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
