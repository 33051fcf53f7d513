import EnrollmentCore
import EnrollmentTestKit
import Synchronization

/// A ledger whose n-th call does not do what it should, and, where the process died there, none after it.
final class TroubledLedger: HandOffLedger {
    enum Trouble: Hashable, Sendable, CaseIterable {
        /// The call never reaches the ledger.
        case lost
        /// The ledger does it, and its answer is lost.
        case unanswered
    }

    private struct State {
        var calls = 0
        var isDead = false
    }

    let ledger: InMemoryLedger
    private let state = Mutex(State())
    private let failing: Int?
    private let trouble: Trouble
    private let isFatal: Bool
    private let onTrouble: @Sendable () -> Void

    init(
        _ ledger: InMemoryLedger,
        failing: Int?,
        _ trouble: Trouble = .lost,
        isFatal: Bool = false,
        onTrouble: @escaping @Sendable () -> Void = {}
    ) {
        self.ledger = ledger
        self.failing = failing
        self.trouble = trouble
        self.isFatal = isFatal
        self.onTrouble = onTrouble
    }

    var calls: Int { self.state.withLock { $0.calls } }

    private func pass<Value>(
        _ body: () async throws(EnrollmentError) -> Value
    ) async throws(EnrollmentError) -> Value {
        let (isTroubled, isDead) = self.state.withLock { state in
            state.calls += 1
            let isTroubled = state.calls == self.failing
            defer { if isTroubled { state.isDead = self.isFatal } }
            return (isTroubled, state.isDead)
        }
        let error = EnrollmentError(.inMaintenance, "The ledger is away.", rule: "ledger.store")
        if isDead { throw error }
        guard isTroubled else { return try await body() }
        defer { self.onTrouble() }
        if self.trouble == .unanswered { _ = try await body() }
        throw error
    }

    func placeEvents(limit: Int) async throws(EnrollmentError) -> Int {
        try await self.pass { () throws(EnrollmentError) in try await self.ledger.placeEvents(limit: limit) }
    }

    func events(
        after position: Int64,
        kinds: Set<HandOffEvent.Kind>,
        limit: Int
    ) async throws(EnrollmentError) -> [FeedEvent] {
        try await self.pass { () throws(EnrollmentError) in
            try await self.ledger.events(after: position, kinds: kinds, limit: limit)
        }
    }

    func events(at positions: [Int64]) async throws(EnrollmentError) -> [FeedEvent] {
        try await self.pass { () throws(EnrollmentError) in try await self.ledger.events(at: positions) }
    }

    func events(
        _ selection: EventSelection,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<FeedEvent> {
        try await self.pass { () throws(EnrollmentError) in
            try await self.ledger.events(selection, after: after, limit: limit)
        }
    }

    func feedExtent() async throws(EnrollmentError) -> FeedExtent {
        try await self.pass { () throws(EnrollmentError) in try await self.ledger.feedExtent() }
    }

    func destination(_ name: String) async throws(EnrollmentError) -> DestinationStanding {
        try await self.pass { () throws(EnrollmentError) in try await self.ledger.destination(name) }
    }

    func destinations() async throws(EnrollmentError) -> [DestinationStanding] {
        try await self.pass { () throws(EnrollmentError) in try await self.ledger.destinations() }
    }

    func deliveries(
        to destination: String,
        dueBy moment: Timestamp,
        limit: Int
    ) async throws(EnrollmentError) -> [Delivery] {
        try await self.pass { () throws(EnrollmentError) in
            try await self.ledger.deliveries(to: destination, dueBy: moment, limit: limit)
        }
    }

    func deliveries(
        to destination: String,
        in state: Delivery.State,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<Delivery> {
        try await self.pass { () throws(EnrollmentError) in
            try await self.ledger.deliveries(to: destination, in: state, after: after, limit: limit)
        }
    }

    func deliveryCounts(to destination: String) async throws(EnrollmentError) -> (waiting: Int, dead: Int) {
        try await self.pass { () throws(EnrollmentError) in try await self.ledger.deliveryCounts(to: destination) }
    }

    func blocked(_ devices: [DeviceID], at destination: String) async throws(EnrollmentError) -> Set<DeviceID> {
        try await self.pass { () throws(EnrollmentError) in
            try await self.ledger.blocked(devices, at: destination)
        }
    }

    func takeDestination(_ name: String, holder: String, for seconds: Int64) async throws(EnrollmentError) -> Bool {
        try await self.pass { () throws(EnrollmentError) in
            try await self.ledger.takeDestination(name, holder: holder, for: seconds)
        }
    }

    func leaveDestination(_ name: String, holder: String) async throws(EnrollmentError) {
        try await self.pass { () throws(EnrollmentError) in
            try await self.ledger.leaveDestination(name, holder: holder)
        }
    }

    func record(_ report: DeliveryReport) async throws(EnrollmentError) -> Bool {
        try await self.pass { () throws(EnrollmentError) in try await self.ledger.record(report) }
    }

    func replay(
        _ selection: EventSelection,
        to destination: String,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) -> Int {
        try await self.pass { () throws(EnrollmentError) in
            try await self.ledger.replay(selection, to: destination, by: act)
        }
    }

    func resume(destination name: String, by act: AdministrativeAct) async throws(EnrollmentError) -> Bool {
        try await self.pass { () throws(EnrollmentError) in
            try await self.ledger.resume(destination: name, by: act)
        }
    }

    func tell(
        _ event: HandOffEvent,
        subject: String,
        details: [Fact],
        at now: Timestamp
    ) async throws(EnrollmentError) {
        try await self.pass { () throws(EnrollmentError) in
            try await self.ledger.tell(event, subject: subject, details: details, at: now)
        }
    }

    func silentDevices(
        issuedBefore moment: Timestamp,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<SilentDevice> {
        try await self.pass { () throws(EnrollmentError) in
            try await self.ledger.silentDevices(issuedBefore: moment, after: after, limit: limit)
        }
    }

    func tellSilent(
        issuedBefore moment: Timestamp,
        at now: Timestamp,
        limit: Int
    ) async throws(EnrollmentError) -> Int {
        try await self.pass { () throws(EnrollmentError) in
            try await self.ledger.tellSilent(issuedBefore: moment, at: now, limit: limit)
        }
    }

    func pruneEvents(
        recordedBefore moment: Timestamp,
        deliveredTo destinations: [String],
        limit: Int
    ) async throws(EnrollmentError) -> Int {
        try await self.pass { () throws(EnrollmentError) in
            try await self.ledger.pruneEvents(recordedBefore: moment, deliveredTo: destinations, limit: limit)
        }
    }
}
