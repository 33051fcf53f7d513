package import EnrollmentCore

/// When a delivery that failed is tried again.
///
/// Pure: the delay grows by half as much again and more each time, up to a ceiling, and is spread by a fifth to either side
/// so that what failed together does not come back together.
package struct RetrySchedule: Hashable, Sendable {
    /// Before the second try.
    package var first: Duration
    /// By how much each delay is longer than the one before.
    package var factor: Double
    package var longest: Duration
    /// From the first try until the delivery is given up.
    package var giveUpAfter: Duration
    /// Whatever the time, no delivery is given up with fewer tries: it may have waited behind another for all of it.
    package var fewestTries: Int

    package init(
        first: Duration = .seconds(5),
        factor: Double = 2.5,
        longest: Duration = .seconds(8 * 3_600),
        giveUpAfter: Duration = .seconds(72 * 3_600),
        fewestTries: Int = 6
    ) {
        self.first = first
        self.factor = factor
        self.longest = longest
        self.giveUpAfter = giveUpAfter
        self.fewestTries = fewestTries
    }

    /// Whether a delivery that has just failed is given up.
    package func isOver(attempts: Int, since first: Timestamp, at now: Timestamp) -> Bool {
        attempts >= self.fewestTries && now >= first.adding(self.giveUpAfter)
    }

    /// How long to wait after `attempts` tries.
    ///
    /// - Parameters:
    ///   - attempts: How often it was tried, 1 or more.
    ///   - spread: A random number from 0 to 1.
    /// - Returns: The delay; at least four fifths of ``first``.
    package func delay(afterAttempts attempts: Int, spread: Double) -> Duration {
        var delay = self.first
        for _ in 1..<max(1, min(attempts, 64)) {
            if delay >= self.longest { break }
            delay = delay * self.factor
        }
        // Whole numbers, so that a fifth is a fifth.
        return min(delay, self.longest) * (8_000 + Int((4_000 * spread).rounded())) / 10_000
    }
}
