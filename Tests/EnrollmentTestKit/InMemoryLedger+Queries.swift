public import EnrollmentCore
internal import Synchronization

extension InMemoryLedger: LedgerQueries {
    public func devices(_ query: DeviceQuery) async throws(EnrollmentError) -> Page<DeviceRecord> {
        let all = self.state.withLock { $0.devices.map(\.record) }
        return try Self.page(all, after: query.after, limit: query.limit) { device in
            (query.userID == nil || device.userID == query.userID)
                && (query.state == nil || device.state == query.state)
        }
    }

    public func device(_ id: DeviceID) async throws(EnrollmentError) -> DeviceRecord? {
        self.state.withLock { $0.devices.first { $0.record.device == id }?.record }
    }

    public func devices(matching text: String, limit: Int) async throws(EnrollmentError) -> [DeviceRecord] {
        let all = self.state.withLock { $0.devices.map(\.record) }
        let digits = text.lowercased().filter { $0 != "-" && $0 != "{" && $0 != "}" }
        let matching = all.filter { device in
            device.name.lowercased() == text.lowercased()
                || digits.count >= 8 && Hexadecimal.encode(device.device.octets).hasPrefix(digits)
        }
        return Array(matching.prefix(max(0, limit)))
    }

    public func certificates(
        _ query: CertificateQuery
    ) async throws(EnrollmentError) -> Page<CertificateRecord> {
        let all = self.state.withLock { $0.certificates.map(\.record) }
        return try Self.page(all, after: query.after, limit: query.limit) { certificate in
            (query.state == nil || certificate.state == query.state)
                && (query.issuerID == nil || certificate.issuerID == query.issuerID)
                && (query.device == nil || certificate.device == query.device)
        }
    }

    public func certificate(_ serialNumber: SerialNumber) async throws(EnrollmentError) -> CertificateRecord? {
        self.state.withLock { $0.certificates.first { $0.record.serialNumber == serialNumber }?.record }
    }

    public func certificate(thumbprint: [UInt8]) async throws(EnrollmentError) -> CertificateRecord? {
        self.state.withLock { $0.certificates.first { $0.record.thumbprint == thumbprint }?.record }
    }

    public func attempts(_ query: AttemptQuery) async throws(EnrollmentError) -> Page<Attempt> {
        let all = self.state.withLock { $0.attempts }
        let name = query.claimedName?.lowercased()
        return try Self.page(all, after: query.after, limit: query.limit) { attempt in
            (query.outcome == nil || attempt.outcome == query.outcome)
                && (query.operation == nil || attempt.operation == query.operation)
                && (query.userID == nil || attempt.userID == query.userID)
                && (name == nil || attempt.claimedName?.lowercased() == name)
                && (query.device == nil || attempt.device == query.device)
        }
    }

    public func attempt(_ traceID: TraceID) async throws(EnrollmentError) -> Attempt? {
        self.state.withLock { $0.attempts.first { $0.traceID == traceID } }
    }

    public func user(_ name: String) async throws(EnrollmentError) -> UserRecord? {
        self.state.withLock { state in
            let named = state.users.values.filter { $0.principalName.lowercased() == name.lowercased() }
            return state.users[name] ?? named.max { $0.lastSeen < $1.lastSeen }
        }
    }

    public func counted(
        userID: String,
        staleBefore: Timestamp
    ) async throws(EnrollmentError) -> [CountedDevice] {
        self.state.withLock { $0.filledSlots(of: userID, staleBefore: staleBefore) }
    }

    /// Newest first; the key is the position of the last element given.
    private static func page<Element: Sendable>(
        _ all: [Element],
        after key: String?,
        limit: Int,
        where fits: (Element) -> Bool
    ) throws(EnrollmentError) -> Page<Element> {
        let end = key.map { Int($0) } ?? all.count
        guard let end, (0...all.count).contains(end) else {
            throw EnrollmentError(.messageFormat, "The key is not one that a page gave.", rule: "query.after")
        }
        let positions = all[..<end].indices.reversed().filter { fits(all[$0]) }
        let page = positions.prefix(PageSize.clamped(limit))
        let next = page.count < positions.count ? page.last.map { String($0) } : nil
        return Page(elements: page.map { all[$0] }, next: next)
    }
}

extension DeviceRecord {
    func counts(staleBefore moment: Timestamp) -> Bool {
        self.state.occupiesSlot && !self.isShared && self.lastProvenContact >= moment
    }

    func with(
        state: DeviceState? = nil,
        isShared: Bool? = nil,
        generation: Int? = nil,
        lastProvenContact: Timestamp? = nil,
        certificate: IssuedCertificate? = nil,
        conflicts: [String]? = nil,
        claims: DeviceClaims? = nil,
        terms: EnrollmentTerms? = nil
    ) -> DeviceRecord {
        DeviceRecord(
            device: self.device,
            state: state ?? self.state,
            userID: self.userID,
            userPrincipalName: self.userPrincipalName,
            name: claims?.deviceName ?? self.name,
            enrollmentType: self.enrollmentType,
            hardwareID: claims?.usableHardwareID ?? self.hardwareID,
            claimedDeviceID: self.claimedDeviceID,
            osVersion: claims?.osVersion ?? self.osVersion,
            model: claims?.model ?? self.model,
            isShared: isShared ?? self.isShared,
            generation: generation ?? self.generation,
            firstEnrolled: self.firstEnrolled,
            lastProvenContact: lastProvenContact ?? self.lastProvenContact,
            certificateSerial: certificate?.serialNumber ?? self.certificateSerial,
            certificateEnds: certificate?.validity.notAfter ?? self.certificateEnds,
            conflicts: conflicts ?? self.conflicts,
            providerID: terms?.providerID ?? self.providerID,
            ownership: terms?.ownership ?? self.ownership,
            ownershipRule: terms?.ownershipRule ?? self.ownershipRule
        )
    }
}

extension CertificateRecord {
    func with(
        state: CertificateState? = nil,
        reason: String? = nil,
        certificate: IssuedCertificate? = nil,
        seen: Timestamp? = nil,
        supersedeAfter: Timestamp?? = nil
    ) -> CertificateRecord {
        CertificateRecord(
            serialNumber: self.serialNumber,
            issuerID: self.issuerID,
            state: state ?? self.state,
            profile: self.profile,
            device: self.device,
            subject: self.subject,
            notBefore: self.notBefore,
            notAfter: self.notAfter,
            recorded: self.recorded,
            toBeSignedDigest: self.toBeSignedDigest,
            toBeSigned: self.toBeSigned,
            keyDigest: self.keyDigest,
            der: certificate?.der ?? self.der,
            thumbprint: certificate?.thumbprint ?? self.thumbprint,
            reason: reason ?? self.reason,
            crlShard: self.crlShard,
            protection: self.protection,
            predecessor: self.predecessor,
            seen: seen ?? self.seen,
            supersedeAfter: supersedeAfter ?? self.supersedeAfter
        )
    }
}
