import EnrollmentCore
import Synchronization

/// Says what a test wants said, and can be away or slow.
final class ScriptedLedger: Sendable {
    struct State: Sendable {
        var isAway = false
        var identities: [[UInt8]: IdentityRecord] = [:]
        /// Thumbprints that a change concerned, in order; the change's number is the place.
        var changes: [[UInt8]] = []
        var tokens: [APIToken] = []
        var touched: [String] = []
        var events: [FeedEvent] = []
        /// `nil` for everything before the first event.
        var pruned: Int64?
        /// Events up to this position are removed just before the next page is read.
        var prunesBeforeReading: Int64?
        var standings: [DestinationStanding] = []
        var replays: [(EventSelection, String, AdministrativeAct)] = []
        var resumed: [(String, AdministrativeAct)] = []
        var silent: [SilentDevice] = []
        var devices: [DeviceRecord] = []
        var contacts: [Contact] = []
        var contactOutcome = ContactOutcome.unknown
        var reads = 0
        /// Called in the middle of a look-up, after the answer was found and before it is given.
        var whileLookingUp: (@Sendable () async -> Void)?
    }

    let state = Mutex(State())

    func set(_ change: (inout State) -> Void) { self.state.withLock { change(&$0) } }

    var reads: Int { self.state.withLock { $0.reads } }

    private func read<Value: Sendable>(_ body: (inout State) -> Value) throws(EnrollmentError) -> Value {
        let value = self.state.withLock { state -> Value? in state.isAway ? nil : body(&state) }
        guard let value else { throw EnrollmentError(.inMaintenance, "It is away.", rule: "store.away") }
        return value
    }

    private static let nothing = EnrollmentError(.internalService, "No test asks for this.", rule: "test")

    /// Changes what is said of a certificate, and says that it changed.
    func change(_ record: IdentityRecord, to next: IdentityRecord?) {
        guard let thumbprint = record.certificate.thumbprint else { return }
        self.set { state in
            state.identities[thumbprint] = next
            state.changes.append(thumbprint)
        }
    }
}

extension ScriptedLedger: IdentityLedger {
    func identity(thumbprint: [UInt8]) async throws(EnrollmentError) -> IdentityRecord? {
        let (record, wait) = try self.read { state in
            state.reads += 1
            return (state.identities[thumbprint], state.whileLookingUp)
        }
        await wait?()
        return record
    }

    func staleIdentities(
        afterChange ordinal: Int64,
        afterEvent position: Int64,
        limit: Int
    ) async throws(EnrollmentError) -> StaleIdentities {
        try self.read { state in
            let rest = state.changes.dropFirst(Int(ordinal))
            let part = Array(rest.prefix(min(limit, 2)))
            return StaleIdentities(
                thumbprints: part,
                change: ordinal + Int64(part.count),
                event: position,
                isPartial: part.count < rest.count
            )
        }
    }

    func newestIdentityChange() async throws(EnrollmentError) -> (change: Int64, event: Int64) {
        try self.read { (Int64($0.changes.count), 0) }
    }
}

extension ScriptedLedger: TokenLedger {
    func insert(_ token: APIToken, by act: AdministrativeAct) async throws(EnrollmentError) {
        try self.read { $0.tokens.append(token) }
    }

    func tokens(after: String?, limit: Int) async throws(EnrollmentError) -> Page<APIToken> {
        try self.read { Page(elements: $0.tokens, next: nil) }
    }

    func validTokens(at now: Timestamp) async throws(EnrollmentError) -> [APIToken] {
        try self.read { state in state.tokens.filter { $0.isValid(at: now) } }
    }

    func revokeToken(_ name: String, by act: AdministrativeAct)
        async throws(EnrollmentError) -> (token: APIToken, isNew: Bool)?
    {
        throw Self.nothing
    }

    func touchToken(_ id: String, at now: Timestamp) async throws(EnrollmentError) {
        try self.read { state in
            state.touched.append(id)
            for index in state.tokens.indices where state.tokens[index].id == id {
                state.tokens[index].lastUsed = now
            }
        }
    }
}

extension ScriptedLedger: HandOffLedger {
    func placeEvents(limit: Int) async throws(EnrollmentError) -> Int { throw Self.nothing }

    func events(
        after position: Int64,
        kinds: Set<HandOffEvent.Kind>,
        limit: Int
    ) async throws(EnrollmentError) -> [FeedEvent] {
        try self.read { state in
            if let pruned = state.prunesBeforeReading {
                state.events.removeAll { $0.position <= pruned }
                state.pruned = pruned
                state.prunesBeforeReading = nil
            }
            let events = state.events.filter { event in
                event.position > position && (kinds.isEmpty || kinds.contains(event.event.kind))
            }
            return Array(events.prefix(limit))
        }
    }

    func events(at positions: [Int64]) async throws(EnrollmentError) -> [FeedEvent] { throw Self.nothing }

    func events(_ selection: EventSelection, after: String?, limit: Int)
        async throws(EnrollmentError) -> Page<FeedEvent>
    {
        throw Self.nothing
    }

    func feedExtent() async throws(EnrollmentError) -> FeedExtent {
        try self.read { state in
            let first = state.events.first?.position ?? 1
            return FeedExtent(pruned: state.pruned ?? first - 1, last: state.events.last?.position ?? state.pruned ?? 0)
        }
    }

    func destination(_ name: String) async throws(EnrollmentError) -> DestinationStanding {
        try self.read { state in
            if let known = state.standings.first(where: { $0.name == name }) { return known }
            state.standings.append(Sample.standing(name))
            return Sample.standing(name)
        }
    }

    func destinations() async throws(EnrollmentError) -> [DestinationStanding] {
        try self.read { $0.standings }
    }

