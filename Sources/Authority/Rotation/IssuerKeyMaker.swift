package import EnrollmentCore
package import OpenSSLKit

/// Makes keys for new issuers, and destroys those that the store does not hold.
package protocol IssuerKeyMaker: Sendable {
    /// A fresh key of that kind for the issuer `id`.
    ///
    /// - Returns: The key, and where it is; what the location holds is stored with the issuer.
    /// - Throws: ``EnrollmentError`` when such a key is not offered there, or the place is out of reach.
    func make(_ type: KeyType, for id: String) async throws(EnrollmentError) -> (
        key: any IssuerKey, location: KeyLocation
    )

    /// Who makes the key of an issuer when nobody says who is to.
    ///
    /// - Parameters:
    ///   - present: Whom it follows; `nil` for nobody.
    ///   - role: What it is to sign.
    /// - Returns: This one, unless it knows better.
    /// - Throws: ``EnrollmentError`` with code `authorization` and rule `rotation.seat` when somebody has to say.
    func maker(following present: IssuerRecord?, as role: IssuerRecord.Role) throws(EnrollmentError)
        -> any IssuerKeyMaker

    /// Whether a key could be made now; makes nothing.
    ///
    /// - Throws: ``EnrollmentError`` with code `inMaintenance` when the place is out of reach.
    func ensureReach() async throws(EnrollmentError)

    /// Destroys a key of the issuer `id` for good; does nothing for one that only the store holds.
    ///
    /// A key that is gone already is no error.
    func destroy(_ location: KeyLocation, of id: String) async throws(EnrollmentError)

    /// Destroys what is left of an issuer's key outside the store, once the issuer is retired or taken back.
    ///
    /// - Parameter issuer: As the store had it before, or has it by now: then it no longer says where the key was.
    /// - Throws: ``EnrollmentError`` when that cannot be done now; it may be asked again.
    func destroyKey(of issuer: IssuerRecord) async throws(EnrollmentError)
}

extension IssuerKeyMaker {
    package func maker(
        following present: IssuerRecord?,
        as role: IssuerRecord.Role
    ) throws(EnrollmentError) -> any IssuerKeyMaker { self }

    package func ensureReach() async throws(EnrollmentError) {}
}

/// Makes keys in this process, and seals them for the store.
package struct SealedKeyMaker: IssuerKeyMaker {
    private let vault: Vault
    private let tokens: TokenKeys?
    private let bench = KeyBench()

    /// - Parameters:
    ///   - vault: Seals them.
    ///   - tokens: Where keys of other issuers may be, which are to be destroyed.
    package init(vault: Vault, tokens: TokenKeys? = nil) {
        self.vault = vault
        self.tokens = tokens
    }

    package func make(
        _ type: KeyType,
        for id: String
    ) async throws(EnrollmentError) -> (key: any IssuerKey, location: KeyLocation) {
        let key = try await self.bench.generate(type)
        return (HeldKey(key), .sealed(try self.vault.seal(key, of: id)))
    }

    package func destroy(_ location: KeyLocation, of id: String) async throws(EnrollmentError) {
        guard case .token = location else { return }
        guard let tokens = self.tokens else {
            throw EnrollmentError(
                .internalService,
                "The key of issuer \(id) is on a token, and no token is configured here.",
                rule: "token.unknown"
            )
        }
        try await tokens.destroyKey(at: location)
    }

    package func destroyKey(of issuer: IssuerRecord) async throws(EnrollmentError) {
        if issuer.key == .destroyed {
            try await self.tokens?.destroyKey(of: issuer)
        } else {
            try await self.destroy(issuer.key, of: issuer.id)
        }
    }
}
