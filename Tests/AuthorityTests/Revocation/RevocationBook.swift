import EnrollmentCore
import Synchronization

/// Revocations without a disk, and only as much of their port as CRLs and OCSP answers lean on.
final class RevocationBook: RevocationLedger, Sendable {
    struct Line: Sendable {
        var shard: CRLShard
        var notAfter: Timestamp
        var revocation: Revocation?
    }

    struct Shard: Sendable {
        var lastNumber: Int64 = 0
        var lease: (holder: String, until: Timestamp)?
        var recorded: [Int64: [UInt8]] = [:]
        var published: PublishedCRL?
    }

    struct State: Sendable {
        var lines: [SerialNumber: Line] = [:]
        var changes: [RevocationChange] = []
        var shards: [CRLShard: Shard] = [:]
        var isAway = false
        var failsToPublish = false
        var asked = 0
        var pages = 0
    }

    let state = Mutex(State())
    /// What happens once between the reading of a status and its use.
    let interruption = Mutex<(@Sendable () async -> Void)?>(nil)
    let shardCount: Int

    init(shardCount: Int = 4) {
        self.shardCount = shardCount
    }

    // MARK: What tests do to it

    func issue(_ serialNumber: SerialNumber, by issuerID: String, until notAfter: Timestamp) {
        let shard = CRLShard(issuerID: issuerID, number: Int(serialNumber.octets.last ?? 0) % self.shardCount)
        self.state.withLock { $0.lines[serialNumber] = Line(shard: shard, notAfter: notAfter) }
    }

    /// Revokes, or with `nil` lifts a hold.
    func set(_ reason: RevocationReason?, of serialNumber: SerialNumber, at now: Timestamp) {
        self.state.withLock { state in
            guard let line = state.lines[serialNumber] else { return }
            state.lines[serialNumber]?.revocation = reason.map {
                Revocation(serialNumber: serialNumber, issuerID: line.shard.issuerID, reason: $0, revoked: now)
            }
            state.changes.append(
                RevocationChange(
                    ordinal: Int64(state.changes.count + 1),
                    shard: line.shard,
                    serialNumber: serialNumber,
                    recorded: now
                )
            )
        }
    }

    func with<Value: Sendable>(_ body: (inout State) -> Value) -> Value {
        self.state.withLock { body(&$0) }
    }

    private func read<Value: Sendable>(
        _ body: (inout State) throws(EnrollmentError) -> Value
    ) throws(EnrollmentError) -> Value {
        try self.state.withLock { state throws(EnrollmentError) in
            guard !state.isAway else {
                throw EnrollmentError(.inMaintenance, "The store is away.", rule: "ledger.busy")
            }
            return try body(&state)
        }
    }

    private static func lost() -> EnrollmentError {
        EnrollmentError(.internalService, "The turn is lost.", rule: "crl.turn")
    }

    // MARK: Status

    func status(
        of serialNumber: SerialNumber,
        issuedBy issuerID: String
    ) async throws(EnrollmentError) -> CertificateStatus {
        let status = try self.read { (state) throws(EnrollmentError) -> CertificateStatus in
            state.asked += 1
            guard let line = state.lines[serialNumber], line.shard.issuerID == issuerID else { return .unknown }
            return line.revocation.map { .revoked(reason: $0.reason, at: $0.revoked) } ?? .good
        }
        let interruption = self.interruption.withLock { kept in
            defer { kept = nil }
            return kept
        }
        await interruption?()
        return status
    }

    func revocation(of serialNumber: SerialNumber) async throws(EnrollmentError) -> Revocation? {
        try self.read { (state) throws(EnrollmentError) in state.lines[serialNumber]?.revocation }
    }

    func changes(after ordinal: Int64, limit: Int) async throws(EnrollmentError) -> [RevocationChange] {
        try self.read { (state) throws(EnrollmentError) in
            Array(state.changes.drop { $0.ordinal <= ordinal }.prefix(limit))
        }
    }

    func newestChange() async throws(EnrollmentError) -> Int64 {
        try self.read { (state) throws(EnrollmentError) in state.changes.last?.ordinal ?? 0 }
    }

    // MARK: CRLs

    func announce(_ shards: [CRLShard]) async throws(EnrollmentError) {
        try self.read { (state) throws(EnrollmentError) in
            for shard in shards where state.shards[shard] == nil { state.shards[shard] = Shard() }
        }
    }

