internal import EnrollmentCore
internal import Synchronization

/// Counts failed authentications of each source, and says when they are too many.
///
/// It spares the log and whoever reads it; nobody guesses a token. A right token is taken in any case, so that a stranger
/// behind the same address locks nobody out.
package final class FailureLimit: Sendable {
    /// Sources that are remembered; when there are more, those whose time is over go, and then all.
    private static let mostSources = 10_000

    private struct Window {
        var begin: Timestamp
        var failures: Int
    }

    private let failures: Int
    private let seconds: Int64
    private let windows = Mutex<[String: Window]>([:])

    /// - Parameters:
    ///   - failures: What a source may fail within a window.
    ///   - seconds: How long a window lasts.
    package init(failures: Int = 20, seconds: Int64 = 60) {
        self.failures = failures
        self.seconds = seconds
    }

    /// Notes a failure.
    ///
    /// - Returns: Seconds to wait when there were too many; `nil` otherwise.
    func failed(_ source: String, at now: Timestamp) -> Int64? {
        let network = Self.network(of: source)
        return self.windows.withLock { windows in
            if windows.count >= Self.mostSources, windows[network] == nil {
                windows = windows.filter { self.isOpen($0.value, now) }
                if windows.count >= Self.mostSources { windows = [:] }
            }
            var window = windows[network] ?? Window(begin: now, failures: 0)
            if !self.isOpen(window, now) { window = Window(begin: now, failures: 0) }
            window.failures += 1
            windows[network] = window
            guard window.failures > self.failures else { return nil }
            return max(1, self.seconds - now.seconds(since: window.begin))
        }
    }

    private func isOpen(_ window: Window, _ now: Timestamp) -> Bool {
        window.begin <= now && now.seconds(since: window.begin) < self.seconds
    }

    /// The address itself for IPv4, also one that is written as IPv6; for IPv6 its first 64 bits, which one household has.
    private static func network(of source: String) -> String {
        guard source.contains(":"), !source.contains(".") else { return source }
        let gap = source.firstRange(of: "::")
        let head = source[..<(gap?.lowerBound ?? source.endIndex)].split(separator: ":")
        let tail = source[(gap?.upperBound ?? source.endIndex)...].split(separator: ":")
        let zeros = [Substring](repeating: "0", count: max(0, 8 - head.count - tail.count))
        return (head + zeros + tail).prefix(4).joined(separator: ":")
    }
}
