/// What was found in a store that was read through.
package struct StoreCheckReport: Sendable {
    package enum Status: String, Sendable, CaseIterable {
        /// It is as it has to be.
        case sound
        /// Something is not as it has to be.
        case broken
        /// Worth knowing, and no fault.
        case note
        /// Could not be looked at here.
        case skipped
    }

    package struct Outcome: Sendable {
        /// Stable, such as `device.owner`.
        package let name: String
        package let status: Status
        /// What has to be so; of a note, what is so.
        package let what: String
        /// How many rows are not so.
        package var count = 0
        /// The first of them, each as a person can look for it.
        package var examples: [String] = []
        /// What to do about it.
        package var remedy: String?
    }

    package struct Count: Sendable {
        package let name: String
        package let count: Int
    }

    /// Version of the schema.
    package var version = 0
    /// What the numbers are a picture of.
    package var view: String
    package var outcomes: [Outcome] = []
    package var devices: [Count] = []
    package var certificates: [Count] = []
    package var rows: [Count] = []

    package var isSound: Bool { !self.outcomes.contains { $0.status == .broken } }
}

/// What a check is at, for whoever watches.
package struct StoreCheckProgress: Sendable {
    /// The name of the check at hand.
    package let name: String
    package let done: Int
    package let total: Int
}