    func shards() async throws(EnrollmentError) -> [CRLStanding] {
        try self.read { (state) throws(EnrollmentError) in
            state.shards.map { shard, kept in
                let through = kept.published?.facts.through ?? 0
                let waiting = state.changes.first { $0.shard == shard && $0.ordinal > through }
                return CRLStanding(shard: shard, published: kept.published?.facts, waitingSince: waiting?.recorded)
            }.sorted { ($0.shard.issuerID, $0.shard.number) < ($1.shard.issuerID, $1.shard.number) }
        }
    }

    func takeTurn(
        at shard: CRLShard,
        holder: String,
        now: Timestamp,
        until: Timestamp
    ) async throws(EnrollmentError) -> CRLTurnOutcome {
        try self.read { (state) throws(EnrollmentError) in
            guard var kept = state.shards[shard] else { return .unknownShard }
            if let lease = kept.lease, lease.holder != holder, lease.until > now {
                return .leased(by: lease.holder, until: lease.until)
            }
            kept.lastNumber += 1
            kept.lease = (holder, until)
            state.shards[shard] = kept
            return .turn(
                CRLTurn(
                    shard: shard,
                    holder: holder,
                    number: kept.lastNumber,
                    through: state.changes.last?.ordinal ?? 0,
                    previousUpdate: kept.published?.facts.thisUpdate
                )
            )
        }
    }

    func entries(
        of shard: CRLShard,
        notEndedBefore moment: Timestamp,
        after serialNumber: SerialNumber?,
        limit: Int
    ) async throws(EnrollmentError) -> [CRLEntry] {
        try self.read { (state) throws(EnrollmentError) in
            state.pages += 1
            let listed = state.lines.values.filter {
                $0.shard == shard && $0.revocation != nil && $0.notAfter >= moment
            }
            let sorted = listed.compactMap(\.revocation).sorted {
                $0.serialNumber.octets.lexicographicallyPrecedes($1.serialNumber.octets)
            }
            let rest = sorted.drop { line in
                serialNumber.map { !$0.octets.lexicographicallyPrecedes(line.serialNumber.octets) } ?? false
            }
            // A store that gives less at once than it was asked for.
            return rest.prefix(min(limit, 1_000)).map {
                CRLEntry(serialNumber: $0.serialNumber, revoked: $0.revoked, reason: $0.reason)
            }
        }
    }

    func record(_ turn: CRLTurn, toBeSignedDigest: [UInt8], at now: Timestamp) async throws(EnrollmentError) {
        try self.read { (state) throws(EnrollmentError) in
            guard let lease = state.shards[turn.shard]?.lease, lease.holder == turn.holder else { throw Self.lost() }
            state.shards[turn.shard]?.recorded[turn.number] = toBeSignedDigest
        }
    }

    func publish(_ crl: PublishedCRL, by turn: CRLTurn, at now: Timestamp) async throws(EnrollmentError) {
        try self.read { (state) throws(EnrollmentError) in
            guard !state.failsToPublish else {
                throw EnrollmentError(.enrollmentServer, "The store broke.", rule: "ledger.store")
            }
            guard let kept = state.shards[turn.shard], kept.lease?.holder == turn.holder,
                kept.recorded[turn.number] != nil, kept.published?.facts.number ?? 0 < turn.number
            else { throw Self.lost() }
            state.shards[turn.shard]?.published = crl
            state.shards[turn.shard]?.lease = nil
        }
    }

    func crl(of shard: CRLShard) async throws(EnrollmentError) -> PublishedCRL? {
        try self.read { (state) throws(EnrollmentError) in state.shards[shard]?.published }
    }

    // MARK: Not leaned on here

    private static func absent() -> EnrollmentError {
        EnrollmentError(.notSupported, "Not in this book.", rule: "test.absent")
    }

    func revoke(_ order: RevocationOrder) async throws(EnrollmentError) -> RevocationOutcome { throw Self.absent() }
    func rehearse(_ order: RevocationOrder) async throws(EnrollmentError) -> RevocationOutcome { throw Self.absent() }
    func revocable(
        _ selection: RevocationSelection,
        at now: Timestamp,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<SerialNumber> { throw Self.absent() }
    func blockKey(_ digest: [UInt8], act: AdministrativeAct) async throws(EnrollmentError) -> Bool {
        throw Self.absent()
    }
}
