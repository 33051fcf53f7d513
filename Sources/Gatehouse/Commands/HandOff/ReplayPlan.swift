import EnrollmentCore
import Ledger

/// Which events a replay is about, counted.
struct ReplayPlan: Sendable {
    /// Beyond that many nobody counts; the figures say so.
    static let countLimit = 100_000

    let destination: String
    let selection: EventSelection
    /// The events by their ids, where a selection cannot say which; `nil` where ``selection`` does, or finds too many.
    private let ids: [DeviceID]?
    let tally: Tally

    /// Figures of the events.
    struct Tally: Sendable {
        private(set) var events = 0
        private(set) var devices: Set<DeviceID> = []
        private(set) var oldest: Timestamp?
        private(set) var newest: Timestamp?
        /// Events that were found, and that the destination does not take.
        private(set) var leftOut = 0
        /// Whether counting stopped at ``ReplayPlan/countLimit``.
        fileprivate(set) var isCut = false

        /// - Returns: Those that the destination takes.
        fileprivate mutating func count(_ found: [FeedEvent], taking filter: DestinationFilter) -> [FeedEvent] {
            let events = found.filter { filter.takes($0) }
            self.leftOut += found.count - events.count
            self.events += events.count
            self.devices.formUnion(events.compactMap(\.event.device))
            for event in events {
                self.oldest = min(self.oldest ?? event.recorded, event.recorded)
                self.newest = max(self.newest ?? event.recorded, event.recorded)
            }
            return events
        }
    }

    /// What a selection finds among the events that the destination was told of, and takes.
    init(
        _ selection: EventSelection,
        to standing: DestinationStanding,
        taking filter: DestinationFilter,
        in ledger: any LedgerStore
    ) async throws(EnrollmentError) {
        self.destination = standing.name
        self.selection = selection
        var tally = Tally()
        var ids: [DeviceID] = []
        var after: String?
        repeat {
            let page = try await ledger.events(selection, after: after, limit: PageSize.largest)
            let told = page.elements.filter { $0.position <= standing.cursor }
            ids += tally.count(told, taking: filter).map(\.event.id)
            after = page.next
            tally.isCut = after != nil && tally.events >= Self.countLimit
        } while after != nil && !tally.isCut
        // Of what nobody counted to the end, the sender leaves out what the destination does not take.
        self.ids = tally.leftOut > 0 && !tally.isCut ? ids : nil
        self.tally = tally
    }

    /// What the destination was told of in vain; of more than ``countLimit`` those that come first in the feed.
    init(
        givenUpBy standing: DestinationStanding,
        taking filter: DestinationFilter,
        in ledger: any LedgerStore
    ) async throws(EnrollmentError) {
        var tally = Tally()
        var ids: [DeviceID] = []
        var after: String?
        repeat {
            let page = try await ledger.deliveries(
                to: standing.name,
                in: .dead,
                after: after,
                limit: PageSize.largest
            )
            let events = try await ledger.events(at: page.elements.map(\.position))
            ids += tally.count(events, taking: filter).map(\.event.id)
            after = page.next
            tally.isCut = after != nil && tally.events >= Self.countLimit
        } while after != nil && !tally.isCut
        self.destination = standing.name
        self.selection = EventSelection(ids: ids)
        self.ids = ids
        self.tally = tally
    }

    /// Has them sent once more.
    ///
    /// - Returns: How many, and the acts that did it: several where there are more events than one takes by their ids.
    func carryOut(
        _ mandate: Mandate,
        in ledger: any LedgerStore,
        at now: Timestamp
    ) async throws(EnrollmentError) -> (count: Int, acts: [AdministrativeAct]) {
        guard let ids = self.ids else {
            let act = try mandate.act(.replay, at: now)
            return (try await ledger.replay(self.selection, to: self.destination, by: act), [act])
        }
        return try await Self.replay(ids, to: self.destination, mandate, in: ledger, at: now)
    }

    /// Has events sent once more by their ids.
    static func replay(
        _ ids: [DeviceID],
        to destination: String,
        _ mandate: Mandate,
        in ledger: any LedgerStore,
        at now: Timestamp
    ) async throws(EnrollmentError) -> (count: Int, acts: [AdministrativeAct]) {
        var count = 0
        var acts: [AdministrativeAct] = []
        for start in stride(from: 0, to: ids.count, by: Self.mostIDs) {
            let act = try mandate.act(.replay, at: now)
            let part = EventSelection(ids: Array(ids[start..<min(start + Self.mostIDs, ids.count)]))
            count += try await ledger.replay(part, to: destination, by: act)
            acts.append(act)
        }
        return (count, acts)
    }

    /// The ledger reads a list of ids anew for each of its transactions.
    private static let mostIDs = 2_000
}
