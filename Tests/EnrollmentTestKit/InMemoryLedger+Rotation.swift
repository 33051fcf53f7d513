public import EnrollmentCore
internal import Synchronization

extension InMemoryLedger: RotationLedger {
    // MARK: Looking

    public func issuerFigures(at now: Timestamp) async throws(EnrollmentError) -> IssuerFigures {
        self.state.withLock { state in
            let live = state.liveDevices(at: now)
            var figures: [String: IssuerFigures.Figure] = [:]
            for issuer in state.issuers {
                figures[issuer.id] = IssuerFigures.Figure(
                    liveCertificates: state.countLive(of: issuer.id, at: now),
                    knowingDevices: live.count { $0.trusted.contains(issuer.id) }
                )
            }
            return IssuerFigures(issuers: state.issuers, figures: figures, liveDevices: live.count)
        }
    }

    public func links() async throws(EnrollmentError) -> [LinkCertificate] {
        self.state.withLock { $0.links }
    }

    public func devices(
        lacking issuerID: String,
        at now: Timestamp,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<AdoptionGap> {
        let all = self.state.withLock { state in
            let lacking = state.liveDevices(at: now).enumerated().filter { !$0.element.trusted.contains(issuerID) }
            let sorted = lacking.sorted { one, other in
                (one.element.record.certificateEnds ?? now, one.offset)
                    > (other.element.record.certificateEnds ?? now, other.offset)
            }
            return sorted.compactMap { state.gap(of: $0.element, for: issuerID) }
        }
        return try Self.page(all, after: after, limit: limit)
    }

    public func devices(
        holding issuerID: String,
        at now: Timestamp,
        after: String?,
        limit: Int
    ) async throws(EnrollmentError) -> Page<DeviceRecord> {
        let all = self.state.withLock { state in
            let ends = state.devices.filter { $0.record.state.occupiesSlot }
                .compactMap { device -> (device: DeviceRecord, ends: Timestamp, place: Int)? in
                    let held = state.certificates.enumerated().filter { _, certificate in
                        certificate.record.device == device.record.device && certificate.record.issuerID == issuerID
                            && certificate.record.state == .issued && certificate.record.notAfter >= now
                    }
                    let last = held.max {
                        ($0.element.record.notAfter, $0.offset) < ($1.element.record.notAfter, $1.offset)
                    }
                    return last.map { (device.record, $0.element.record.notAfter, $0.offset) }
                }
            return ends.sorted { ($0.ends, $0.place) < ($1.ends, $1.place) }.map(\.device)
        }
        return try Self.page(all, after: after, limit: limit)
    }

    /// The key is the number of elements given so far.
    private static func page<Element: Sendable>(
        _ all: [Element],
        after: String?,
        limit: Int
    ) throws(EnrollmentError) -> Page<Element> {
        guard let start = after.map({ Int($0) }) ?? 0, (0...all.count).contains(start) else {
            throw EnrollmentError(.messageFormat, "The key is not one that a page gave.", rule: "query.after")
        }
        let page = all[start...].prefix(PageSize.clamped(limit))
        return Page(elements: Array(page), next: page.endIndex < all.count ? String(page.endIndex) : nil)
    }

    // MARK: New ones

    public func confirmPrepared(
        _ issuer: IssuerRecord,
        certificate: IssuedCertificate,
        receipt: IntentReceipt,
        act: AdministrativeAct
    ) async throws(EnrollmentError) {
        try self.transaction { (state) throws(EnrollmentError) in
            guard issuer.state == .prepared else { throw Self.rotation("changed") }
            guard !state.issuers.contains(where: { $0.id == issuer.id }) else { throw Self.rotation("id") }
            let hasNext = state.issuers.contains {
                $0.role == issuer.role && ($0.state == .prepared || $0.state == .published)
            }
            guard !hasNext else { throw Self.rotation("next-exists") }
            state.issue(certificate, at: try state.openIntent(receipt, for: certificate))
            state.issuers.append(issuer)
            state.issuerSerials[issuer.id] = certificate.serialNumber
            try state.record(act, device: nil, facts: issuer.preparationFacts)
        }
    }

    public func confirmLink(
        _ link: LinkCertificate,
        certificate: IssuedCertificate,
        receipt: IntentReceipt
    ) async throws(EnrollmentError) {
        try self.transaction { (state) throws(EnrollmentError) in
            let isThere = state.links.contains { $0.subjectID == link.subjectID && $0.signedBy == link.signedBy }
            guard !isThere else { throw Self.rotation("link-exists") }
            state.issue(certificate, at: try state.openIntent(receipt, for: certificate))
            state.links.append(link)
        }
    }

    // MARK: Steps

    public func apply(
        _ change: RotationChange,
        announcing announcements: [RotationAnnouncement],
        by act: AdministrativeAct
    ) async throws(EnrollmentError) {
        try self.transaction { (state) throws(EnrollmentError) in
            try state.apply(change, announcements, act)
        }
    }

    public func rehearse(
        _ change: RotationChange,
        announcing announcements: [RotationAnnouncement],
        by act: AdministrativeAct
    ) async throws(EnrollmentError) {
        var copy = self.state.withLock { $0 }
        try copy.apply(change, announcements, act)
    }

    static func rotation(_ rule: String) -> EnrollmentError {
        EnrollmentError(.authorization, "Nothing was done.", rule: "rotation." + rule)
    }
}

extension InMemoryLedger: CompromiseLedger {
    public func compromises() async throws(EnrollmentError) -> [CompromiseRecord] {
        self.state.withLock { $0.compromises.sorted { ($0.started, $0.issuerID) < ($1.started, $1.issuerID) } }
    }

