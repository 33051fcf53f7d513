package import EnrollmentCore
package import OpenSSLKit
internal import PKCS11Kit
internal import Synchronization
internal import X509Kit

/// An authority's key that is on a token and signs there.
///
/// It signs nothing before it was proven: the token's public key is the expected one, and a trial signature verifies. That
/// happens when it is opened, or, where the token is out of reach then, before its first signature; and again after any
/// signature that failed, since the token may be another one by then.
package final class TokenKey: IssuerKey {
    private struct State: Sendable {
        var isProven = false
        var trouble: Trouble?
    }

    /// Why the token, though in reach, does not sign with it.
    private struct Trouble: Sendable {
        let error: EnrollmentError
        /// When to ask again.
        var retry: ContinuousClock.Instant
    }

    /// How long a token is not asked again for a key that it does not have.
    private static let pause = Duration.seconds(1)

    package let type: KeyType
    package let publicKeyInfo: [UInt8]
    let uri: TokenKeyURI
    private let token: Token
    /// The token's name in the configuration.
    let place: String
    private let state = Mutex(State())

    /// - Parameters:
    ///   - uri: Where it is.
    ///   - publicKeyInfo: What its public half has to be, DER.
    ///   - token: The token.
    ///   - place: The token's name in the configuration.
    /// - Throws: ``EnrollmentError`` for a kind of key that is not offered.
    init(_ uri: TokenKeyURI, publicKeyInfo: [UInt8], on token: Token, named place: String) throws(EnrollmentError) {
        self.uri = uri
        self.publicKeyInfo = publicKeyInfo
        self.token = token
        self.place = place
        self.type = try encoding("token.key", "The public key of \(uri) cannot be read") { () throws(X509Error) in
            KeyType(try PublicKeyInfo(der: publicKeyInfo).key)
        }
    }

    package nonisolated(nonsending) func sign(_ message: [UInt8]) async throws(EnrollmentError) -> [UInt8] {
        if !self.state.withLock({ $0.isProven }) { try await self.prove() }
        let request = try self.request(message)
        do throws(PKCS11Error) {
            return try await self.token.sign(request, with: self.uri.key)
        } catch {
            throw self.noting(error)
        }
    }

    package nonisolated(nonsending) func ensureReach() async throws(EnrollmentError) {
        let (isProven, error) = self.state.withLock { state -> (Bool, EnrollmentError?) in
            guard let trouble = state.trouble else { return (state.isProven, nil) }
            let now = ContinuousClock.now
            if now < trouble.retry { return (false, trouble.error) }
            // One looks; the others go on hearing what was found last.
            state.trouble?.retry = now + Self.pause
            return (false, nil)
        }
        if let error { throw error }
        if isProven, self.token.standing.isPresent { return }
        // Asks the token, once a second at most while it is away.
        try await self.prove()
    }

    /// Has it proven anew before anything else is recorded.
    package func distrust() {
        self.state.withLock { $0.isProven = false }
    }

    /// Why the token, though it answered, did not sign with it when it was last asked; `nil` when it did.
    var trouble: String? { self.state.withLock { $0.trouble?.error.detail } }

    /// What a failure comes to; from here on the key counts as unproven.
    private func noting(_ error: PKCS11Error) -> EnrollmentError {
        // A token that others keep busy is still the same, and proofs would keep it busier.
        if error.kind != .busy { self.distrust() }
        return self.noting(EnrollmentError(error, token: self.place))
    }

    private func noting(_ error: EnrollmentError) -> EnrollmentError {
        // Of a token that is out of reach its own standing tells.
        guard error.code != .inMaintenance else { return error }
        self.state.withLock { $0 = State(isProven: false, trouble: Trouble(error: error, retry: .now + Self.pause)) }
        return error
    }

    // MARK: Proof

    /// Has the token show its public key and sign something that is no certificate.
    func prove() async throws(EnrollmentError) {
        let request = try self.request(Self.trial)
        let (found, signature): (TokenPublicKey, [UInt8])
        do throws(PKCS11Error) {
            found = try await self.token.publicKey(of: self.uri.key)
            signature = try await self.token.sign(request, with: self.uri.key)
        } catch {
            throw self.noting(error)
        }
        try self.judge(found, signature)
    }

    /// ``prove()`` for a thread that may block.
    func proveBlocking() throws(EnrollmentError) {
        let request = try self.request(Self.trial)
        let (found, signature): (TokenPublicKey, [UInt8])
        do throws(PKCS11Error) {
            found = try self.token.publicKeyBlocking(of: self.uri.key)
            signature = try self.token.signBlocking(request, with: self.uri.key)
        } catch {
            throw self.noting(error)
        }
        try self.judge(found, signature)
    }

    private static let trial = Array("gatehouse: a trial signature, worth nothing".utf8)

    private func judge(_ found: TokenPublicKey, _ signature: [UInt8]) throws(EnrollmentError) {
        guard found.publicKeyInfo == self.publicKeyInfo else {
            throw self.noting(
                EnrollmentError(
                    .internalService,
                    "The key \(self.uri.key) on token \(self.place) is not the one that the issuer's certificate is for."
                        + " Restore the token from its own backup.",
                    rule: "issuer.key-matches"
                )
            )
        }
        let verifies = try library("token.trial") { () throws(OpenSSLError) in
            try VerifyingKey(publicKeyInfo: self.publicKeyInfo)
                .verifies(signature, over: Self.trial, with: self.type.signatureAlgorithm)
        }
        guard verifies else {
            throw self.noting(
                EnrollmentError(
                    .internalService,
                    "A trial signature of the key \(self.uri.key) on token \(self.place) does not verify: its private and its"
                        + " public half do not belong together.",
                    rule: "token.trial"
                )
            )
        }
        self.state.withLock { $0 = State(isProven: true) }
    }

    private func request(_ message: [UInt8]) throws(EnrollmentError) -> TokenSignature {
        try library("token.digest") { () throws(OpenSSLError) in
            switch self.type.signatureAlgorithm {
            case .rsaPKCS1(let digest): .rsaPKCS1(sha256: try Digest.octets(of: message, with: digest))
            case .ecdsa(let digest): .ecdsa(digest: try Digest.octets(of: message, with: digest))
            case .ed25519: .ed25519(message: message)
            }
        }
    }
}

extension KeyType {
    /// The kind of a public key.
    init(_ key: PublicKeyInfo.Key) {
        switch key {
        case .rsa(let modulus, _): self = .rsa(bits: modulus.count * 8 - (modulus.first?.leadingZeroBitCount ?? 0))
        case .elliptic(.p256, _): self = .ecdsaP256
        case .elliptic(.p384, _): self = .ecdsaP384
        case .ed25519: self = .ed25519
        }
    }
}

extension TokenKeyKind {
    init(_ type: KeyType) {
        switch type {
        case .rsa(let bits): self = .rsa(bits: bits)
        case .ecdsaP256: self = .ecdsaP256
        case .ecdsaP384: self = .ecdsaP384
        case .ed25519: self = .ed25519
        }
    }
}
