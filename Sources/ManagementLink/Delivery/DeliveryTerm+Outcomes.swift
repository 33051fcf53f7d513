internal import EnrollmentCore
internal import Logging

extension DeliveryTerm {
    /// Takes in what came of events that were under way.
    mutating func absorb() {
        for outcome in self.outcomes.take() {
            switch outcome.judgement {
            case .accepted: self.accepted(outcome.position)
            case .refused(let sentence, let pause): self.refused(outcome.position, sentence, notBefore: pause)
            case .failed(let sentence, let pause):
                self.failed(outcome.position, sentence, notBefore: pause, isAnswered: true)
            case .unreached(let sentence, let pause):
                self.failed(outcome.position, sentence, notBefore: pause, isAnswered: false)
            case .slowed(let sentence, let pause): self.slowed(outcome.position, sentence, for: pause)
            case .gone(let sentence): self.stop(outcome.position, sentence)
            case .abandoned:
                self.window.unsent(outcome.position)
                self.breaker.abandoned(outcome.position)
            }
        }
    }

    private mutating func accepted(_ position: Int64) {
        self.window.accepted(position)
        self.lastDelivered = self.now
        self.service.figures.change { $0.delivered += 1 }
        self.concurrency = min(Double(self.service.destination.concurrency), self.concurrency + 1 / self.concurrency)
        let (since, wasPaused) = (self.breaker.failingSince, self.breaker.pausedUntil != nil)
        guard self.breaker.succeeded(), let since else { return }
        self.lastError = nil
        // Events that failed while it was away need not wait for as long as they would have to otherwise. After a moment
        // they would only fail again: an event that is never taken fails between any two that are.
        if self.now >= since.adding(self.service.timing.sweepAfter) { self.sweep() }
        if wasPaused { self.service.logger.notice("the destination answers again") }
    }

    private mutating func refused(_ position: Int64, _ sentence: String, notBefore pause: Duration?) {
        self.lastError = sentence
        self.service.figures.change { $0.failed += 1 }
        let others = self.breaker.refused(position, at: self.now, spread: self.service.ports.random())
        self.blame(position, sentence, notBefore: pause)
        self.blameProbes(others)
    }

    private mutating func failed(
        _ position: Int64,
        _ sentence: String,
        notBefore pause: Duration?,
        isAnswered: Bool
    ) {
        self.lastError = sentence
        self.service.figures.change { $0.failed += 1 }
        let wasPaused = self.breaker.pausedUntil != nil
        var toBlame = self.breaker.failed(
            position,
            isAnswered: isAnswered,
            at: self.now,
            spread: self.service.ports.random()
        )
        if let end = self.breaker.pausedUntil, !wasPaused {
            self.service.logger.warning(
                "the destination is paused: nothing gets through",
                metadata: ["error": "\(sentence)", "until": "\(end)"]
            )
        }
        if toBlame.remove(position) != nil {
            self.blame(position, sentence, notBefore: pause)
        } else {
            self.window.unsent(position)
            if case .probing = self.breaker.phase { self.probeFailures[position] = (sentence, pause) }
        }
        self.blameProbes(toBlame)
    }

    /// Makes deliveries of probes that failed before the last one of their round did.
    private mutating func blameProbes(_ positions: Set<Int64>) {
        for position in positions.sorted() {
            guard let failure = self.probeFailures[position] else { continue }
            self.blame(position, failure.sentence, notBefore: failure.pause)
        }
        if case .probing = self.breaker.phase { return }
        self.probeFailures = [:]
    }

    /// Makes a delivery of an event that failed by itself.
    private mutating func blame(_ position: Int64, _ sentence: String, notBefore pause: Duration?) {
        let delivery = self.window.failed(
            position,
            sentence,
            at: self.now,
            schedule: self.service.destination.retries,
            notBefore: pause,
            spread: self.service.ports.random()
        )
        guard let delivery else { return }
        let metadata: Logger.Metadata = [
            "position": "\(position)", "attempts": "\(delivery.attempts)", "error": "\(sentence)",
        ]
        if delivery.state == .dead {
            self.service.logger.warning(
                "an event was given up; gatehouse handoff replay sends it again",
                metadata: metadata
            )
        } else if self.mayComplain() {
            self.service.logger.info("an event did not get through, and is tried again", metadata: metadata)
        }
    }

    private mutating func slowed(_ position: Int64, _ sentence: String, for pause: Duration?) {
        self.lastError = sentence
        self.concurrency = max(1, self.concurrency / 2)
        // A destination that lets everything through but one event means that event.
        if self.breaker.isClosed, self.window.slowed(position) >= self.service.timing.mostSlowed {
            return self.blame(position, sentence, notBefore: pause)
        }
        self.window.unsent(position)
        self.breaker.slowed(for: pause, at: self.now, spread: self.service.ports.random())
    }

    private mutating func stop(_ position: Int64, _ sentence: String) {
        self.window.unsent(position)
        self.lastError = sentence
        guard self.state == .active else { return }
        self.state = .stopped
        self.service.logger.error(
            "the destination is stopped: it says that it is gone",
            metadata: ["mend": "gatehouse handoff resume \(self.service.destination.name), or take it out of handOff"]
        )
    }
}
