package import ServiceRuntime

/// Lets time pass.
package protocol Pace: Sendable {
    /// Time since some moment, by a clock that nobody sets.
    var uptime: Duration { get }

    /// Returns when the bell rings, after `pause` at the latest, or when the task is cancelled.
    ///
    /// - Parameters:
    ///   - bell: Nobody else waits for it.
    ///   - pause: How long at most.
    ///   - isBusy: Whether something is under way that is going to ring; a clock that jumps ahead must not do so then.
    func wait(for bell: Doorbell, atMost pause: Duration, isBusy: Bool) async
}

/// The machine's own.
package struct SystemPace: Pace {
    private static let start = ContinuousClock.now

    package init() {}

    package var uptime: Duration { Self.start.duration(to: .now) }

    package func wait(for bell: Doorbell, atMost pause: Duration, isBusy: Bool) async {
        await bell.wait(atMost: pause)
    }
}
