package import EnrollmentCore
package import OpenSSLKit

/// Makes keys for new issuers, and destroys those that the store does not hold.
package protocol IssuerKeyMaker: Sendable {
    /// A fresh key of that kind for the issuer `id`.
    ///
    /// - Returns: The key, and where it is; what the location holds is stored with the issuer.
    /// - Throws: ``EnrollmentError`` when there is none afterwards.
    func make(_ type: KeyType, for id: String) async throws(EnrollmentError) -> (
        key: any IssuerKey, location: KeyLocation
    )

    /// Destroys a key of the issuer `id` for good; does nothing for one that only the store holds.
    ///
    /// A key that is gone already is no error.
    func destroy(_ location: KeyLocation, of id: String) async throws(EnrollmentError)
}

/// Makes keys in this process, and seals them for the store.
package struct SealedKeyMaker: IssuerKeyMaker {
    private let vault: Vault
    private let bench = KeyBench()

    package init(vault: Vault) {
        self.vault = vault
    }

    package func make(
        _ type: KeyType,
        for id: String
    ) async throws(EnrollmentError) -> (key: any IssuerKey, location: KeyLocation) {
        let key = try await self.bench.generate(type)
        return (HeldKey(key), .sealed(try self.vault.seal(key, of: id)))
    }

    package func destroy(_ location: KeyLocation, of id: String) async throws(EnrollmentError) {}
}