    public func beginCompromise(
        of issuerID: String,
        successor: String?,
        perMinute: Int,
        by act: AdministrativeAct
    ) async throws(EnrollmentError) -> CompromiseRecord {
        try self.transaction { (state) throws(EnrollmentError) in
            guard state.issuers.contains(where: { $0.id == issuerID && $0.state == .compromised }) else {
                throw Self.rotation("changed")
            }
            let former = state.compromises.first { $0.issuerID == issuerID }
            let left = state.revocable(.issuer(issuerID), at: act.time).count
            let record = CompromiseRecord(
                issuerID: issuerID,
                successor: former.map(\.successor) ?? successor,
                traceID: former?.traceID ?? act.traceID,
                started: former?.started ?? act.time,
                total: former?.total ?? left,
                perMinute: perMinute,
                finished: left == 0 ? former?.finished : nil
            )
            state.compromises.removeAll { $0.issuerID == issuerID }
            state.compromises.append(record)
            return record
        }
    }

    public func finishCompromise(of issuerID: String, at now: Timestamp) async throws(EnrollmentError) -> Bool {
        self.state.withLock { state in
            guard let index = state.compromises.firstIndex(where: { $0.issuerID == issuerID }),
                state.revocable(.issuer(issuerID), at: now).isEmpty
            else { return false }
            let former = state.compromises[index]
            state.compromises[index] = CompromiseRecord(
                issuerID: issuerID,
                successor: former.successor,
                traceID: former.traceID,
                started: former.started,
                total: former.total,
                perMinute: former.perMinute,
                finished: former.finished ?? now
            )
            return true
        }
    }

    public func revocableCount(of issuerID: String, at now: Timestamp) async throws(EnrollmentError) -> Int {
        self.state.withLock { $0.revocable(.issuer(issuerID), at: now).count }
    }

    public func devicesToRevoke(of issuerID: String, at now: Timestamp) async throws(EnrollmentError) -> Int {
        self.state.withLock { state in
            let held = state.certificates.filter {
                $0.record.issuerID == issuerID && $0.record.state == .issued && $0.record.notAfter >= now
            }
            return Set(held.compactMap(\.record.device)).count
        }
    }
}
