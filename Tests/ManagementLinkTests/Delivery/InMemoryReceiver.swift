import EnrollmentCore
import ManagementLink
import Synchronization

/// A destination within the process, which keeps what it got and answers as it is told to.
final class InMemoryReceiver: MessageTransport {
    struct Message: Hashable, Sendable {
        let id: String
        let device: String
        let generation: Int
        let time: Timestamp
        let wasAccepted: Bool
    }

    private let clock: any WallClock
    private let answer:
        @Sendable (_ id: String, _ tries: Int, _ now: Timestamp) async throws(TransportFailure)
            -> TransportAnswer
    private let log = Mutex<(messages: [Message], tries: [String: Int])>(([], [:]))

    init(
        _ clock: any WallClock,
        answer:
            @escaping @Sendable (_ id: String, _ tries: Int, _ now: Timestamp) async throws(TransportFailure)
            -> TransportAnswer
    ) {
        self.clock = clock
        self.answer = answer
    }

    /// All that was sent, in order.
    var messages: [Message] { self.log.withLock { $0.messages } }

    func send(_ message: WebhookMessage) async throws(TransportFailure) -> TransportAnswer {
        let words = String(decoding: message.body, as: UTF8.self).split(separator: " ").map(String.init)
        let tries = self.log.withLock { log in
            log.tries[words[0], default: 0] += 1
            return log.tries[words[0]] ?? 0
        }
        let answer: TransportAnswer
        do throws(TransportFailure) {
            answer = try await self.answer(words[0], tries, self.clock.now)
        } catch {
            self.note(words, false)
            throw error
        }
        self.note(words, (200...299).contains(answer.status))
        return answer
    }

    private func note(_ words: [String], _ wasAccepted: Bool) {
        let message = Message(
            id: words[0],
            device: words[1],
            generation: Int(words[2]) ?? 0,
            time: self.clock.now,
            wasAccepted: wasAccepted
        )
        self.log.withLock { $0.messages.append(message) }
    }

    /// What a receiver has that keeps of each event the first copy.
    var state: [String: [Int]] {
        var seen: Set<String> = []
        var state: [String: [Int]] = [:]
        for message in self.messages where message.wasAccepted && seen.insert(message.id).inserted {
            state[message.device, default: []].append(message.generation)
        }
        return state
    }
}
