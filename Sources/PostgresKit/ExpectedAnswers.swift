/// What is to come from the server, in order.
struct ExpectedAnswers {
    enum Answer {
        case preparation(PreparedStatement)
        case rows(PostgresTicket, PreparedStatement)
        /// Of a synchronization.
        case end
    }

    private var answers: [Answer] = []
    private var start = 0

    var isEmpty: Bool { self.start == self.answers.count }
    var count: Int { self.answers.count - self.start }
    var first: Answer? { self.isEmpty ? nil : self.answers[self.start] }

    mutating func append(_ answer: Answer) {
        self.answers.append(answer)
    }

    /// Constant time, however long the queue.
    mutating func removeFirst() {
        self.start += 1
        if self.isEmpty { self.removeAll() }
    }

    mutating func removeAll() {
        self.answers.removeAll(keepingCapacity: true)
        self.start = 0
    }

    func contains(_ ticket: PostgresTicket) -> Bool {
        self.answers[self.start...].contains { if case .rows(ticket, _) = $0 { true } else { false } }
    }
}
