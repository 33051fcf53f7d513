/// How many devices one user may have, and which rule says so.
public struct DeviceLimit: Hashable, Sendable {
    public let maximum: Int
    /// The rule's name for records: `default`, or the name of a group policy.
    public let rule: String
    /// Enrollments without proven contact since this moment do not count.
    public let staleBefore: Timestamp

    public init(maximum: Int, rule: String, staleBefore: Timestamp) {
        self.maximum = maximum
        self.rule = rule
        self.staleBefore = staleBefore
    }
}

/// Chooses a user's limit from their groups.
///
/// A personal override in the ledger comes before it.
public struct DeviceLimitPolicy: Hashable, Sendable {
    /// A limit for the members of one group.
    public struct GroupLimit: Hashable, Sendable {
        public let name: String
        public let group: GroupName
        public let maximum: Int
        /// Among several that apply the highest decides.
        public let priority: Int

        public init(name: String, group: GroupName, maximum: Int, priority: Int) {
            self.name = name
            self.group = group
            self.maximum = maximum
            self.priority = priority
        }
    }

    public let defaultMaximum: Int
    /// Days without proven contact after which an enrollment no longer counts.
    public let staleAfterDays: Int
    /// Highest priority first.
    public let groupLimits: [GroupLimit]

    public init(defaultMaximum: Int = 10, staleAfterDays: Int = 90, groupLimits: [GroupLimit] = []) {
        self.defaultMaximum = defaultMaximum
        self.staleAfterDays = staleAfterDays
        // Sorted once; of equal priority the first by name decides, so the answer never depends on file order.
        self.groupLimits = groupLimits.sorted { ($1.priority, $0.name) < ($0.priority, $1.name) }
    }

    /// The limit of `user` at `now`.
    public func limit(for user: DirectoryUser, at now: Timestamp) -> DeviceLimit {
        let decisive = self.groupLimits.first { user.groups.contains($0.group) }
        return DeviceLimit(
            maximum: decisive?.maximum ?? self.defaultMaximum,
            rule: decisive?.name ?? "default",
            staleBefore: now.adding(days: -self.staleAfterDays)
        )
    }
}

/// One device that filled a slot when a limit was judged.
public struct CountedDevice: Hashable, Sendable {
    public let device: DeviceID
    public let name: String
    public let state: DeviceState
    public let lastProvenContact: Timestamp
    public let certificateEnds: Timestamp?

    public init(
        device: DeviceID,
        name: String,
        state: DeviceState,
        lastProvenContact: Timestamp,
        certificateEnds: Timestamp?
    ) {
        self.device = device
        self.name = name
        self.state = state
        self.lastProvenContact = lastProvenContact
        self.certificateEnds = certificateEnds
    }
}
