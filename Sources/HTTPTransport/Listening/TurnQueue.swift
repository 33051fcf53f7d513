internal import NIOCore
internal import Synchronization

/// Spaces out the connections that have more to be answered than one turn grants.
///
/// An event loop runs the tasks that are due before it looks at its sockets again. If all these connections came back at
/// once, or simply with `execute`, it would be busy with them alone until the last has run dry. So the more of them there
/// are, the later each comes back, and in between everybody else is heard.
final class TurnQueue: Sendable {
    /// Answers one connection gets in a row.
    static let answersPerTurn = 8
    /// Turns begun within the same millisecond, about.
    private static let turnsAtOnce = 4

    private let waiting = Atomic(0)

    /// Joins those who wait.
    ///
    /// - Returns: How long, at least one millisecond: anything due at once would be run before the sockets are looked at.
    func enter() -> TimeAmount {
        let ahead = self.waiting.add(1, ordering: .relaxed).oldValue
        return .milliseconds(Int64(1 + ahead / Self.turnsAtOnce))
    }

    /// Leaves after the wait, or when the connection ends.
    func leave() {
        self.waiting.subtract(1, ordering: .relaxed)
    }
}
