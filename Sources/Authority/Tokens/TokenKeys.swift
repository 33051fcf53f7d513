package import EnrollmentCore
internal import PKCS11Kit
internal import Synchronization
internal import X509Kit

/// Issuers' keys on tokens, found by their URIs.
///
/// A token is opened when a key on it is first asked for, so commands that sign nothing need neither module nor PIN.
/// Whoever opened one closes them all before the process ends.
package final class TokenKeys: IssuerKeySource {
    private struct State: Sendable {
        var tokens: [String: Token] = [:]
        var keys: [TokenKeyURI: TokenKey] = [:]
        var isClosed = false
    }

    private let places: [TokenPlace]
    private let onChange: @Sendable (TokenReach) -> Void
    private let state = Mutex(State())

    /// - Parameters:
    ///   - places: The configured tokens.
    ///   - onChange: Hears when a token is lost and when it is back.
    package init(_ places: [TokenPlace], onChange: @escaping @Sendable (TokenReach) -> Void = { _ in }) {
        self.places = places
        self.onChange = onChange
    }

    /// The tokens that were opened, in the order of the configuration.
    package var reach: [TokenReach] {
        self.state.withLock { state in
            self.places.compactMap { place in
                state.tokens[place.name].map { TokenReach(place.name, $0.standing) }
            }
        }
    }

    /// Why tokens that answer do not sign with keys of `issuers`, as of when they were last asked.
    package func troubles(of issuers: [IssuerRecord]) -> [TokenKeyTrouble] {
        let keys = self.state.withLock { $0.keys }
        return issuers.compactMap { issuer in
            guard case .token(let text) = issuer.key, let uri = TokenKeyURI(text), let key = keys[uri],
                let detail = key.trouble
            else { return nil }
            return TokenKeyTrouble(issuer: issuer, token: key.place, detail: detail)
        }
    }

    /// The key that the store says is on a token, proven to be that of the issuer's certificate.
    ///
    /// While the token is out of reach, the key is given unproven; it proves itself before it signs. Blocks for as long as
    /// the token takes.
    ///
    /// - Throws: ``EnrollmentError`` when the token is not configured, its module or PIN is wrong, or the key is not the
    ///   certificate's.
    package func key(of issuer: IssuerRecord) throws(EnrollmentError) -> any IssuerKey {
        guard case .token(let text) = issuer.key, let uri = TokenKeyURI(text) else {
            throw EnrollmentError(
                .internalService,
                "The store does not say on which token the key of issuer \(issuer.id) is.",
                rule: "issuer.key-elsewhere"
            )
        }
        if let known = self.state.withLock({ $0.keys[uri] }) { return known }
        let publicKeyInfo = try Self.publicKeyInfo(of: issuer)
        let place = try self.place(labelled: uri.token, of: issuer.id)
        let key = try TokenKey(
            uri,
            publicKeyInfo: publicKeyInfo,
            on: try self.token(place),
            named: place.name
        )
        do throws(EnrollmentError) {
            try key.proveBlocking()
        } catch  where error.code == .inMaintenance {
            // What is published, and all else that needs no key, goes on while the token is away. Whoever opened it hears
            // of that by `onChange`.
        }
        self.state.withLock { $0.keys[uri] = key }
        return key
    }

    /// Whether `issuer`'s key is on a token and proves itself right now.
    package func examine(_ issuer: IssuerRecord) throws(EnrollmentError) {
        guard let key = try self.key(of: issuer) as? TokenKey else { return }
        try key.proveBlocking()
    }

    // MARK: Tokens

    func place(named name: String) throws(EnrollmentError) -> TokenPlace {
        guard let place = self.places.first(where: { $0.name == name }) else {
            throw EnrollmentError(
                .internalService,
                "The configuration has no token \(name): \(self.listing).",
                rule: "token.unknown"
            )
        }
        return place
    }

    /// Every configured token, in order.
    var all: [TokenPlace] { self.places }

    func token(_ place: TokenPlace) throws(EnrollmentError) -> Token {
        if let token = try self.opened(place) { return token }
        let token = try place.open(onChange: self.onChange)
        // Another thread may have been first; the surplus one closes when it goes.
        if let first = try self.opened(place, or: token) { return first }
        return token
    }

    /// The token of that place, `token` where there is none yet.
    private func opened(_ place: TokenPlace, or token: Token? = nil) throws(EnrollmentError) -> Token? {
        try self.state.withLock { state throws(EnrollmentError) in
            guard !state.isClosed else {
                throw EnrollmentError(
                    .inMaintenance,
                    "Token \(place.name) was closed: the program ends.",
                    rule: "token.closed"
                )
            }
            let first = state.tokens[place.name] ?? token
            state.tokens[place.name] = first
            return first
        }
    }

    /// Closes every token that was opened, and opens none any more: has done what waits, ends sessions and threads, and
    /// finalizes the modules.
    ///
    /// Takes three seconds at most; a call into a module cannot be taken back.
    ///
    /// - Returns: The names of the tokens in which a call does not return.
    package func close() async -> [String] {
        let tokens = self.state.withLock { state in
            state.isClosed = true
            return state.tokens
        }
        return await withTaskGroup(of: String?.self) { group in
            for (name, token) in tokens {
                group.addTask { await token.close() ? nil : name }
            }
            return await group.reduce(into: []) { names, name in
                if let name { names.append(name) }
            }
        }
    }

    private func place(labelled label: String, of issuerID: String) throws(EnrollmentError) -> TokenPlace {
        guard let place = self.places.first(where: { $0.settings.label == label }) else {
            throw EnrollmentError(
                .internalService,
                "The key of issuer \(issuerID) is on the token labelled \(label), which the configuration does not have"
                    + " among tokens: \(self.listing).",
                rule: "token.unknown"
            )
        }
        return place
    }

    private var listing: String {
        self.places.isEmpty
            ? "there are none"
            : "there is " + self.places.map { "\($0.name) (\($0.settings.label))" }.joined(separator: ", ")
    }

    static func publicKeyInfo(of issuer: IssuerRecord) throws(EnrollmentError) -> [UInt8] {
        try encoding("issuer.certificate", "The certificate of issuer \(issuer.id) in the store cannot be read") {
            () throws(X509Error) in
            try Certificate(der: issuer.certificate).publicKeyInfo
        }
    }
}

