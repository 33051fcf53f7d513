package import EnrollmentCore

/// Every key that the service signs with, wherever it is: sealed in the store, or on a token.
package struct KeyRing: IssuerKeySource {
    package let vault: Vault
    package let tokens: TokenKeys

    package init(vault: Vault, tokens: TokenKeys) {
        self.vault = vault
        self.tokens = tokens
    }

    package func key(of issuer: IssuerRecord) throws(EnrollmentError) -> any IssuerKey {
        switch issuer.key {
        case .token: try self.tokens.key(of: issuer)
        // What is neither in the store nor on a token, the vault refuses in words.
        case .sealed, .split, .offline, .destroyed: try self.vault.key(of: issuer)
        }
    }
}
