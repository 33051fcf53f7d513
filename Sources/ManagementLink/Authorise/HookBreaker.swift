internal import EnrollmentCore

/// Whether to ask somebody who did not answer lately.
///
/// Pure. After so many silences in a row nobody is asked for a while; then one asks, and its outcome stands for all.
struct HookBreaker: Hashable, Sendable {
    enum Permission: Hashable, Sendable {
        case ask
        /// Ask, and say what came of it: others wait for that.
        case probe
        case pause
    }

    private let failuresToPause: Int
    private let pauseSeconds: Int64
    private var failures = 0
    private var pausedAt: Timestamp?
    private var isProbing = false

    init(failuresToPause: Int, pauseSeconds: Int64) {
        self.failuresToPause = max(1, failuresToPause)
        self.pauseSeconds = pauseSeconds
    }

    var isPaused: Bool { self.pausedAt != nil }

    mutating func permission(at now: Timestamp) -> Permission {
        guard let pausedAt else { return .ask }
        // A clock that was set back must not make the pause longer.
        let isOver = now < pausedAt || now >= pausedAt.adding(seconds: self.pauseSeconds)
        guard isOver, !self.isProbing else { return .pause }
        self.isProbing = true
        return .probe
    }

    mutating func noteAnswer() {
        self.failures = 0
        self.pausedAt = nil
        self.isProbing = false
    }

    mutating func noteSilence(_ permission: Permission, at now: Timestamp) {
        self.failures += 1
        if permission == .probe { self.isProbing = false }
        // A question from before the pause does not make it longer.
        guard permission == .probe || self.pausedAt == nil, self.failures >= self.failuresToPause else { return }
        self.pausedAt = now
    }

    /// Whoever asked was sent away before anything could come of it.
    mutating func noteAbandoned(_ permission: Permission) {
        if permission == .probe { self.isProbing = false }
    }
}
