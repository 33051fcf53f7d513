/// What a copy found, did, or would do.
package struct StoreCopyReport: Sendable {
    /// How far it came.
    package enum Stage: String, Sendable {
        /// Nothing was changed.
        case rehearsed
        /// Ended early on request; the same command goes on.
        case stopped
        /// Everything is there, and something of it is not what it was.
        case different
        /// Everything is there as it was.
        case finished
    }

    package struct Table: Sendable {
        package let name: String
        /// Rows of the source.
        package var rows: Int
        /// Rows that an earlier run had copied.
        package var before = 0
        /// Rows that this run copied.
        package var copied = 0
        /// SHA-256 over the source's rows; empty where they were not read.
        package var digest: [UInt8] = []
        /// SHA-256 over the rows as read back from the destination; empty where they were not read.
        package var digestOfCopy: [UInt8] = []
    }

    /// A row that is not in both stores alike.
    package struct Difference: Hashable, Sendable {
        package let table: String
        /// The row's key, as a person can look for it.
        package let key: String
        package let what: String
    }

    package var stage: Stage
    package var tables: [Table]
    /// Why it was refused, or would be; empty when it would not.
    package var obstacles: [String] = []
    /// Whether an earlier run left something that this one goes on with.
    package var isResumed = false
    /// Rows that differ; see ``differences`` for the first of them.
    package var different = 0
    package var differences: [Difference] = []

    package var rows: Int { self.tables.reduce(0) { $0 + $1.rows } }
    package var copied: Int { self.tables.reduce(0) { $0 + $1.copied } }
}

/// What a copy is at, for whoever watches.
package struct StoreCopyProgress: Sendable {
    package enum Phase: String, Sendable {
        case judging
        case copying
        case comparing
    }

    package let phase: Phase
    package let done: Int
    package let total: Int
}
