public import EnrollmentCore
internal import Synchronization

/// A clock that stands still until it is told otherwise.
public final class ManualClock: WallClock {
    private let moment: Mutex<Timestamp>

    /// - Parameter start: What it shows until it is moved; by default a day in September 2026.
    public init(_ start: Timestamp = Timestamp(seconds: 1_790_000_000)) {
        self.moment = Mutex(start)
    }

    public var now: Timestamp { self.moment.withLock { $0 } }

    /// Moves the clock forward.
    public func advance(seconds: Int64) {
        self.moment.withLock { $0 = $0.adding(seconds: seconds) }
    }
}
