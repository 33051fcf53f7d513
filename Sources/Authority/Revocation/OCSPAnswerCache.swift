internal import EnrollmentCore

/// Signed answers by the question they answer; bounded, and forgetful of those that nobody asks for.
struct OCSPAnswerCache: Sendable {
    /// One kept answer.
    struct Kept: Sendable {
        /// The question's CertID, octet for octet.
        let question: [UInt8]
        let issuerID: String
        let serialNumber: SerialNumber
        let answer: OCSPAnswer
        /// From when on another has to be signed: half of its validity.
        let staleFrom: Timestamp
        /// Whether somebody asked since it was signed.
        var wasAsked: Bool
    }

    /// A question whose answer is to be signed again.
    struct Renewal: Sendable {
        let question: [UInt8]
        let issuerID: String
        let serialNumber: SerialNumber
    }

    private let capacity: Int
    private var places: [[UInt8]: Int] = [:]
    private var kept: [Kept] = []
    /// Where the search for a place to give away goes on: those asked for since the last round get another chance.
    private var hand = 0
    /// Where the search for answers to renew goes on.
    private var scan = 0

    init(capacity: Int) {
        self.capacity = max(1, capacity)
    }

    var count: Int { self.kept.count }

    /// The answer to a question, as long as it is not stale.
    mutating func answer(to question: [UInt8], at now: Timestamp) -> OCSPAnswer? {
        guard let place = self.places[question], now < self.kept[place].staleFrom else { return nil }
        // Nor when the clock was set back before its beginning: nobody would take it.
        guard let begin = self.kept[place].answer.thisUpdate, begin.seconds <= now.seconds else { return nil }
        if !self.kept[place].wasAsked { self.kept[place].wasAsked = true }
        return self.kept[place].answer
    }

    mutating func insert(_ new: Kept) {
        if let place = self.places[new.question] {
            self.kept[place] = new
        } else if self.kept.count < self.capacity {
            self.places[new.question] = self.kept.count
            self.kept.append(new)
        } else {
            let place = self.placeToGiveAway()
            self.places[self.kept[place].question] = nil
            self.kept[place] = new
            self.places[new.question] = place
        }
    }

    /// Forgets the answer to a question.
    ///
    /// - Returns: Whether there was one.
    mutating func remove(_ question: [UInt8]) -> Bool {
        guard let place = self.places.removeValue(forKey: question) else { return false }
        let last = self.kept.count - 1
        if place != last {
            self.kept[place] = self.kept[last]
            self.places[self.kept[place].question] = place
        }
        self.kept.removeLast()
        return true
    }

    mutating func removeAll() {
        self.places.removeAll(keepingCapacity: true)
        self.kept.removeAll(keepingCapacity: true)
        (self.hand, self.scan) = (0, 0)
    }

    /// Questions whose answers become stale by `moment` and were asked for since they were signed.
    ///
    /// - Parameters:
    ///   - moment: A little in the future.
    ///   - window: How many kept answers are looked at in one call; the next one goes on behind them.
    ///   - limit: How many are given at most.
    /// - Returns: What to sign again, perhaps nothing.
    mutating func due(by moment: Timestamp, window: Int, limit: Int) -> [Renewal] {
        var due: [Renewal] = []
        for _ in 0..<min(window, self.kept.count) where due.count < limit {
            if self.scan >= self.kept.count { self.scan = 0 }
            let kept = self.kept[self.scan]
            self.scan += 1
            guard kept.wasAsked, kept.staleFrom <= moment else { continue }
            due.append(
                Renewal(question: kept.question, issuerID: kept.issuerID, serialNumber: kept.serialNumber)
            )
        }
        return due
    }

    private mutating func placeToGiveAway() -> Int {
        while true {
            if self.hand >= self.kept.count { self.hand = 0 }
            let place = self.hand
            self.hand += 1
            guard self.kept[place].wasAsked else { return place }
            self.kept[place].wasAsked = false
        }
    }
}
