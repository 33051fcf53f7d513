package import EnrollmentCore
internal import Synchronization

/// Says what certificates are worth: from memory, which an event loop may ask itself, or from the ledger.
///
/// ``follow()`` has to be called every 250 ms or so, by one task: it learns what changed and forgets what that made wrong.
/// When it did not succeed for a while nothing is answered from memory any more.
package final class IdentityCache: Sendable {
    package struct Settings: Hashable, Sendable {
        /// Certificates kept, about 1 kB each.
        package var capacity: Int
        /// Seconds for which a certificate that is not ours is remembered as such.
        package var unknownSeconds: Int64
        /// Seconds for which memory is believed after it was compared with the ledger.
        package var trustSeconds: Int64
        /// Seconds after which a certificate is read again though nothing was heard of it: names change without an event.
        package var longestAge: Int64
        /// By how many seconds the ledger may be behind, as a standby's copy is, and still be believed.
        package var longestLag: Int64

        package init(
            capacity: Int = 200_000,
            unknownSeconds: Int64 = 2,
            trustSeconds: Int64 = 5,
            longestAge: Int64 = 900,
            longestLag: Int64 = 30
        ) {
            self.capacity = capacity
            self.unknownSeconds = unknownSeconds
            self.trustSeconds = trustSeconds
            self.longestAge = longestAge
            self.longestLag = longestLag
        }
    }

    /// Figures of what was answered since the start.
    package struct Tally: Hashable, Sendable {
        package var fromMemory = 0
        package var fromLedger = 0
        package var kept = 0
        package var forgotten = 0
    }

    private struct Place: Equatable {
        var change: Int64
        var event: Int64
    }

    private struct State {
        var shelf: IdentityShelf
        /// Certificates that are not ours, and until when that is believed.
        var strangers: [Thumbprint: Timestamp] = [:]
        /// Up to where memory shows what happened; `nil` before the first look.
        var followed: Place?
        /// When the last look that succeeded began.
        var lastLook: Timestamp?
        var tally = Tally()
    }

    private static let changesAtOnce = 1_000
    private static let mostStrangers = 10_000
    /// Logs that were not read for so long may have been shortened meanwhile; seconds.
    private static let longestGap: Int64 = 3_600

    private let ledger: any IdentityLedger
    private let clock: any WallClock
    private let settings: Settings
    private let asOf: @Sendable () -> Timestamp?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - ledger: Whose certificates they are.
    ///   - clock: Judges validity, and how old what is known is.
    ///   - settings: How much is kept, and for how long.
    ///   - asOf: Up to which moment the ledger shows what happened, where it is behind; `nil` for the present.
    package init(
        ledger: any IdentityLedger,
        clock: any WallClock,
        settings: Settings = Settings(),
        asOf: @escaping @Sendable () -> Timestamp? = { nil }
    ) {
        self.ledger = ledger
        self.clock = clock
        self.settings = settings
        self.asOf = asOf
        self.state = Mutex(State(shelf: IdentityShelf(capacity: settings.capacity)))
    }

    // MARK: Answering

    /// The answer that is at hand; takes less than a microsecond.
    ///
    /// - Returns: `nil` when ``look(up:)`` has to be asked.
    package func kept(_ thumbprint: Thumbprint, at now: Timestamp) -> IdentityAnswer? {
        self.state.withLock { state in
            guard self.isTrusted(state, now) else { return nil }
            if let identity = state.shelf.find(thumbprint) {
                guard abs(now.seconds(since: identity.read)) < self.settings.longestAge else { return nil }
                state.tally.fromMemory += 1
                return .known(identity)
            }
            guard let until = state.strangers[thumbprint], now < until else { return nil }
            state.tally.fromMemory += 1
            return .unknown
        }
    }

    private func isTrusted(_ state: State, _ now: Timestamp) -> Bool {
        guard state.followed != nil, let lastLook = state.lastLook else { return false }
        return abs(now.microseconds - lastLook.microseconds) <= self.settings.trustSeconds * 1_000_000
    }

    /// Asks the ledger, and keeps what it says.
    ///
    /// - Throws: ``EnrollmentError`` `inMaintenance` when the ledger does not answer, or shows too old a past.
    package func look(up thumbprint: Thumbprint) async throws(EnrollmentError) -> IdentityAnswer {
        let begin = self.clock.now
        if let lag = self.lag(at: begin) {
            throw EnrollmentError(
                .inMaintenance,
                "The store shows what happened until \(lag) s ago and not since: a certificate may have been revoked.",
                rule: "identity.behind"
            )
        }
        // Before the ledger is asked: a change that comes in between may have made its answer wrong.
        let followed = self.state.withLock { $0.followed }
        let record = try await self.ledger.identity(thumbprint: thumbprint.octets)
        let answer = record.map { IdentityAnswer.known(KeptIdentity($0, at: begin)) } ?? .unknown
        self.keep(answer, of: thumbprint, asOf: followed)
        return answer
    }

    /// Seconds by which the ledger is behind, where those are too many.
    private func lag(at now: Timestamp) -> Int64? {
        guard let moment = self.asOf() else { return nil }
        let lag = now.seconds(since: moment)
        return lag > self.settings.longestLag ? lag : nil
    }

    /// Keeps an answer unless something changed while it was found.
    private func keep(_ answer: IdentityAnswer, of thumbprint: Thumbprint, asOf followed: Place?) {
        let now = self.clock.now
        self.state.withLock { state in
            state.tally.fromLedger += 1
            guard let followed, state.followed == followed else { return }
            switch answer {
            case .known(let identity):
                state.strangers[thumbprint] = nil
                state.shelf.insert(identity, for: thumbprint)
            case .unknown:
                if state.strangers.count >= Self.mostStrangers { state.strangers = [:] }
                state.strangers[thumbprint] = now.adding(seconds: self.settings.unknownSeconds)
            }
        }
    }

    // MARK: Following

    /// Learns what changed since the last time, and forgets what is kept of it.
    ///
    /// - Returns: How many certificates that concerned.
    /// - Throws: ``EnrollmentError`` when the ledger did not answer; what is kept is believed for a few seconds more.
    package func follow() async throws(EnrollmentError) -> Int {
        // What is known afterwards is as old as the moment before the question.
        let now = self.clock.now
        let (followed, lastLook) = self.state.withLock { ($0.followed, $0.lastLook) }
        var count = 0
        if let followed, let lastLook, abs(now.seconds(since: lastLook)) < Self.longestGap {
            count = try await self.catchUp(from: followed)
        } else {
            let newest = try await self.ledger.newestIdentityChange()
            self.state.withLock { state in
                state.shelf.removeAll()
                state.strangers = [:]
                state.followed = Place(change: newest.change, event: newest.event)
            }
        }
        // A standby that is far behind has answered, and told nothing.
        guard self.lag(at: now) == nil else { return count }
        self.state.withLock { $0.lastLook = now }
        return count
    }

    private func catchUp(from start: Place) async throws(EnrollmentError) -> Int {
        var place = start
        var count = 0
        while true {
            let stale = try await self.ledger.staleIdentities(
                afterChange: place.change,
                afterEvent: place.event,
                limit: Self.changesAtOnce
            )
            let next = Place(change: stale.change, event: stale.event)
            count += stale.thumbprints.count
            self.state.withLock { state in
                for thumbprint in stale.thumbprints.lazy.compactMap({ Thumbprint($0) }) {
                    state.shelf.remove(thumbprint)
                    state.strangers[thumbprint] = nil
                }
                state.tally.forgotten += stale.thumbprints.count
                state.followed = next
            }
            guard stale.isPartial, next != place else { return count }
            place = next
        }
    }

    package var tally: Tally {
        self.state.withLock { state in
            var tally = state.tally
            tally.kept = state.shelf.count
            return tally
        }
    }
}
