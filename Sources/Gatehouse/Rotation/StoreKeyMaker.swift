import Authority
import EnrollmentCore
import Ledger
import OpenSSLKit

/// Makes keys for the store, and destroys them wherever they are.
struct StoreKeyMaker: IssuerKeyMaker {
    private let sealed: SealedKeyMaker
    private let tokens: TokenKeys
    private let ledger: any LedgerStore

    init(vault: Vault, tokens: TokenKeys, ledger: any LedgerStore) {
        self.sealed = SealedKeyMaker(vault: vault, tokens: tokens)
        self.tokens = tokens
        self.ledger = ledger
    }

    func make(
        _ type: KeyType,
        for id: String
    ) async throws(EnrollmentError) -> (key: any IssuerKey, location: KeyLocation) {
        try await self.sealed.make(type, for: id)
    }

    /// The store forgets where a key was as soon as it is destroyed: ordered again, every configured token is asked.
    func destroy(_ location: KeyLocation, of id: String) async throws(EnrollmentError) {
        guard location == .destroyed else { return try await self.sealed.destroy(location, of: id) }
        guard let issuer = try await self.ledger.issuers().first(where: { $0.id == id }) else { return }
        _ = try await self.tokens.destroyKey(of: issuer)
    }
}
