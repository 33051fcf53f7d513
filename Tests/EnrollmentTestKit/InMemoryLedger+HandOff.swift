public import EnrollmentCore
internal import Foundation
internal import Synchronization

extension InMemoryLedger {
    /// Events, and how far they got.
    struct HandOff: Sendable {
        struct Entry: Sendable {
            let event: HandOffEvent
            let recorded: Timestamp
            let traceID: TraceID?
            let predecessor: SerialNumber?
            let sealedAccount: [UInt8]?
            let subject: String?
            let details: [Fact]
            /// The management server it concerns, as of then; `nil` for what is about no device.
            var provider: String?
            var position: Int64?
        }

        struct Lease: Sendable {
            let holder: String
            let until: Timestamp
        }

        var outbox: [Entry] = []
        var lastPosition: Int64 = 0
        /// The highest position whose event was removed.
        var pruned: Int64 = 0
        var destinations: [String: DestinationStanding] = [:]
        /// By destination and position.
        var deliveries: [String: [Int64: Delivery]] = [:]
        var leases: [String: Lease] = [:]

        static func details(_ attributes: [Fact]) -> [Fact] {
            attributes.map { Fact(FeedEvent.attributePrefix + $0.name, $0.value) }
        }
    }
}

extension InMemoryLedger: HandOffLedger {
    // MARK: The feed

    public func placeEvents(limit: Int) async throws(EnrollmentError) -> Int {
        self.state.withLock { state in
            let waiting = state.handOff.outbox.indices.filter { state.handOff.outbox[$0].position == nil }
            for index in waiting.prefix(max(0, limit)) {
                state.handOff.lastPosition += 1
                state.handOff.outbox[index].position = state.handOff.lastPosition
            }
            return min(waiting.count, max(0, limit))
        }
    }

    public func events(
        after position: Int64,
        kinds: Set<HandOffEvent.Kind>,
        limit: Int
    ) async throws(EnrollmentError) -> [FeedEvent] {
        self.state.withLock { state in
            let positions = state.handOff.outbox.filter { entry in
                entry.position.map { $0 > position } ?? false && (kinds.isEmpty || kinds.contains(entry.event.kind))
            }
            .compactMap(\.position).sorted().prefix(PageSize.clamped(limit))
            let wanted = Set(positions)
            return state.feed { $0.position.map { wanted.contains($0) } ?? false }
        }
    }

    public func events(at positions: [Int64]) async throws(EnrollmentError) -> [FeedEvent] {
        self.state.withLock { state in
            let wanted = Set(positions)
            return state.feed { $0.position.map { wanted.contains($0) } ?? false }
        }
    }

