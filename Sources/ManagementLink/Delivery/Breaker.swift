package import EnrollmentCore

/// Decides from what gets through whether a destination as a whole fails, and pauses it then.
///
/// Pure. Failures of several events in a row, none getting through between, are the destination's: no event is to blame for
/// them. After a pause a few events of different devices are tried; one that gets through ends it, and so a single event
/// that always fails speaks for nobody else. When none of them does although all were answered, they are to blame after
/// all, so that others are tried next time. An event that is refused by itself is to blame at any time.
package struct Breaker: Hashable, Sendable {
    package struct Settings: Hashable, Sendable {
        /// Different events that fail in a row.
        package var threshold: Int
        package var firstPause: Duration
        package var factor: Double
        package var longestPause: Duration
        /// Events that are tried after a pause.
        package var probes: Int

        package init(
            threshold: Int = 5,
            firstPause: Duration = .seconds(1),
            factor: Double = 2,
            longestPause: Duration = .seconds(300),
            probes: Int = 3
        ) {
            self.threshold = threshold
            self.firstPause = firstPause
            self.factor = factor
            self.longestPause = longestPause
            self.probes = probes
        }
    }

    package enum Phase: Hashable, Sendable {
        /// Events are sent.
        case closed
        /// Nothing is sent until then.
        case open(until: Timestamp)
        /// A few events are tried: those with these positions are under way.
        case probing(Set<Int64>)
    }

    package private(set) var phase = Phase.closed
    /// Since when nothing got through.
    package private(set) var failingSince: Timestamp?
    /// The end of the latest pause; `nil` once something got through.
    package private(set) var pausedUntil: Timestamp?
    private let settings: Settings
    /// The events that failed since one got through; no more than the threshold.
    private var streak: Set<Int64> = []
    /// The probes of this round that failed, but were answered.
    private var answered: Set<Int64> = []
    /// Whether a probe of this round was not answered.
    private var isSilent = false
    /// Pauses in a row.
    private var pauses = 0
    /// Whether the destination asked for the pause itself.
    private var isAskedFor = false

    /// Goes on where somebody else left off.
    package init(_ settings: Settings = Settings(), after standing: DestinationStanding, at now: Timestamp) {
        self.settings = settings
        self.failingSince = standing.failingSince
        guard let end = standing.pausedUntil else { return }
        let since = standing.failingSince ?? now
        // As many pauses as fit in between, so that a restart does not begin with the short ones.
        while self.pauses < 64, self.pause(spread: 0.5) < .seconds(max(0, now.seconds(since: since)) / 4),
            self.pause(spread: 0.5) < settings.longestPause
        { self.pauses += 1 }
        // A clock that was set back must not make the pause longer than any.
        self.pause(until: min(end, now.adding(RetryAfter.longest)))
    }

    package var isClosed: Bool { self.phase == .closed }

    /// How many requests may be begun now, where `limit` may be under way as long as events get through and `sending`
    /// are.
    package func allowance(_ limit: Int, sending: Int) -> Int {
        switch self.phase {
        case .closed: max(0, limit - sending)
        case .open: 0
        case .probing(let probes): probes.isEmpty ? self.settings.probes : 0
        }
    }

    /// Ends a pause whose time has come.
    package mutating func look(at now: Timestamp) {
        if case .open(let end) = self.phase, end <= now { self.phase = .probing([]) }
    }

    /// Notes which events were sent to try whether they get through.
    package mutating func probe(_ positions: Set<Int64>) {
        guard case .probing = self.phase else { return }
        self.phase = .probing(positions)
        self.answered = []
        self.isSilent = false
    }

    /// Notes that an event got through.
    ///
    /// It ends a pause, but not one that the destination asked for: the event was under way when it did.
    ///
    /// - Returns: Whether that ends a time in which none got through.
    package mutating func succeeded() -> Bool {
        let wasFailing = self.failingSince != nil
        self.failingSince = nil
        self.streak = []
        self.pauses = 0
        if case .open = self.phase, self.isAskedFor { return wasFailing }
        self.phase = .closed
        self.pausedUntil = nil
        return wasFailing
    }

    /// Notes that an event did not get through.
    ///
    /// - Parameters:
    ///   - position: Which.
    ///   - isAnswered: Whether the destination looked at it and said so.
    ///   - now: When.
    ///   - spread: A random number from 0 to 1.
    /// - Returns: The events that are to blame: this one when it failed by itself, not together with all others, and with
    ///   the last probe of a round all of them when each was answered.
    package mutating func failed(
        _ position: Int64,
        isAnswered: Bool = false,
        at now: Timestamp,
        spread: Double
    ) -> Set<Int64> {
        self.failingSince = self.failingSince ?? now
        switch self.phase {
        case .closed:
            self.streak.insert(position)
            if self.streak.count >= self.settings.threshold { self.open(for: nil, at: now, spread: spread) }
            return [position]
        case .open: return []
        case .probing(let probes):
            guard probes.contains(position) else { return [] }
            if isAnswered { self.answered.insert(position) } else { self.isSilent = true }
            return self.finish(position, at: now, spread: spread)
        }
    }

    /// Notes that the destination refused an event as it would at any time: it alone is to blame.
    ///
    /// - Parameters:
    ///   - position: Which.
    ///   - now: When.
    ///   - spread: A random number from 0 to 1.
    /// - Returns: Other probes that are to blame now that this was the last one of its round.
    package mutating func refused(_ position: Int64, at now: Timestamp, spread: Double) -> Set<Int64> {
        self.failingSince = self.failingSince ?? now
        return self.finish(position, at: now, spread: spread)
    }

    /// Takes a probe for done with; behind the last one the next pause begins, unless all were refused: then others are
    /// tried at once.
    private mutating func finish(_ position: Int64, at now: Timestamp, spread: Double) -> Set<Int64> {
        guard case .probing(var probes) = self.phase, probes.remove(position) != nil else { return [] }
        self.phase = .probing(probes)
        guard probes.isEmpty, self.isSilent || !self.answered.isEmpty else { return [] }
        let toBlame = self.isSilent ? [] : self.answered
        self.open(for: nil, at: now, spread: spread)
        return toBlame
    }

    /// Notes that the destination wants a pause.
    ///
    /// - Parameters:
    ///   - pause: For how long; `nil` when it did not say.
    ///   - now: When it said so.
    ///   - spread: A random number from 0 to 1.
    package mutating func slowed(for pause: Duration?, at now: Timestamp, spread: Double) {
        self.failingSince = self.failingSince ?? now
        if case .open(let end) = self.phase {
            // What was sent at the same time is answered the same way, and is one pause, not many.
            if let pause {
                self.pause(until: max(end, now.adding(pause)))
                self.isAskedFor = true
            }
            return
        }
        self.open(for: pause, at: now, spread: spread)
        self.isAskedFor = true
    }

    /// Notes that a request which was to try the destination came to nothing.
    package mutating func abandoned(_ position: Int64) {
        guard case .probing(var probes) = self.phase, probes.remove(position) != nil else { return }
        self.phase = .probing(probes)
    }

    private mutating func open(for pause: Duration?, at now: Timestamp, spread: Double) {
        self.pause(until: now.adding(pause ?? self.pause(spread: spread)))
        self.pauses += 1
        self.streak = []
        self.isAskedFor = false
    }

    private mutating func pause(until end: Timestamp) {
        self.phase = .open(until: end)
        self.pausedUntil = end
    }

    private func pause(spread: Double) -> Duration {
        var pause = self.settings.firstPause
        for _ in 0..<min(self.pauses, 64) {
            if pause >= self.settings.longestPause { break }
            pause = pause * self.settings.factor
        }
        return min(pause, self.settings.longestPause) * (0.8 + 0.4 * spread)
    }
}

extension Timestamp {
    /// The moment that much later.
    package func adding(_ duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        return Timestamp(microseconds: self.microseconds + seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }
}
