internal import CPKCS11
internal import Glibc
internal import Synchronization

/// The way to one token: finds it by its label, logs in, and remembers when it is out of reach.
final class TokenLink: Sendable {
    private struct State: Sendable {
        var standing: TokenStanding = .present
        /// Whether it ever was in reach.
        var isKnown = false
        /// How much time is to be between two restarts of the module.
        var pause = TokenLink.pause
        /// When to look for it again.
        var retry: ContinuousClock.Instant?
        /// The PIN was refused; offering it again might lock the token.
        var refusal: PKCS11Error?
    }

    /// How long nobody looks for a token that is out of reach.
    private static let pause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(4)
    /// How often a module may be started over for a key that a token in reach does not show.
    private static let doubtPause = Duration.seconds(10)

    private let settings: TokenSettings
    private let pin: PIN
    private let module: TokenModule
    private let state = Mutex(State())
    /// How often the PIN was offered.
    private let login = Guarded(0)
    private let onChange: @Sendable (TokenStanding) -> Void

    init(
        _ settings: TokenSettings,
        pin: PIN,
        onChange: @escaping @Sendable (TokenStanding) -> Void
    ) throws(PKCS11Error) {
        self.settings = settings
        self.pin = pin
        self.onChange = onChange
        self.module = try TokenModule.at(settings.module)
        try self.module.hold()
    }

    /// Gives the module back, once; after that, nothing may be asked of the token.
    func release() {
        self.module.release()
    }

    var offeredPINs: Int { self.login.withLock { $0 } }

    var standing: TokenStanding { self.state.withLock { $0.standing } }

    /// Opens a session, looking for the token anew if need be.
    ///
    /// - Throws: ``PKCS11Error``; of kind `away` at once when the token was out of reach a moment ago.
    func open(before deadline: ContinuousClock.Instant) throws(PKCS11Error) -> TokenSession {
        try self.admit()
        let generation = self.module.generation
        do throws(PKCS11Error) {
            let session: TokenSession
            do throws(PKCS11Error) {
                session = try self.openOnce(before: deadline)
            } catch  where error.kind == .away {
                session = try self.openAfterRestart(since: generation, before: deadline)
            }
            self.note(.present)
            return session
        } catch {
            switch error.kind {
            case .away, .pin, .ambiguousToken: self.note(.away(error))
            case .module, .busy, .timeLimit, .keyMissing, .ambiguousKey, .unsupported, .refused: break
            }
            throw error
        }
    }

    /// Of a token that was never seen, it waits until the module may be started over: others may have done so just before
    /// the token came.
    private func openAfterRestart(
        since generation: Int,
        before deadline: ContinuousClock.Instant
    ) throws(PKCS11Error) -> TokenSession {
        let pause = self.nextPause()
        let isKnown = self.state.withLock { $0.isKnown }
        let limit = deadline - .milliseconds(500)
        var (generation, mayLookAgain) = (generation, !isKnown)
        while true {
            do throws(PKCS11Error) {
                try self.restart(since: generation, atMostEvery: pause, before: deadline)
            } catch  where !isKnown && ContinuousClock.now < limit {
                usleep(100_000)
                continue
            }
            let present = self.module.generation
            do throws(PKCS11Error) {
                return try self.openOnce(before: deadline)
            } catch  where error.kind == .away && mayLookAgain && ContinuousClock.now < limit {
                // Another's restart may have looked around before the token came, and ended after.
                (generation, mayLookAgain) = (present, false)
            }
        }
    }

    /// Lets `body` work with the session while nobody starts the module over.
    func use<Result>(
        _ session: TokenSession,
        before deadline: ContinuousClock.Instant,
        _ body: (TokenSession) throws(PKCS11Error) -> Result
    ) throws(PKCS11Error) -> Result {
        try self.module.use(session.generation, before: deadline) { _ throws(PKCS11Error) in try body(session) }
    }

    func close(_ session: TokenSession) {
        // A module that was started over has closed it already.
        try? self.module.use(session.generation, before: .now) { _ in session.close() }
    }

    /// Starts the module over for a session that opened and is worthless all the same: the token may have been away
    /// meanwhile.
    ///
    /// - Returns: Whether another attempt is worth while.
    func doubt(_ session: TokenSession, before deadline: ContinuousClock.Instant) -> Bool {
        do throws(PKCS11Error) {
            try self.restart(since: session.generation, atMostEvery: Self.doubtPause, before: deadline)
            return true
        } catch {
            // It was tried a moment ago: what the session met is the truth.
            return false
        }
    }