    /// The key is the position of the last element given.
    public func events(
        _ selection: EventSelection,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<FeedEvent> {
        guard let below = after.map({ Int64($0) }) ?? .max else {
            throw EnrollmentError(.messageFormat, "The key is not one that a page gave.", rule: "query.after")
        }
        let all = self.state.withLock { $0.selected(selection).reversed().filter { $0.position < below } }
        let page = all.prefix(PageSize.clamped(limit))
        return Page(
            elements: Array(page),
            next: page.count < all.count ? page.last.map { String($0.position) } : nil
        )
    }

    public func feedExtent() async throws(EnrollmentError) -> FeedExtent {
        self.state.withLock { FeedExtent(pruned: $0.handOff.pruned, last: $0.handOff.lastPosition) }
    }

    public func tell(
        _ event: HandOffEvent,
        subject: String,
        details: [Fact],
        at now: Timestamp
    ) async throws(EnrollmentError) {
        self.state.withLock { state in
            state.handOff.outbox.append(
                HandOff.Entry(
                    event: event,
                    recorded: now,
                    traceID: nil,
                    predecessor: nil,
                    sealedAccount: nil,
                    subject: subject,
                    details: details
                )
            )
        }
    }

    // MARK: Destinations

    public func destination(_ name: String) async throws(EnrollmentError) -> DestinationStanding {
        self.state.withLock { $0.destination(name) }
    }

    public func destinations() async throws(EnrollmentError) -> [DestinationStanding] {
        self.state.withLock { $0.handOff.destinations.values.sorted { $0.name < $1.name } }
    }

    public func deliveries(
        to destination: String,
        dueBy moment: Timestamp,
        limit: Int
    ) async throws(EnrollmentError) -> [Delivery] {
        self.state.withLock { state in
            let waiting = state.deliveries(to: destination, in: .waiting)
            let due = waiting.filter { delivery in
                guard delivery.nextTry <= moment else { return false }
                guard let device = delivery.device, !delivery.isReplay else { return true }
                return !waiting.contains {
                    $0.device == device && !$0.isReplay && $0.position < delivery.position
                }
            }
            let sorted = due.sorted { ($0.nextTry, $0.position) < ($1.nextTry, $1.position) }
            return Array(sorted.prefix(max(0, limit)))
        }
    }

    public func deliveries(
        to destination: String,
        in state: Delivery.State,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<Delivery> {
        guard let above = after.map({ Int64($0) }) ?? 0 else {
            throw EnrollmentError(.messageFormat, "The key is not one that a page gave.", rule: "query.after")
        }
        let all = self.state.withLock { $0.deliveries(to: destination, in: state).filter { $0.position > above } }
        let page = all.prefix(PageSize.clamped(limit))
        return Page(
            elements: Array(page),
            next: page.count < all.count ? page.last.map { String($0.position) } : nil
        )
    }

    public func deliveryCounts(
        to destination: String
    ) async throws(EnrollmentError) -> (waiting: Int, dead: Int) {
        self.state.withLock { state in
            (
                min(10_000, state.deliveries(to: destination, in: .waiting).count),
                min(10_000, state.deliveries(to: destination, in: .dead).count)
            )
        }
    }

    public func blocked(
        _ devices: [DeviceID],
        at destination: String
    ) async throws(EnrollmentError) -> Set<DeviceID> {
        self.state.withLock { state in
            let waiting = state.deliveries(to: destination, in: .waiting).filter { !$0.isReplay }
            return Set(waiting.compactMap(\.device)).intersection(devices)
        }
    }

    public func takeDestination(
        _ name: String,
        holder: String,
        for seconds: Int64
    ) async throws(EnrollmentError) -> Bool {
        let now = Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        return self.state.withLock { state in
            if let lease = state.handOff.leases[name], lease.holder != holder, lease.until > now { return false }
            state.handOff.leases[name] = HandOff.Lease(holder: holder, until: now.adding(seconds: seconds))
            return true
        }
    }

    public func leaveDestination(_ name: String, holder: String) async throws(EnrollmentError) {
        self.state.withLock { state in
            if state.handOff.leases[name]?.holder == holder { state.handOff.leases[name] = nil }
        }
    }

    public func record(_ report: DeliveryReport) async throws(EnrollmentError) -> Bool {
        self.state.withLock { $0.record(report) }
    }

    public func replay(
        _ selection: EventSelection,
        to destination: String,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) -> Int {
        try self.transaction { (state) throws(EnrollmentError) in
            try state.replay(selection, to: destination, by: act)
        }
    }

    public func resume(destination name: String, by act: AdministrativeAct) async throws(EnrollmentError) -> Bool {
        try self.transaction { (state) throws(EnrollmentError) in
            guard let known = state.handOff.destinations[name], known.state == .stopped else { return false }
            state.handOff.destinations[name] = known.with(
                DeliveryReport.Change(state: .active),
                cursor: known.cursor
            )
            try state.record(act, device: nil, facts: [Fact("destination", name)])
            return true
        }
    }

    // MARK: Silence and retention

    public func silentDevices(
        issuedBefore moment: Timestamp,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<SilentDevice> {
        guard let start = after.map({ Int($0) }) ?? 0, start >= 0 else {
            throw EnrollmentError(.messageFormat, "The key is not one that a page gave.", rule: "query.after")
        }
        let all = self.state.withLock { $0.silent(issuedBefore: moment) }
        let page = all.dropFirst(start).prefix(PageSize.clamped(limit))
        return Page(elements: Array(page), next: page.endIndex < all.count ? String(page.endIndex) : nil)
    }

    public func tellSilent(
        issuedBefore moment: Timestamp,
        at now: Timestamp,
        limit: Int
    ) async throws(EnrollmentError) -> Int {
        self.state.withLock { state in
            let due = state.silent(issuedBefore: moment).filter { !$0.isTold }.prefix(max(0, limit))
            for silent in due {
                guard let index = state.index(of: silent.device.device) else { continue }
                state.devices[index].isSilenceTold = true
                state.tell(.silent, of: index, about: silent.device.certificateSerial, at: now)
            }
            return due.count
        }
    }

    public func pruneEvents(
        recordedBefore moment: Timestamp,
        deliveredTo destinations: [String],
        limit: Int
    ) async throws(EnrollmentError) -> Int {
        self.state.withLock { state in
            let standings = destinations.map { state.handOff.destinations[$0] }
            guard !standings.contains(where: { $0 == nil }) else { return 0 }
            let cursor = standings.compactMap { $0?.cursor }.min() ?? .max
            let due = state.handOff.outbox.enumerated().filter { _, entry in
                guard let position = entry.position, position <= cursor, entry.recorded < moment else { return false }
                return !destinations.contains { state.handOff.deliveries[$0]?[position] != nil }
            }
            let chosen = due.sorted { ($0.element.recorded, $0.offset) < ($1.element.recorded, $1.offset) }
                .prefix(max(0, limit))
            for entry in chosen.sorted(by: { $0.offset > $1.offset }) {
                guard let position = state.handOff.outbox.remove(at: entry.offset).position else { continue }
                state.handOff.pruned = max(state.handOff.pruned, position)
                for name in state.handOff.deliveries.keys { state.handOff.deliveries[name]?[position] = nil }
            }
            return chosen.count
        }
    }
}