    func deliveries(to destination: String, dueBy moment: Timestamp, limit: Int)
        async throws(EnrollmentError) -> [Delivery]
    {
        throw Self.nothing
    }

    func deliveries(to destination: String, in state: Delivery.State, after: String?, limit: Int)
        async throws(EnrollmentError) -> Page<Delivery>
    {
        throw Self.nothing
    }

    func deliveryCounts(to destination: String) async throws(EnrollmentError) -> (waiting: Int, dead: Int) {
        try self.read { _ in (3, 1) }
    }

    func blocked(_ devices: [DeviceID], at destination: String) async throws(EnrollmentError) -> Set<DeviceID> {
        throw Self.nothing
    }

    func takeDestination(_ name: String, holder: String, for seconds: Int64) async throws(EnrollmentError) -> Bool {
        throw Self.nothing
    }

    func leaveDestination(_ name: String, holder: String) async throws(EnrollmentError) { throw Self.nothing }

    func record(_ report: DeliveryReport) async throws(EnrollmentError) -> Bool { throw Self.nothing }

    func replay(
        _ selection: EventSelection,
        to destination: String,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) -> Int {
        try self.read { state in
            state.replays.append((selection, destination, act))
            return 7
        }
    }

    func resume(destination name: String, by act: AdministrativeAct) async throws(EnrollmentError) -> Bool {
        try self.read { state in
            state.resumed.append((name, act))
            return true
        }
    }

    func tell(_ event: HandOffEvent, subject: String, details: [Fact], at now: Timestamp)
        async throws(EnrollmentError)
    {
        throw Self.nothing
    }

    func silentDevices(issuedBefore moment: Timestamp, after: String?, limit: Int)
        async throws(EnrollmentError) -> Page<SilentDevice>
    {
        try self.read { state in
            Page(elements: state.silent.filter { $0.issued < moment }, next: state.silent.isEmpty ? nil : "k 1")
        }
    }

    func tellSilent(issuedBefore moment: Timestamp, at now: Timestamp, limit: Int)
        async throws(EnrollmentError) -> Int
    {
        throw Self.nothing
    }

    func pruneEvents(recordedBefore moment: Timestamp, deliveredTo destinations: [String], limit: Int)
        async throws(EnrollmentError) -> Int
    {
        throw Self.nothing
    }
}

extension ScriptedLedger: DeviceLedger {
    func reset(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome { throw Self.nothing }
    func retire(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome { throw Self.nothing }
    func hold(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome { throw Self.nothing }
    func resume(_ order: DeviceOrder) async throws(EnrollmentError) -> DeviceOrderOutcome { throw Self.nothing }

    func permit(
        _ kind: Permit.Kind,
        until: Timestamp,
        _ order: DeviceOrder
    ) async throws(EnrollmentError) -> DeviceOrderOutcome { throw Self.nothing }

    func permits(of device: DeviceID, at now: Timestamp) async throws(EnrollmentError) -> [Permit] {
        throw Self.nothing
    }

    func note(_ contact: Contact) async throws(EnrollmentError) -> ContactOutcome {
        try self.read { state in
            state.contacts.append(contact)
            return state.contactOutcome
        }
    }

    func acts(of device: DeviceID, limit: Int) async throws(EnrollmentError) -> [ActRecord] { throw Self.nothing }
    func act(_ traceID: TraceID) async throws(EnrollmentError) -> ActRecord? { throw Self.nothing }
}

extension ScriptedLedger: LedgerQueries {
    func devices(_ query: DeviceQuery) async throws(EnrollmentError) -> Page<DeviceRecord> {
        if query.after == "broken" {
            throw EnrollmentError(.messageFormat, "No list gave that.", rule: "query.after")
        }
        return try self.read { state in
            let devices = state.devices.filter { device in
                (query.userID.map { $0 == device.userID } ?? true) && (query.state.map { $0 == device.state } ?? true)
            }
            let rest = query.after.flatMap { Int($0) } ?? 0
            let page = Array(devices.dropFirst(rest).prefix(query.limit))
            let end = rest + page.count
            return Page(elements: page, next: end < devices.count ? "\(end)" : nil)
        }
    }

    func device(_ id: DeviceID) async throws(EnrollmentError) -> DeviceRecord? {
        try self.read { state in state.devices.first { $0.device == id } }
    }

    func devices(matching text: String, limit: Int) async throws(EnrollmentError) -> [DeviceRecord] {
        throw Self.nothing
    }

    func certificates(_ query: CertificateQuery) async throws(EnrollmentError) -> Page<CertificateRecord> {
        try self.read { _ in Page(elements: [Sample.certificate(of: query.device)], next: nil) }
    }

    func certificate(_ serialNumber: SerialNumber) async throws(EnrollmentError) -> CertificateRecord? {
        throw Self.nothing
    }

    func certificate(thumbprint: [UInt8]) async throws(EnrollmentError) -> CertificateRecord? { throw Self.nothing }
    func attempts(_ query: AttemptQuery) async throws(EnrollmentError) -> Page<Attempt> { throw Self.nothing }
    func attempt(_ traceID: TraceID) async throws(EnrollmentError) -> Attempt? { throw Self.nothing }

    func user(_ name: String) async throws(EnrollmentError) -> UserRecord? {
        try self.read { state in
            guard let device = state.devices.first(where: { $0.userPrincipalName == name }) else { return nil }
            return UserRecord(
                id: device.userID,
                principalName: name,
                displayName: nil,
                groups: [],
                lastSeen: Sample.now,
                limitOverride: nil
            )
        }
    }

    func counted(userID: String, staleBefore: Timestamp) async throws(EnrollmentError) -> [CountedDevice] {
        throw Self.nothing
    }
}
