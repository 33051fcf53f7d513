/// Errands on their way to the threads that run them.
///
/// A call into a module cannot be taken back. What can be done is to wait no longer than one is willing to, and that is
/// what ``watch()`` sees to, on a thread of its own.
final class ErrandQueue: Sendable {
    private struct State {
        var waiting: [Errand] = []
        /// Where `waiting` begins; what is before it was taken.
        var head = 0
        /// By worker.
        var running: [Errand?]
        var idle = 0
        var isClosed = false

        var count: Int { self.waiting.count - self.head }

        mutating func take() -> Errand? {
            guard self.head < self.waiting.count else { return nil }
            let errand = self.waiting[self.head]
            self.head += 1
            if self.head == self.waiting.count || self.head >= 512 {
                self.waiting.removeFirst(self.head)
                self.head = 0
            }
            return errand
        }
    }

    private struct Watch {
        var isAwake = false
        var isClosed = false
    }

    private static let tick = Duration.milliseconds(100)

    private let limit: Int
    private let state: Guarded<State>
    private let alarm = Guarded(Watch())

    /// - Parameters:
    ///   - workers: How many threads call ``next(for:)``.
    ///   - limit: How many errands may wait for one.
    init(workers: Int, limit: Int) {
        self.limit = limit
        self.state = Guarded(State(running: Array(repeating: nil, count: workers)))
    }

    /// Adds an errand, or fails it at once when too many wait or every thread is stuck.
    func add(_ errand: Errand) {
        let refusal: PKCS11Error? = self.state.withLock { state in
            if state.isClosed { return PKCS11Error(.away, during: "signing", "the token was closed") }
            if state.idle == 0, state.running.allSatisfy({ $0?.isGivenUp ?? false }) {
                return PKCS11Error(.away, during: "signing", "no call into the module returns")
            }
            guard state.count < self.limit else {
                return PKCS11Error(.busy, during: "signing", "\(state.count) signatures wait for the token already")
            }
            state.waiting.append(errand)
            return nil
        }
        if let refusal {
            errand.fail(refusal)
            return
        }
        self.state.signal()
        let wakes = self.alarm.withLock { watch in
            defer { watch.isAwake = true }
            return !watch.isAwake
        }
        if wakes { self.alarm.signal() }
    }

    /// Blocks until there is an errand for the worker; `nil` when the queue was closed and is empty.
    func next(for worker: Int) -> Errand? {
        var isCounted = false
        let next: Next? = self.state.wait { state in
            if isCounted { state.idle -= 1 }
            isCounted = false
            state.running[worker] = nil
            while let errand = state.take() {
                // Nobody waits for it any more.
                guard errand.isWanted else { continue }
                state.running[worker] = errand
                return .errand(errand)
            }
            if state.isClosed { return .end }
            state.idle += 1
            isCounted = true
            return nil
        }
        if case .errand(let errand) = next { return errand }
        return nil
    }

    private enum Next: Sendable {
        case errand(Errand)
        case end
    }

    /// Fails errands whose time is over, until the queue is closed and nobody waits for one; asleep while there are none.
    func watch() {
        while true {
            let isOpen = self.alarm.wait { watch -> Bool? in watch.isClosed ? false : watch.isAwake ? true : nil }
            guard isOpen == true else { return self.watchOut() }
            var quietTicks = 0
            while quietTicks < 20 {
                let isClosed: Bool? = self.alarm.wait(until: .now + Self.tick) { $0.isClosed ? true : nil }
                guard isClosed == nil else { return self.watchOut() }
                quietTicks = self.expire(at: .now) ? 0 : quietTicks + 1
            }
            // An errand that comes between looking and falling asleep finds it awake, so look once more.
            self.alarm.withLock { $0.isAwake = false }
            if self.expire(at: .now) { self.alarm.withLock { $0.isAwake = true } }
        }
    }

    private func watchOut() {
        while self.expire(at: .now) {
            _ = self.alarm.wait(until: .now + Self.tick) { _ -> Void? in nil }
        }
    }

    /// - Returns: Whether there are errands that somebody waits for.
    private func expire(at now: ContinuousClock.Instant) -> Bool {
        let all = self.state.withLock { state in
            state.waiting[state.head...] + state.running.compactMap { $0 }
        }
        for errand in all where errand.isWanted && errand.deadline <= now {
            errand.expire()
        }
        return all.contains(where: \.isWanted)
    }

    /// Takes no more; what waits is still done.
    func close() {
        self.state.withLock { $0.isClosed = true }
        self.state.broadcast()
        self.alarm.withLock { $0.isClosed = true }
        self.alarm.signal()
    }
}
