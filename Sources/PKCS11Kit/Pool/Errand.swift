internal import Synchronization

/// Something to be done with a session, and told of once: when it is done, or when its time is over, whichever is first.
final class Errand: Sendable {
    /// Does it, and returns how to tell of the success.
    private let body: @Sendable (TokenSession) throws(PKCS11Error) -> @Sendable () -> Void
    private let tellFailure: @Sendable (PKCS11Error) -> Void
    private let isTold = Atomic(false)
    private let isLate = Atomic(false)
    let deadline: ContinuousClock.Instant

    init<Value: Sendable>(
        before deadline: ContinuousClock.Instant,
        _ body: @escaping @Sendable (TokenSession) throws(PKCS11Error) -> Value,
        then tell: @escaping @Sendable (Result<Value, PKCS11Error>) -> Void
    ) {
        self.deadline = deadline
        self.body = { session throws(PKCS11Error) in
            let value = try body(session)
            return { tell(.success(value)) }
        }
        self.tellFailure = { tell(.failure($0)) }
    }

    /// Whether somebody still waits for it.
    var isWanted: Bool { !self.isTold.load(ordering: .relaxed) }

    /// Whether it was given up at its deadline, which does not end a call that is on its way.
    var isGivenUp: Bool { self.isLate.load(ordering: .relaxed) }

    func run(with session: TokenSession) throws(PKCS11Error) {
        let tell = try self.body(session)
        if !self.isTold.exchange(true, ordering: .acquiringAndReleasing) { tell() }
    }

    /// Gives it up, unless it was told of.
    func expire() {
        guard !self.isTold.exchange(true, ordering: .acquiringAndReleasing) else { return }
        self.isLate.store(true, ordering: .relaxed)
        self.tellFailure(
            PKCS11Error(.timeLimit, during: "waiting for the token", "the token did not answer in time")
        )
    }

    func fail(_ error: PKCS11Error) {
        if !self.isTold.exchange(true, ordering: .acquiringAndReleasing) { self.tellFailure(error) }
    }
}