// MARK: - What is on a token

extension TokenKeys {
    /// What a configured token holds of ours.
    package struct Survey: Sendable {
        /// Issuers whose keys are on it.
        package let issuers: [String]
        /// Keys made for issuers that never came to be, or that are over: label and id.
        package let leftovers: [String]
    }

    /// Looks at a token, logging in.
    ///
    /// - Parameters:
    ///   - name: The token's name in the configuration.
    ///   - issuers: Every issuer in the store, by whose certificates keys are known.
    ///   - waiting: Where keys are that wait for their certificates.
    /// - Returns: What is on it.
    /// - Throws: ``EnrollmentError`` when it cannot be asked.
    package func survey(
        _ name: String,
        for issuers: [IssuerRecord],
        waiting: [KeyLocation] = []
    ) async throws(EnrollmentError) -> Survey {
        let place = try self.place(named: name)
        let token = try self.token(place)
        let keys: [TokenPublicKey]
        do throws(PKCS11Error) {
            keys = try await token.publicKeys()
        } catch {
            throw EnrollmentError(error, token: name)
        }
        var living: [[UInt8]: String] = [:]
        for issuer in issuers where issuer.key != .destroyed {
            living[try Self.publicKeyInfo(of: issuer)] = issuer.id
        }
        let expected = waiting.compactMap { location -> TokenKeyName? in
            guard case .token(let text) = location, let uri = TokenKeyURI(text), uri.token == place.settings.label
            else {
                return nil
            }
            return uri.key
        }
        return Survey(
            issuers: keys.compactMap { living[$0.publicKeyInfo] },
            leftovers: keys.filter { key in
                key.name.label.hasPrefix(TokenKeyMaker.label(of: "")) && living[key.publicKeyInfo] == nil
                    && !expected.contains(key.name)
            }.map(\.name.description)
        )
    }
}
