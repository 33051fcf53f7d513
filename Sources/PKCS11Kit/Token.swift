internal import Synchronization

/// A token behind a PKCS #11 module: makes keys that never leave it, and signs with them.
///
/// Sessions are kept open, each on a thread of its own, so that signatures are made side by side and nobody else's thread
/// is blocked. A token that is taken away and brought back is found again by itself; while it is away, everything fails at
/// once with kind `away`.
///
/// A process that used a token closes it before it ends: see ``close(within:)``.
public final class Token: Sendable {
    public let settings: TokenSettings
    private let link: TokenLink
    private let queue: ErrandQueue
    private let crew: Crew
    private let isClosed = Atomic(false)

    /// Loads the module.
    ///
    /// The token itself is looked for when it is first used.
    ///
    /// - Parameters:
    ///   - settings: Which token.
    ///   - pin: The user's PIN.
    ///   - onChange: Hears when the token is lost and when it is back, on one of the token's threads.
    /// - Throws: ``PKCS11Error`` of kind `module` when there is no usable module at that path, of kind `away` when the
    ///   module has been busy starting or ending for long.
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
        let crew = Crew { link.release() }
        self.crew = crew
        do throws(PKCS11Error) {
            for index in 0..<settings.sessions {
                try crew.start { TokenWorker(index, queue: queue, link: link).run() }
            }
            try crew.start { queue.watch() }
        } catch {
            self.retire()
            throw error
        }
    }

    deinit {
        self.retire()
    }

    private func retire() {
        guard !self.isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        self.queue.close()
        self.crew.leave()
    }

    /// Whether the token was in reach when it was last used.
    public var standing: TokenStanding { self.link.standing }

    /// How often the module was given the PIN.
    var offeredPINs: Int { self.link.offeredPINs }

    /// Takes no more, has done what waits, ends its sessions and threads, and finalizes the module when it was the last
    /// token behind it.
    ///
    /// - Parameter limit: How long to wait; a call into a module cannot be taken back.
    /// - Returns: Whether all of that is done. Where it is not, it will be as soon as the call returns; the end of the
    ///   process waits for it two more seconds and no longer.
    @discardableResult
    public func close(within limit: Duration = .seconds(3)) async -> Bool {
        self.retire()
        let crew = self.crew
        let deadline = ContinuousClock.now + limit
        return await withCheckedContinuation { continuation in
            do throws(PKCS11Error) {
                try Threads.start { continuation.resume(returning: crew.waitForEnd(before: deadline)) }
            } catch {
                continuation.resume(returning: crew.waitForEnd(before: deadline))
            }
        }
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
