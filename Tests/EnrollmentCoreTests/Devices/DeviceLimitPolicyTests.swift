import EnrollmentCore
import Testing

@Suite("The device limit")
struct DeviceLimitPolicyTests {
    private static let now = Timestamp(seconds: 1_790_000_000)

    private func user(_ groups: String...) -> DirectoryUser {
        DirectoryUser(id: "1", principalName: "kim", groups: groups.map { GroupName($0) }, source: "dc1")
    }

    private func limit(_ name: String, _ group: String, _ maximum: Int, _ priority: Int) -> DeviceLimitPolicy.GroupLimit
    {
        DeviceLimitPolicy.GroupLimit(name: name, group: GroupName(group), maximum: maximum, priority: priority)
    }

    @Test("without a matching group is the default, and says so")
    func fallback() {
        let policy = DeviceLimitPolicy(defaultMaximum: 4, groupLimits: [self.limit("Labs", "cn=labs", 50, 9)])
        let limit = policy.limit(for: self.user("cn=staff"), at: Self.now)
        #expect(limit.maximum == 4)
        #expect(limit.rule == "default")
    }

    @Test("is that of the matching group of highest priority, even where another allows more")
    func priority() {
        let policy = DeviceLimitPolicy(groupLimits: [
            self.limit("Staff", "cn=staff", 20, 10), self.limit("Contractors", "cn=contractors", 2, 50),
            self.limit("Labs", "cn=labs", 90, 99),
        ])
        let limit = policy.limit(for: self.user("CN=Staff", "CN=Contractors"), at: Self.now)
        #expect(limit.maximum == 2)
        #expect(limit.rule == "Contractors")
    }

    @Test("of two groups of equal priority is that of the first by name, in whatever order the file has them")
    func ties() {
        let limits = [self.limit("B", "cn=b", 1, 5), self.limit("A", "cn=a", 2, 5), self.limit("C", "cn=c", 3, 5)]
        for shift in 0..<3 {
            let policy = DeviceLimitPolicy(groupLimits: Array(limits[shift...] + limits[..<shift]))
            #expect(policy.limit(for: self.user("cn=a", "cn=b", "cn=c"), at: Self.now).rule == "A")
        }
    }

    @Test("may be zero for a group")
    func zero() {
        let policy = DeviceLimitPolicy(groupLimits: [self.limit("Nobody", "cn=n", 0, 1)])
        #expect(policy.limit(for: self.user("cn=n"), at: Self.now).maximum == 0)
    }

    @Test("leaves out devices without contact for the configured days")
    func stale() {
        let limit = DeviceLimitPolicy(staleAfterDays: 30).limit(for: self.user(), at: Self.now)
        #expect(limit.staleBefore == Self.now.adding(days: -30))
    }

    @Test("counts the states that hold a slot, and no other", arguments: DeviceState.allCases)
    func states(state: DeviceState) {
        let holding: Set<DeviceState> = [.reserved, .issued, .handedOff, .active, .held]
        #expect(state.occupiesSlot == holding.contains(state))
    }
}
