package import EnrollmentCore
package import OpenSSLKit
internal import PKCS11Kit

/// Makes issuers' keys on a token, and destroys them there.
package struct TokenKeyMaker: IssuerKeyMaker {
    private let tokens: TokenKeys
    private let place: TokenPlace
    private let token: Token
    private let random: any RandomSource

    /// - Throws: ``EnrollmentError`` when the configuration has no such token, or its module or PIN cannot be used.
    package init(_ name: String, of tokens: TokenKeys, random: any RandomSource) throws(EnrollmentError) {
        self.tokens = tokens
        self.place = try tokens.place(named: name)
        self.token = try tokens.token(self.place)
        self.random = random
    }

    /// Asks the token whether it is there and takes the PIN; makes nothing.
    ///
    /// - Throws: ``EnrollmentError`` with code `inMaintenance` when it is out of reach.
    package func ensureReach() async throws(EnrollmentError) {
        do throws(PKCS11Error) {
            _ = try await self.token.publicKeys()
        } catch {
            throw EnrollmentError(error, token: self.place.name)
        }
    }

    /// Labels name the issuer, for those who look at the token; ids tell one attempt from another.
    static func label(of issuerID: String) -> String { "gatehouse-\(issuerID)" }

    /// Makes a key pair that never leaves the token, and proves it by a trial signature.
    ///
    /// One that is made and never used, since what comes next failed, stays on the token under an id of its own.
    package func make(
        _ type: KeyType,
        for issuerID: String
    ) async throws(EnrollmentError) -> (key: any IssuerKey, location: KeyLocation) {
        let name = TokenKeyName(label: Self.label(of: issuerID), id: try self.random.octets(8))
        let made: TokenPublicKey
        do throws(PKCS11Error) {
            made = try await self.token.generate(TokenKeyKind(type), named: name)
        } catch {
            throw EnrollmentError(error, token: self.place.name)
        }
        let uri = TokenKeyURI(token: self.place.settings.label, key: name)
        let key = try TokenKey(uri, publicKeyInfo: made.publicKeyInfo, on: self.token, named: self.place.name)
        guard key.type == type else {
            throw EnrollmentError(
                .internalService,
                "Token \(self.place.name) made another kind of key than it was asked for.",
                rule: "token.key"
            )
        }
        try await key.prove()
        return (key, .token(uri: uri.text))
    }

    package func destroy(_ location: KeyLocation, of id: String) async throws(EnrollmentError) {
        try await self.tokens.destroyKey(at: location)
    }

    package func destroyKey(of issuer: IssuerRecord) async throws(EnrollmentError) {
        if issuer.key == .destroyed {
            try await self.tokens.destroyKey(of: issuer)
        } else {
            try await self.tokens.destroyKey(at: issuer.key)
        }
    }
}

extension TokenKeys {
    /// Destroys the key at that place on a token; does nothing for a place that is on none.
    ///
    /// Doing it again does no harm, so a crash in between is mended by doing it again.
    ///
    /// - Throws: ``EnrollmentError`` when the token is not configured or cannot be asked.
    package func destroyKey(at location: KeyLocation) async throws(EnrollmentError) {
        guard case .token(let text) = location else { return }
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
                _ = try await token.destroy(key.name, publicKeyInfo: key.publicKeyInfo)
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
        guard issuer.key == .destroyed else {
            throw EnrollmentError(
                .internalService,
                "Issuer \(issuer.id) is \(issuer.state.rawValue) and its key is not over, so it is not destroyed.",
                rule: "token.key-in-use"
            )
        }
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
