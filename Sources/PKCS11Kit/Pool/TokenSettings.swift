/// Which token, and how many may use it at once.
public struct TokenSettings: Hashable, Sendable {
    /// Path of the module, a shared library.
    public var module: String
    /// The token's own label.
    public var label: String
    /// How many sessions are kept, each with a thread of its own.
    public var sessions: Int
    /// How many signatures may wait for a session.
    public var waitingLimit: Int
    /// How long a signature may take, waiting included.
    public var timeLimit: Duration

    public init(
        module: String,
        label: String,
        sessions: Int = 4,
        waitingLimit: Int = 1_024,
        timeLimit: Duration = .seconds(5)
    ) {
        self.module = module
        self.label = label
        self.sessions = max(1, sessions)
        self.waitingLimit = max(1, waitingLimit)
        self.timeLimit = timeLimit
    }
}

/// Whether a token is in reach, as of when it was last used.
public enum TokenStanding: Hashable, Sendable {
    case present
    /// It is out of reach, does not take the PIN, or is one of several of its label.
    case away(PKCS11Error)

    public var isPresent: Bool { self == .present }
}
