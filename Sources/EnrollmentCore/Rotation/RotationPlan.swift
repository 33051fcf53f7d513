/// What lies ahead of the issuers: dated steps, and what a person should know.
public struct RotationPlan: Hashable, Sendable {
    /// One step ahead.
    public struct Step: Hashable, Sendable {
        public enum Kind: String, Hashable, Sendable, CaseIterable {
            case prepare
            case publish
            case activate
            /// Nothing hangs on it any more: draining becomes crl-only.
            case drained
            case retire
        }

        public let kind: Kind
        public let role: IssuerRecord.Role
        /// The issuer; of one that does not exist yet, the id that it would be given.
        public let id: String
        /// When it should be taken, or is expected to happen.
        public let due: Timestamp
        /// Whether it should have been taken more than a day ago.
        public let isMissed: Bool
        /// Whether the service takes it by itself.
        public let isAutomatic: Bool
        /// Why it is then; `nil` where the schedule says so.
        public let reason: Reason?

        public init(
            kind: Kind,
            role: IssuerRecord.Role,
            id: String,
            due: Timestamp,
            isMissed: Bool,
            isAutomatic: Bool,
            reason: Reason? = nil
        ) {
            self.kind = kind
            self.role = role
            self.id = id
            self.due = due
            self.isMissed = isMissed
            self.isAutomatic = isAutomatic
            self.reason = reason
        }
    }

    /// What a step waits for, or is early because of.
    public enum Reason: String, Hashable, Sendable, CaseIterable {
        /// Later on, what the present one signs would have to be shorter than its profile says.
        case end
        /// Devices have to know it first; at the pace so far they do then, or by their next renewal.
        case adoption
        /// It was published late: devices and caches are given their time all the same.
        case overlap
        /// Certificates that hang on it end or are replaced by then.
        case draining
    }

    public enum Warning: Hashable, Sendable {
        /// From `from` on, what it signs ends with it and is shorter than its profile says.
        case willShorten(id: String, from: Timestamp)
        /// What it signs now is at most that many days long.
        case shortens(id: String, days: Int)
        /// Its certificate has ended while it is to sign.
        case ended(id: String, at: Timestamp)
        /// A step is late.
        case missed(Step)
        /// A step of the schedule needs a key that is not at hand.
        case keyElsewhere(id: String, place: String)
        /// It hangs below a compromised root.
        case belowCompromised(id: String, root: String)
        /// Of `count` devices it is not known that they know it, and its predecessor ends at `end`.
        case adoptionTooSlow(id: String, count: Int, end: Timestamp)
    }

    /// The soonest first.
    public let steps: [Step]
    public let warnings: [Warning]
    /// By published root or issuer: when the share of devices that know it reaches the threshold; now for one that is
    /// known well enough.
    public let adoption: [String: Timestamp]
    /// By draining issuer: when nothing hangs on it any more, at the latest.
    public let drained: [String: Timestamp]

    public init(
        steps: [Step],
        warnings: [Warning],
        adoption: [String: Timestamp] = [:],
        drained: [String: Timestamp] = [:]
    ) {
        self.steps = steps
        self.warnings = warnings
        self.adoption = adoption
        self.drained = drained
    }

    /// Steps that are late.
    public var missed: [Step] { self.steps.filter(\.isMissed) }
}

extension RotationPlan.Warning {
    /// For people.
    public var sentence: String {
        switch self {
        case .willShorten(let id, let from):
            "From \(from) on, what \(id) signs ends with it and is shorter than its profile says. Activate a successor before."
        case .shortens(let id, let days):
            "What \(id) signs ends with it, in \(days) days at most. Activate a successor now."
        case .ended(let id, let end):
            "\(id) ended at \(end), and nothing can be signed by it. Activate a successor now."
        case .missed(let step):
            "\(step.kind.rawValue) of \(step.id) was due at \(step.due)"
                + (step.isAutomatic ? " and was not done; the service's log says why." : ".")
        case .keyElsewhere(let id, let place):
            "The schedule cannot go on by itself: the key of \(id) is \(place == "offline" ? "offline" : "not at hand (\(place))")."
                + (place == "split" ? " Bring its shares." : " Use the ceremony.")
        case .belowCompromised(let id, let root):
            "\(id) hangs below \(root), which is compromised. Run: gatehouse ca compromise \(root)"
        case .adoptionTooSlow(let id, let count, let end):
            "\(count) live devices are not known to have \(id), and at this pace some will not before \(end), when its predecessor ends. See: gatehouse ca adoption \(id) --missing"
        }
    }
}
