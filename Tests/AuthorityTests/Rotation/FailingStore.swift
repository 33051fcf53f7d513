import EnrollmentCore
import EnrollmentTestKit
import Synchronization

/// A store without a disk whose n-th call in which something is recorded fails: before it does anything, or after.
final class FailingStore: AuthorityLedger, CeremonyLedger, RevocationLedger, RotationLedger {
    enum Moment: CaseIterable {
        case before
        case after
    }

    private struct State {
        var left: Int?
        var moment = Moment.before
        var calls = 0
    }

    let store: InMemoryLedger
    private let state = Mutex(State())

    init(_ store: InMemoryLedger) {
        self.store = store
    }

    /// How many recording calls there were.
    var calls: Int { self.state.withLock { $0.calls } }

    /// Has the n-th recording call from now on fail, counted from 0; `nil` none.
    func fail(at number: Int?, _ moment: Moment = .before) {
        self.state.withLock { state in
            state.left = number
            state.moment = moment
        }
    }

    private func recording<Value>(
        _ body: () async throws(EnrollmentError) -> Value
    ) async throws(EnrollmentError) -> Value {
        let moment = self.state.withLock { state -> Moment? in
            state.calls += 1
            guard let left = state.left else { return nil }
            state.left = left > 0 ? left - 1 : nil
            return left == 0 ? state.moment : nil
        }
        if moment == .before { throw Self.failure }
        let value = try await body()
        if moment == .after { throw Self.failure }
        return value
    }

    static let failure = EnrollmentError(.inMaintenance, "The store is away.", rule: "test.away")

    // MARK: Authorities

    func issuers() async throws(EnrollmentError) -> [IssuerRecord] { try await self.store.issuers() }

    func recordIntent(_ prepared: PreparedCertificate, at now: Timestamp) async throws(EnrollmentError) -> IntentReceipt
    {
        try await self.recording { () throws(EnrollmentError) in try await self.store.recordIntent(prepared, at: now) }
    }

    func confirmIssuer(
        _ issuer: IssuerRecord,
        certificate: IssuedCertificate,
        receipt: IntentReceipt
    ) async throws(EnrollmentError) {
        try await self.store.confirmIssuer(issuer, certificate: certificate, receipt: receipt)
    }

    func confirmService(
        _ record: ServiceCertificateRecord,
        certificate: IssuedCertificate,
        receipt: IntentReceipt
    ) async throws(EnrollmentError) {
        try await self.store.confirmService(record, certificate: certificate, receipt: receipt)
    }

    func serviceCertificate(for use: String) async throws(EnrollmentError) -> ServiceCertificateRecord? {
        try await self.store.serviceCertificate(for: use)
    }

    func sealingParameters() async throws(EnrollmentError) -> [UInt8]? { try await self.store.sealingParameters() }

    func storeSealingParameters(_ parameters: [UInt8]) async throws(EnrollmentError) {
        try await self.store.storeSealingParameters(parameters)
    }

    // MARK: Ceremonies

    func ceremonies() async throws(EnrollmentError) -> [CeremonyRecord] { try await self.store.ceremonies() }

    func openCeremony(_ ceremony: CeremonyRecord, act: AdministrativeAct) async throws(EnrollmentError) {
        try await self.recording { () throws(EnrollmentError) in
            try await self.store.openCeremony(ceremony, act: act)
        }
    }

    func closeCeremony(
        _ id: String,
        as state: CeremonyRecord.State,
        act: AdministrativeAct
    ) async throws(EnrollmentError) -> Bool {
        try await self.recording { () throws(EnrollmentError) in
            try await self.store.closeCeremony(id, as: state, act: act)
        }
    }

    // MARK: Rotation

    func issuerFigures(at now: Timestamp) async throws(EnrollmentError) -> IssuerFigures {
        try await self.store.issuerFigures(at: now)
    }

    func links() async throws(EnrollmentError) -> [LinkCertificate] { try await self.store.links() }

    func confirmPrepared(
        _ issuer: IssuerRecord,
        certificate: IssuedCertificate,
        receipt: IntentReceipt,
        act: AdministrativeAct
    ) async throws(EnrollmentError) {
        try await self.recording { () throws(EnrollmentError) in
            try await self.store.confirmPrepared(issuer, certificate: certificate, receipt: receipt, act: act)
        }
    }

