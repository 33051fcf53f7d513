import EnrollmentCore
import Ledger

/// A user's limit and the devices that count for it.
struct SlotStanding: Sendable {
    let limit: DeviceLimit
    let counted: [CountedDevice]

    init(of user: UserRecord, in ledger: any LedgerStore, _ policy: DeviceLimitPolicy) async throws(EnrollmentError) {
        let now = SystemClock().now
        let asSeen = DirectoryUser(
            id: user.id,
            principalName: user.principalName,
            groups: user.groups,
            source: "ledger"
        )
        var limit = policy.limit(for: asSeen, at: now)
        if let personal = user.limitOverride, personal.until > now {
            limit = DeviceLimit(maximum: personal.maximum, rule: "override", staleBefore: limit.staleBefore)
        }
        self.limit = limit
        self.counted = try await ledger.counted(userID: user.id, staleBefore: limit.staleBefore)
    }

    var json: JSONValue {
        .object([
            ("used", .integer(Int64(self.counted.count))), ("limit", .integer(Int64(self.limit.maximum))),
            ("rule", .string(self.limit.rule)),
        ])
    }
}
