package import EnrollmentCore
package import OpenSSLKit

/// Makes keys for issuers, in one place or another.
package protocol IssuerKeyMaker: Sendable {
    /// Makes a fresh key that signs from now on.
    ///
    /// - Parameters:
    ///   - type: What kind.
    ///   - issuerID: Whose it will be; the key is bound to it.
    /// - Returns: The key, and what the store is to say of where it is.
    /// - Throws: ``EnrollmentError`` when such a key is not offered there, or the place is out of reach.
    func make(
        _ type: KeyType,
        for issuerID: String
    ) async throws(EnrollmentError) -> (key: any IssuerKey, location: KeyLocation)
}

/// Makes keys in this process, to be kept in the store, sealed for the service's passphrase.
package struct VaultKeyMaker: IssuerKeyMaker {
    private let vault: Vault
    private let bench = KeyBench()

    package init(_ vault: Vault) {
        self.vault = vault
    }

    package func make(
        _ type: KeyType,
        for issuerID: String
    ) async throws(EnrollmentError) -> (key: any IssuerKey, location: KeyLocation) {
        let key = try await self.bench.generate(type)
        return (HeldKey(key), .sealed(try self.vault.seal(key, of: issuerID)))
    }
}
