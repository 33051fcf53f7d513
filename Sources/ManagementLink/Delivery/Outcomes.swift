internal import Synchronization

/// What came of events that were sent, from many tasks to one.
final class Outcomes: Sendable {
    struct Outcome: Sendable {
        let position: Int64
        let judgement: AnswerJudgement
    }

    private let waiting = Mutex<[Outcome]>([])

    func put(_ outcome: Outcome) {
        self.waiting.withLock { $0.append(outcome) }
    }

    /// All since the last time, in the order in which they came.
    func take() -> [Outcome] {
        self.waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
    }
}
