/// A token behind a PKCS #11 module: makes keys that never leave it, and signs with them.
///
/// Sessions are kept open, each on a thread of its own, so that signatures are made side by side and nobody else's thread
/// is blocked. A token that is taken away and brought back is found again by itself; while it is away, everything fails at
/// once with kind `away`.
public final class Token: Sendable {
    public let settings: TokenSettings
    private let link: TokenLink
    private let queue: ErrandQueue

    /// Loads the module.
    ///
    /// The token itself is looked for when it is first used.
    ///
    /// - Parameters:
    ///   - settings: Which token.
    ///   - pin: The user's PIN.
    ///   - onChange: Hears when the token is lost and when it is back, on one of the token's threads.
    /// - Throws: ``PKCS11Error`` of kind `module` when there is no usable module at that path.
    public init(
        _ settings: TokenSettings,
        pin: PIN,
        onChange: @escaping @Sendable (TokenStanding) -> Void = { _ in }
    ) throws(PKCS11Error) {
        self.settings = settings
        let link = try TokenLink(settings, pin: pin, onChange: onChange)
        let queue = ErrandQueue(workers: settings.sessions, limit: settings.waitingLimit)
        self.link = link
        self.queue = queue
        do throws(PKCS11Error) {
            for index in 0..<settings.sessions {
                try Threads.start { TokenWorker(index, queue: queue, link: link).run() }
            }
            try Threads.start { queue.watch() }
        } catch {
            queue.close()
            throw error
        }
    }

    deinit {
        self.queue.close()
    }

    /// Whether the token was in reach when it was last used.
    public var standing: TokenStanding { self.link.standing }

    /// How often the module was given the PIN.
    var offeredPINs: Int { self.link.offeredPINs }

    /// Ends its sessions and threads once nothing waits any more.
    public func close() {
        self.queue.close()
    }

    // MARK: Use

    /// Signs.
    ///
    /// - Throws: ``PKCS11Error``: `away`, `busy` or `timeLimit` when another attempt later may do; `keyMissing`,
    ///   `ambiguousKey`, `pin` and the others when it will not.
    public func sign(
        _ request: TokenSignature,
        with key: TokenKeyName
    ) async throws(PKCS11Error) -> [UInt8] {
        try await self.perform { (session) throws(PKCS11Error) in try session.sign(request, with: key) }
    }

    /// The public half of a key pair of which the token holds exactly one private and one public key.
    ///
    /// - Throws: ``PKCS11Error``, such as `keyMissing` or `ambiguousKey`.
    public func publicKey(of key: TokenKeyName) async throws(PKCS11Error) -> TokenPublicKey {
        try await self.perform { (session) throws(PKCS11Error) in try session.publicKey(key) }
    }

    /// Public keys on the token, those of kinds that are not offered left out.
    public func publicKeys() async throws(PKCS11Error) -> [TokenPublicKey] {
        try await self.perform { (session) throws(PKCS11Error) in try session.publicKeys() }
    }

    /// ``sign(_:with:)`` for a thread that may block.
    public func signBlocking(_ request: TokenSignature, with key: TokenKeyName) throws(PKCS11Error) -> [UInt8] {
        try self.performBlocking { (session) throws(PKCS11Error) in try session.sign(request, with: key) }
    }

    /// ``publicKey(of:)`` for a thread that may block.
    public func publicKeyBlocking(of key: TokenKeyName) throws(PKCS11Error) -> TokenPublicKey {
        try self.performBlocking { (session) throws(PKCS11Error) in try session.publicKey(key) }
    }

    // MARK: Change

    /// Makes a key pair on the token, which never shows its private half.
    ///
    /// RSA keys of 4 096 bits take tokens up to a minute; hence a time limit of its own.
    ///
    /// - Returns: The public half.
    /// - Throws: ``PKCS11Error``: `ambiguousKey` when there is a pair of that name, `unsupported` where the token does not
    ///   make such keys.
    public func generate(
        _ kind: TokenKeyKind,
        named name: TokenKeyName,
        timeLimit: Duration = .seconds(120)
    ) async throws(PKCS11Error) -> TokenPublicKey {
        try await self.change(within: timeLimit) { (session) throws(PKCS11Error) in
            guard try session.publicKeys().allSatisfy({ $0.name != name }) else {
                throw PKCS11Error(.ambiguousKey, during: "making a key", "the token already holds a key \(name)")
            }
            return try session.generate(kind, named: name)
        }
    }

    /// Destroys the key pair of that name whose public half is `publicKeyInfo`.
    ///
    /// - Returns: Whether there was one.
    /// - Throws: ``PKCS11Error`` of kind `ambiguousKey` when another key has that name; nothing is destroyed then.
    @discardableResult
    public func destroy(_ name: TokenKeyName, publicKeyInfo: [UInt8]) async throws(PKCS11Error) -> Bool {
        try await self.change(within: .seconds(30)) { (session) throws(PKCS11Error) in
            try session.destroy(name, publicKeyInfo: publicKeyInfo)
        }
    }

    // MARK: Errands

    private func change<Value: Sendable>(
        within limit: Duration,
        _ body: @escaping @Sendable (TokenSession) throws(PKCS11Error) -> Value
    ) async throws(PKCS11Error) -> Value {
        try await self.perform(before: .now + limit) { (session) throws(PKCS11Error) in try session.writing(body) }
    }

    func perform<Value: Sendable>(
        before deadline: ContinuousClock.Instant? = nil,
        _ body: @escaping @Sendable (TokenSession) throws(PKCS11Error) -> Value
    ) async throws(PKCS11Error) -> Value {
        let deadline = deadline ?? .now + self.settings.timeLimit
        let result = await withCheckedContinuation { continuation in
            self.queue.add(Errand(before: deadline, body) { continuation.resume(returning: $0) })
        }
        return try result.get()
    }

    private func performBlocking<Value: Sendable>(
        _ body: @escaping @Sendable (TokenSession) throws(PKCS11Error) -> Value
    ) throws(PKCS11Error) -> Value {
        let box = Guarded<Result<Value, PKCS11Error>?>(nil)
        self.queue.add(
            Errand(before: .now + self.settings.timeLimit, body) { result in
                box.withLock { $0 = result }
                box.broadcast()
            }
        )
        // The queue tells of every errand at its deadline at the latest.
        guard let result = box.wait(for: { $0 }) else {
            throw PKCS11Error(.timeLimit, during: "waiting for the token", "the token did not answer in time")
        }
        return try result.get()
    }
}