    func confirmLink(
        _ link: LinkCertificate,
        certificate: IssuedCertificate,
        receipt: IntentReceipt
    ) async throws(EnrollmentError) {
        try await self.recording { () throws(EnrollmentError) in
            try await self.store.confirmLink(link, certificate: certificate, receipt: receipt)
        }
    }

    func apply(
        _ change: RotationChange,
        announcing announcements: [RotationAnnouncement],
        by act: AdministrativeAct
    ) async throws(EnrollmentError) {
        try await self.recording { () throws(EnrollmentError) in
            try await self.store.apply(change, announcing: announcements, by: act)
        }
    }

    func rehearse(
        _ change: RotationChange,
        announcing announcements: [RotationAnnouncement],
        by act: AdministrativeAct
    ) async throws(EnrollmentError) {
        try await self.store.rehearse(change, announcing: announcements, by: act)
    }

    func devices(
        lacking issuerID: String,
        at now: Timestamp,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<AdoptionGap> {
        try await self.store.devices(lacking: issuerID, at: now, after: after, limit: limit)
    }

    func devices(
        holding issuerID: String,
        at now: Timestamp,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<DeviceRecord> {
        try await self.store.devices(holding: issuerID, at: now, after: after, limit: limit)
    }

    // MARK: Revocation

    func revoke(_ order: RevocationOrder) async throws(EnrollmentError) -> RevocationOutcome {
        try await self.recording { () throws(EnrollmentError) in try await self.store.revoke(order) }
    }

    func rehearse(_ order: RevocationOrder) async throws(EnrollmentError) -> RevocationOutcome {
        try await self.store.rehearse(order)
    }

    func revocable(
        _ selection: RevocationSelection,
        at now: Timestamp,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<SerialNumber> {
        try await self.store.revocable(selection, at: now, after: after, limit: limit)
    }

    func blockKey(_ digest: [UInt8], act: AdministrativeAct) async throws(EnrollmentError) -> Bool {
        try await self.store.blockKey(digest, act: act)
    }

    func status(of serialNumber: SerialNumber, issuedBy issuerID: String) async throws(EnrollmentError)
        -> CertificateStatus
    {
        try await self.store.status(of: serialNumber, issuedBy: issuerID)
    }

    func revocation(of serialNumber: SerialNumber) async throws(EnrollmentError) -> Revocation? {
        try await self.store.revocation(of: serialNumber)
    }

    func changes(after ordinal: Int64, limit: Int) async throws(EnrollmentError) -> [RevocationChange] {
        try await self.store.changes(after: ordinal, limit: limit)
    }

    func newestChange() async throws(EnrollmentError) -> Int64 { try await self.store.newestChange() }

    func announce(_ shards: [CRLShard]) async throws(EnrollmentError) {
        try await self.recording { () throws(EnrollmentError) in try await self.store.announce(shards) }
    }

    func shards() async throws(EnrollmentError) -> [CRLStanding] { try await self.store.shards() }

    func takeTurn(
        at shard: CRLShard,
        holder: String,
        now: Timestamp,
        until: Timestamp
    ) async throws(EnrollmentError) -> CRLTurnOutcome {
        try await self.recording { () throws(EnrollmentError) in
            try await self.store.takeTurn(at: shard, holder: holder, now: now, until: until)
        }
    }

    func entries(
        of shard: CRLShard,
        notEndedBefore moment: Timestamp,
        after serialNumber: SerialNumber?,
        limit: Int
    ) async throws(EnrollmentError) -> [CRLEntry] {
        try await self.store.entries(of: shard, notEndedBefore: moment, after: serialNumber, limit: limit)
    }

    func record(_ turn: CRLTurn, toBeSignedDigest: [UInt8], at now: Timestamp) async throws(EnrollmentError) {
        try await self.recording { () throws(EnrollmentError) in
            try await self.store.record(turn, toBeSignedDigest: toBeSignedDigest, at: now)
        }
    }

    func publish(_ crl: PublishedCRL, by turn: CRLTurn, at now: Timestamp) async throws(EnrollmentError) {
        try await self.recording { () throws(EnrollmentError) in
            try await self.store.publish(crl, by: turn, at: now)
        }
    }

    func crl(of shard: CRLShard) async throws(EnrollmentError) -> PublishedCRL? { try await self.store.crl(of: shard) }
}
