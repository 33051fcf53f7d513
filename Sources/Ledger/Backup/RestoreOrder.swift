package import EnrollmentCore

/// A backup that is to become a store, and what is done to it on the way.
package struct RestoreOrder: Sendable {
    package let act: AdministrativeAct
    /// What the act's record says besides what was done.
    package let facts: [Fact]
    /// When the backup was made: from then on others may have seen what it does not know.
    package let made: Timestamp
    package let loss: RestoreLoss

    package init(act: AdministrativeAct, facts: [Fact], made: Timestamp, loss: RestoreLoss) {
        self.act = act
        self.facts = facts
        self.made = made
        self.loss = loss
    }
}

/// What became of a ``RestoreOrder``.
package struct RestoreOutcome: Sendable {
    /// The number that each shard's next CRL is above.
    package var numbers: [CRLShard: Int64] = [:]
    /// The position that the feed goes on from.
    package var feedPosition: Int64 = 0
    /// Certificates that were revoked again.
    package var revoked = 0
    /// Keys that were blocked again.
    package var blockedKeys = 0
    /// Where the store is that was there before; `nil` when there was none, or it was a database's contents.
    package var former: String?
}