    /// Puts on record that the token was lost with an error that opening a session does not see.
    func lost(_ error: PKCS11Error) {
        self.note(.away(error))
    }

    private func restart(
        since generation: Int,
        atMostEvery pause: Duration,
        before deadline: ContinuousClock.Instant
    ) throws(PKCS11Error) {
        // Whoever else uses the module waits meanwhile, so calls that do not return are not waited for long.
        try self.module.restart(since: generation, atMostEvery: pause, before: min(deadline, .now + Self.pause))
    }

    /// The longer the token is away, the rarer the module is started over for it: others may share it.
    private func nextPause() -> Duration {
        self.state.withLock { state in
            defer { state.pause = min(state.pause * 2, Self.longestPause) }
            return state.pause
        }
    }

    private func admit() throws(PKCS11Error) {
        let error: PKCS11Error? = self.state.withLock { state in
            if let refusal = state.refusal { return refusal }
            guard case .away(let error) = state.standing, let retry = state.retry else { return nil }
            let now = ContinuousClock.now
            if now < retry { return error }
            // One looks; the others go on hearing what was found last.
            state.retry = now + Self.pause
            return nil
        }
        if let error { throw error }
    }

    private func note(_ standing: TokenStanding) {
        let isNew = self.state.withLock { state in
            defer { state.standing = standing }
            if case .away = standing {
                state.retry = .now + Self.pause
            } else {
                state.isKnown = true
                state.retry = nil
                state.pause = Self.pause
            }
            return state.standing.isPresent != standing.isPresent
        }
        if isNew { self.onChange(standing) }
    }

    private func openOnce(before deadline: ContinuousClock.Instant) throws(PKCS11Error) -> TokenSession {
        try self.module.use(before: deadline) { list throws(PKCS11Error) in
            let slot = try self.slot(in: list)
            let session = try TokenSession(list, slot: slot, generation: self.module.generation)
            do throws(PKCS11Error) {
                try self.logIn(session, to: slot, in: list)
            } catch {
                session.close()
                throw error
            }
            return session
        }
    }

    /// The slot with the one token of that label.
    private func slot(in list: FunctionList) throws(PKCS11Error) -> UInt {
        var count: UInt = 0
        try list.call("C_GetSlotList") { $0.C_GetSlotList(1, nil, &count) }
        var slots = [UInt](repeating: 0, count: Int(count))
        // One more may have come meanwhile; the next attempt finds it.
        if count > 0 { try list.call("C_GetSlotList") { $0.C_GetSlotList(1, &slots, &count) } }
        let found = slots.prefix(Int(count)).filter { slot in
            // A slot that does not tell of its token has none.
            (try? Self.token(in: slot, list)).map { Self.label(of: $0) == self.settings.label } ?? false
        }
        guard let slot = found.first else {
            throw PKCS11Error(.away, during: "finding the token", "no token is labelled \(self.settings.label)")
        }
        guard found.count == 1 else {
            throw PKCS11Error(.ambiguousToken, during: "finding the token", "\(found.count) tokens have its label")
        }
        return slot
    }

    private func logIn(_ session: TokenSession, to slot: UInt, in list: FunctionList) throws(PKCS11Error) {
        let flags = try Self.token(in: slot, list).flags
        guard flags & CKF_LOGIN_REQUIRED != 0 else { return }
        // One at a time, so that a wrong PIN is offered once and not by every thread.
        try self.login.withLock { count throws(PKCS11Error) in
            if let refusal = self.state.withLock({ $0.refusal }) { throw refusal }
            guard flags & CKF_USER_PIN_FINAL_TRY == 0 else {
                throw PKCS11Error(
                    .pin,
                    during: "logging in",
                    "one more wrong PIN would lock the token, so none is offered; log in once by the vendor's tool"
                )
            }
            count += 1
            do throws(PKCS11Error) {
                try session.logIn(with: self.pin)
            } catch {
                if error.kind == .pin { self.state.withLock { $0.refusal = error } }
                throw error
            }
        }
    }

    private static func token(in slot: UInt, _ list: FunctionList) throws(PKCS11Error) -> ck_token_info {
        var info = ck_token_info()
        try list.call("C_GetTokenInfo") { $0.C_GetTokenInfo(slot, &info) }
        return info
    }

    /// Labels are 32 octets, filled with spaces.
    private static func label(of info: ck_token_info) -> String {
        withUnsafeBytes(of: info.label) { octets in
            let end = octets.lastIndex { $0 != 0x20 }.map { $0 + 1 } ?? 0
            return String(decoding: octets[..<end], as: UTF8.self)
        }
    }
}
