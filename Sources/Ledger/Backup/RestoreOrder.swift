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

    /// Why nothing can be restored at that moment, whatever the store; `nil` when it can.
    ///
    /// - Parameters:
    ///   - made: When the backup was made.
    ///   - now: By this machine's clock.
    /// - Returns: The reason in words.
    package static func obstacle(made: Timestamp, now: Timestamp) -> String? {
        guard now < made else { return nil }
        return
            "this machine's clock says \(now), and the backup was made at \(made); set the clock, since numbers go on"
            + " by the time that has passed"
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
    /// CRLs of issuers whose key is elsewhere that are shown in place of the backup's, with their numbers.
    package var lists: [CRLShard: Int64] = [:]
    /// Tokens that were revoked again, and permits that were taken back.
    package var tokens = 0
    package var permits = 0
    /// Where the store is that was there before; `nil` when there was none, or it was a database's contents.
    package var former: String?
}
