import EnrollmentCore
import ManagementLink
import ServiceRuntime
import Synchronization

/// Time that passes only while everybody waits for it, so that days take no time.
final class VirtualTime: WallClock, Pace {
    private struct State {
        var elapsed: Duration = .zero
        /// What happens of itself, in order.
        var events: [(at: Duration, action: @Sendable () async -> Void)] = []
    }

    static let start = Timestamp(seconds: 1_790_000_000)
    private let state = Mutex(State())

    var uptime: Duration { self.state.withLock { $0.elapsed } }
    var now: Timestamp { Self.start.adding(self.uptime) }

    /// Has something happen at a time since the start.
    func at(_ moment: Duration, _ action: @escaping @Sendable () async -> Void) {
        self.state.withLock { state in
            let place = state.events.firstIndex { $0.at > moment } ?? state.events.endIndex
            state.events.insert((moment, action), at: place)
        }
    }

    func wait(for bell: Doorbell, atMost pause: Duration, isBusy: Bool) async {
        // What is under way takes no virtual time, and a moment of the real one; the limit ends a test that hangs.
        if isBusy { return await bell.wait(atMost: .seconds(20)) }
        await Task.yield()
        let action = self.state.withLock { state -> (@Sendable () async -> Void)? in
            let end = state.elapsed + pause
            guard let next = state.events.first, next.at <= end else {
                state.elapsed = end
                return nil
            }
            state.events.removeFirst()
            state.elapsed = max(state.elapsed, next.at)
            return next.action
        }
        await action?()
    }
}
