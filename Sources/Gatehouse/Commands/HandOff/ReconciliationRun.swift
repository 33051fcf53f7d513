import EnrollmentCore
import Ledger

/// One comparison: reads ledger and directory into it, and sends what is missing.
struct ReconciliationRun {
    /// Questions to the directory at once.
    private static let questions = 8
    /// Read at once; few devices have more.
    private static let renewals = 16

    let comparison: FleetComparison
    let ledger: any LedgerStore
    /// What the management server is told of.
    let filter: DestinationFilter
    /// `nil` where the directory is not to be asked.
    let users: (any UserLookup)?

    /// What was found.
    struct Figures: Sendable {
        let live: Int
        let told: Int
        let asked: Int
        let counts: [Discrepancy.Kind: Int]
        let findings: [Discrepancy]
    }

    /// What was sent once more.
    struct Sent: Sendable {
        let events: Int
        /// Devices of which nothing was sent, since the destination is going to be told of them anyway, or does not take
        /// such events.
        let passed: Int
        /// Devices whose enrollment is kept no longer: renewals that followed were sent, without an account.
        let forgotten: [DeviceID]
        let acts: [AdministrativeAct]
    }

    /// - Returns: How many users the directory was asked for.
    /// - Throws: `EnrollmentError` of the ledger, and of a directory that cannot be asked.
    func fill() async throws(EnrollmentError) -> Int {
        var after: String?
        repeat {
            let page = try await self.ledger.devices(DeviceQuery(after: after, limit: PageSize.largest))
            for device in page.elements {
                try self.comparison.add(device, isElsewhere: !self.filter.takes(device))
            }
            after = page.next
        } while after != nil
        repeat {
            let page = try await self.ledger.certificates(CertificateQuery(after: after, limit: PageSize.largest))
            for certificate in page.elements { try self.comparison.add(certificate) }
            after = page.next
        } while after != nil
        try self.comparison.match()
        return try await self.askDirectory()
    }

    private func askDirectory() async throws(EnrollmentError) -> Int {
        guard let users = self.users else { return 0 }
        var asked = 0
        var last = ""
        while true {
            let ids = try self.comparison.users(after: last, limit: Self.questions)
            guard let end = ids.last else { return asked }
            for (id, refusal) in await Self.refusals(of: ids, by: users) {
                guard refusal.code == .authorization || refusal.code == .authentication else { throw refusal }
                try self.comparison.note(
                    absent: id,
                    isGone: refusal.rule == "directory.user-gone",
                    detail: refusal.detail
                )
            }
            asked += ids.count
            last = end
        }
    }

    /// Those whom the directory does not let in.
    private static func refusals(
        of ids: [String],
        by users: any UserLookup
    ) async -> [(id: String, refusal: EnrollmentError)] {
        await withTaskGroup(of: (String, EnrollmentError?).self) { group in
            for id in ids {
                group.addTask {
                    do throws(EnrollmentError) {
                        _ = try await users.user(id: id)
                        return (id, nil)
                    } catch {
                        return (id, error)
                    }
                }
            }
            var refusals: [(id: String, refusal: EnrollmentError)] = []
            for await (id, refusal) in group {
                if let refusal { refusals.append((id, refusal)) }
            }
            return refusals
        }
    }

    func figures(naming limit: Int, asked: Int) throws(EnrollmentError) -> Figures {
        var counts: [Discrepancy.Kind: Int] = [:]
        var findings: [Discrepancy] = []
        for kind in Discrepancy.Kind.allCases {
            counts[kind] = try self.comparison.count(of: kind)
            findings += try self.comparison.findings(of: kind, limit: limit)
        }
        let size = try self.comparison.size()
        return Figures(live: size.live, told: size.told, asked: asked, counts: counts, findings: findings)
    }

    /// Has the latest enrollment of each device that the server lacks sent once more, and the renewals since.
    func sendMissing(
        to standing: DestinationStanding,
        _ mandate: Mandate,
        at now: Timestamp
    ) async throws(EnrollmentError) -> Sent {
        var (events, passed) = (0, 0)
        var forgotten: [DeviceID] = []
        var acts: [AdministrativeAct] = []
        var skipping = 0
        while true {
            let part = try self.comparison.findings(of: .missing, skipping: skipping, limit: PageSize.largest)
            guard !part.isEmpty else {
                return Sent(events: events, passed: passed, forgotten: forgotten, acts: acts)
            }
            var ids: [DeviceID] = []
            for device in part.compactMap(\.device) {
                let kept = try await self.enrollment(of: device)
                let told = kept.filter { $0.position <= standing.cursor && self.filter.takes($0) }
                if kept.last?.event.kind != .enrolled {
                    forgotten.append(device)
                } else if told.isEmpty {
                    passed += 1
                }
                ids += told.map(\.event.id)
            }
            let done = try await ReplayPlan.replay(ids, to: standing.name, mandate, in: self.ledger, at: now)
            events += done.count
            acts += done.acts
            skipping += part.count
        }
    }

    /// The device's latest enrollment, which alone brings an account, and before it the renewals since: newest first.
    private func enrollment(of device: DeviceID) async throws(EnrollmentError) -> [FeedEvent] {
        let selection = EventSelection(device: device, kinds: [.enrolled, .renewed])
        var kept: [FeedEvent] = []
        var after: String?
        repeat {
            let page = try await self.ledger.events(selection, after: after, limit: Self.renewals)
            for event in page.elements {
                kept.append(event)
                if event.event.kind == .enrolled { return kept }
            }
            after = page.next
        } while after != nil
        return kept
    }
}
