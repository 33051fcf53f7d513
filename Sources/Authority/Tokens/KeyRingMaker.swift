package import EnrollmentCore
package import OpenSSLKit
internal import PKCS11Kit

/// Makes issuers' keys in the store or on a token, and destroys those on tokens.
package struct KeyRingMaker: IssuerKeyMaker {
    private let keys: KeyRing
    private let token: String?
    private let ledger: any AuthorityLedger
    private let random: any RandomSource

    /// - Parameters:
    ///   - keys: The vault, and the configured tokens.
    ///   - token: The token on which keys are made, by its name in the configuration; `nil` for the store.
    ///   - ledger: Tells whose key may be destroyed.
    ///   - random: For the ids of keys on tokens.
    package init(
        _ keys: KeyRing,
        token: String? = nil,
        ledger: any AuthorityLedger,
        random: any RandomSource
    ) {
        self.keys = keys
        self.token = token
        self.ledger = ledger
        self.random = random
    }

    package func make(
        _ type: KeyType,
        for id: String
    ) async throws(EnrollmentError) -> (key: any IssuerKey, location: KeyLocation) {
        guard let token = self.token else {
            return try await SealedKeyMaker(vault: self.keys.vault).make(type, for: id)
        }
        return try await self.keys.tokens.make(type, for: id, on: token, random: self.random)
    }

    /// Destroys what is on a token.
    ///
    /// Of an issuer whose key the store says is destroyed, it looks whether one was left on a token by a crash.
    package func destroy(_ location: KeyLocation, of id: String) async throws(EnrollmentError) {
        switch location {
        case .sealed, .split, .offline: break
        case .token(let uri):
            if let issuer = try await self.issuer(id), issuer.key == location { throw .keyInUse(issuer) }
            try await self.keys.tokens.destroyKey(at: uri)
        case .destroyed:
            if let issuer = try await self.issuer(id) { try await self.keys.tokens.destroyKey(of: issuer) }
        }
    }

    private func issuer(_ id: String) async throws(EnrollmentError) -> IssuerRecord? {
        try await self.ledger.issuers().first { $0.id == id }
    }
}

extension EnrollmentError {
    fileprivate static func keyInUse(_ issuer: IssuerRecord) -> EnrollmentError {
        EnrollmentError(
            .internalService,
            "Issuer \(issuer.id) is \(issuer.state.rawValue), and its key is not over, so it is not destroyed.",
            rule: "token.key-in-use"
        )
    }
}

extension TokenKeys {
    /// Labels name the issuer, for those who look at the token; ids tell one attempt from another.
    static func label(of issuerID: String) -> String { "gatehouse-\(issuerID)" }

    /// Makes a key pair that never leaves the token, and proves it by a trial signature.
    ///
    /// One that is made and never used, since what comes next failed, stays on the token under an id of its own.
    func make(
        _ type: KeyType,
        for issuerID: String,
        on name: String,
        random: any RandomSource
    ) async throws(EnrollmentError) -> (key: any IssuerKey, location: KeyLocation) {
        let place = try self.place(named: name)
        let token = try self.token(place)
        let keyName = TokenKeyName(label: Self.label(of: issuerID), id: try random.octets(8))
        let made: TokenPublicKey
        do throws(PKCS11Error) {
            made = try await token.generate(TokenKeyKind(type), named: keyName)
        } catch {
            throw EnrollmentError(error, token: name)
        }
        let uri = TokenKeyURI(token: place.settings.label, key: keyName)
        let key = try TokenKey(uri, publicKeyInfo: made.publicKeyInfo, on: token, named: name)
        guard key.type == type else {
            throw EnrollmentError(
                .internalService,
                "Token \(name) made another kind of key than it was asked for.",
                rule: "token.key"
            )
        }
        try await key.prove()
        return (key, .token(uri: uri.text))
    }

    /// Destroys the key pair of that URI; one that is gone already is no error.
    func destroyKey(at text: String) async throws(EnrollmentError) {
        guard let uri = TokenKeyURI(text), let place = self.all.first(where: { $0.settings.label == uri.token }) else {
            throw EnrollmentError(
                .internalService,
                "The key \(text) cannot be destroyed: the configuration has no token of that label.",
                rule: "token.unknown"
            )
        }
        let token = try self.token(place)
        do throws(PKCS11Error) {
            for key in try await token.publicKeys() where key.name == uri.key {
                try await token.destroy(key.name, publicKeyInfo: key.publicKeyInfo)
            }
        } catch {
            throw EnrollmentError(error, token: place.name)
        }
    }

    /// Destroys the key of an issuer that is over, on whichever configured token it is.
    ///
    /// It is known by the public key in the issuer's certificate, and by nothing else. Doing it again does no harm, so
    /// a crash in between is mended by doing it again.
    ///
    /// - Returns: The names of the tokens on which a key was destroyed.
    /// - Throws: ``EnrollmentError`` with rule `token.key-in-use` for an issuer whose key the store does not say is
    ///   destroyed, and when a token cannot be asked.
    @discardableResult
    package func destroyKey(of issuer: IssuerRecord) async throws(EnrollmentError) -> [String] {
        guard issuer.key == .destroyed else { throw .keyInUse(issuer) }
        let publicKeyInfo = try Self.publicKeyInfo(of: issuer)
        var places: [String] = []
        for place in self.all {
            let token = try self.token(place)
            do throws(PKCS11Error) {
                for key in try await token.publicKeys() where key.publicKeyInfo == publicKeyInfo {
                    if try await token.destroy(key.name, publicKeyInfo: publicKeyInfo) { places.append(place.name) }
                }
            } catch {
                throw EnrollmentError(error, token: place.name)
            }
        }
        return places
    }
}
