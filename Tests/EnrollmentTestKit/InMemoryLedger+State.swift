internal import EnrollmentCore

extension InMemoryLedger.State {
    /// Whether the issuer is on record as one that does not sign new certificates.
    func isRetiredOrWaiting(_ issuerID: String) -> Bool {
        self.issuers.contains { $0.id == issuerID && $0.state != .active }
    }

    func recognized(_ keys: [RecognitionKey], of userID: String) -> InMemoryLedger.Device? {
        let live = self.devices.reversed().filter { $0.record.userID == userID && $0.record.state.occupiesSlot }
        for key in keys {
            let found = live.first { device in
                switch key {
                case .device(let id): device.record.device == id
                case .hardware(let text): device.record.hardwareID == text
                case .enrollment(let text): device.record.claimedDeviceID.lowercased() == text
                }
            }
            if let found { return found }
        }
        return nil
    }

    func filledSlots(of userID: String, staleBefore: Timestamp) -> [CountedDevice] {
        self.devices.reversed().map(\.record)
            .filter { $0.userID == userID && $0.counts(staleBefore: staleBefore) }
            .sorted { $0.lastProvenContact > $1.lastProvenContact }
            .map {
                CountedDevice(
                    device: $0.device,
                    name: $0.name,
                    state: $0.state,
                    lastProvenContact: $0.lastProvenContact,
                    certificateEnds: $0.certificateEnds
                )
            }
    }

    func index(of serial: SerialNumber) -> Int? {
        self.certificates.firstIndex { $0.record.serialNumber == serial }
    }

    func openIntent(_ receipt: IntentReceipt, for certificate: IssuedCertificate) throws(EnrollmentError) -> Int {
        guard let index = self.index(of: receipt.serialNumber), self.certificates[index].isOpen else {
            throw InMemoryLedger.refusal("ledger.intent")
        }
        guard self.certificates[index].record.toBeSignedDigest == receipt.toBeSignedDigest,
            certificate.serialNumber == receipt.serialNumber
        else { throw InMemoryLedger.refusal("ledger.digest") }
        return index
    }

    mutating func recordIntent(
        _ prepared: PreparedCertificate,
        at now: Timestamp,
        device: DeviceID? = nil,
        traceID: TraceID? = nil,
        previousContact: Timestamp? = nil,
        predecessor: SerialNumber? = nil,
        protection: KeyProtection = .unstated,
        delivered: [String] = [],
        evidence: InMemoryLedger.Evidence? = nil
    ) -> IntentReceipt {
        let record = CertificateRecord(
            serialNumber: prepared.draft.serialNumber,
            issuerID: prepared.draft.issuerID,
            state: .intent,
            profile: prepared.draft.profile.description,
            device: device,
            subject: prepared.subject,
            notBefore: prepared.draft.validity.notBefore,
            notAfter: prepared.draft.validity.notAfter,
            recorded: now,
            toBeSignedDigest: prepared.toBeSignedDigest,
            toBeSigned: prepared.toBeSigned,
            keyDigest: prepared.keyDigest,
            der: nil,
            thumbprint: nil,
            reason: nil,
            crlShard: prepared.draft.crlShard,
            protection: protection,
            predecessor: predecessor
        )
        self.certificates.append(
            InMemoryLedger.Certificate(
                record: record,
                traceID: traceID,
                previousContact: previousContact,
                delivered: delivered,
                evidence: evidence
            )
        )
        return IntentReceipt(
            serialNumber: prepared.draft.serialNumber,
            toBeSignedDigest: prepared.toBeSignedDigest
        )
    }

    mutating func issue(_ certificate: IssuedCertificate, at index: Int) {
        self.certificates[index].record = self.certificates[index].record
            .with(state: .issued, reason: nil, certificate: certificate)
        self.certificates[index].windowsThumbprint = certificate.windowsThumbprint
    }

    mutating func insert(_ attempt: Attempt) -> Bool {
        guard !self.attempts.contains(where: { $0.traceID == attempt.traceID }) else { return false }
        self.attempts.append(attempt)
        self.tellLimitReached(attempt)
        return true
    }

    mutating func close(_ attempt: Attempt) throws(EnrollmentError) {
        guard let index = self.attempts.firstIndex(where: { $0.traceID == attempt.traceID }) else {
            self.attempts.append(attempt)
            self.tellLimitReached(attempt)
            return
        }
        guard self.attempts[index].outcome == .open || self.attempts[index].rule == "reservation.expired" else {
            throw InMemoryLedger.refusal("ledger.attemptClosed")
        }
        self.attempts[index] = attempt
        self.tellLimitReached(attempt)
    }

    mutating func expire(_ traceID: TraceID) {
        guard let index = self.attempts.firstIndex(where: { $0.traceID == traceID && $0.outcome == .open }) else {
            return
        }
        self.attempts[index].outcome = .refused
        self.attempts[index].code = .enrollmentServer
        self.attempts[index].rule = "reservation.expired"
        self.attempts[index].detail = "It was never concluded; its reservation was released."
    }

    /// Ends an intent and, where no other reservation of its device is open, gives the slot back.
    mutating func end(_ index: Int, as state: CertificateState, reason: String) {
        let certificate = self.certificates[index]
        self.certificates[index].record = certificate.record.with(state: state, reason: reason)
        self.giveBackPermit(usedFor: certificate.record.serialNumber)
        guard let device = self.devices.firstIndex(where: { $0.record.device == certificate.record.device }),
            self.devices[device].pendingSerial == certificate.record.serialNumber
        else { return }
        let other = self.certificates.last { $0.isOpen && $0.record.device == certificate.record.device }
        self.devices[device].pendingSerial = other?.record.serialNumber
        guard other == nil else { return }
        let record = self.devices[device].record
        let ended: DeviceState = record.certificateSerial == nil ? .released : .expired
        self.devices[device].record = record.with(
            state: record.state == .reserved ? ended : record.state,
            lastProvenContact: certificate.previousContact
        )
    }

    mutating func release(
        _ receipt: IntentReceipt,
        keyUse: AuthorityKeyUse,
        closing attempt: Attempt
    ) throws(EnrollmentError) {
        let serial = receipt.serialNumber
        guard let index = self.index(of: serial),
            self.certificates[index].isOpen || self.certificates[index].isExpired,
            self.certificates[index].record.toBeSignedDigest == receipt.toBeSignedDigest
        else { throw InMemoryLedger.refusal("ledger.intent") }
        let now = Timestamp(microseconds: attempt.started.microseconds + attempt.microseconds)
        let reason = attempt.rule ?? "released"
        switch keyUse {
        case .none:
            _ = self.lift(serial, at: now)
            self.end(index, as: .closed, reason: reason)
        case .possible:
            self.end(index, as: .intent, reason: reason)
            _ = self.revoke(serial, reason: .cessationOfOperation, at: now)
        }
        try self.close(attempt)
    }

    mutating func confirm(_ confirmation: Confirmation) throws(EnrollmentError) {
        let certificate = confirmation.certificate
        let index = try self.openIntent(confirmation.receipt, for: certificate)
        guard let id = self.certificates[index].record.device,
            let device = self.devices.firstIndex(where: { $0.record.device == id }),
            self.devices[device].record.state.occupiesSlot
        else { throw InMemoryLedger.refusal("ledger.deviceEnded") }
        if self.devices[device].record.state == .held { throw Self.held(id) }
        guard self.blockedKeys[self.certificates[index].record.keyDigest] == nil else {
            throw EnrollmentError(.certificateRequest, "The key is blocked.", rule: "key.blocked")
        }
        let isFollowed = self.certificates[index...].dropFirst()
            .contains { $0.record.device == id && $0.record.state == .issued }
        guard !isFollowed else {
            if case .enrollment = confirmation.course { throw InMemoryLedger.refusal("ledger.overtaken") }
            throw EnrollmentError(.notEligibleToRenew, "It was overtaken.", rule: "renewal.overtaken")
        }
        self.issue(certificate, at: index)
        switch confirmation.course {
        case .enrollment(let sealedAccount, let terms):
            guard self.certificates[index].record.predecessor == nil else {
                throw InMemoryLedger.refusal("ledger.course")
            }
            self.enroll(device, holding: index, confirmation, sealedAccount, terms)
        case .renewal(let predecessor, _):
            guard self.certificates[index].record.predecessor == predecessor else {
                throw InMemoryLedger.refusal("ledger.course")
            }
            try self.renew(device, holding: index, from: predecessor, confirmation)
        }
        if self.devices[device].pendingSerial == certificate.serialNumber { self.devices[device].pendingSerial = nil }
        try self.close(confirmation.attempt)
    }

    private mutating func enroll(
        _ device: Int,
        holding index: Int,
        _ confirmation: Confirmation,
        _ sealedAccount: [UInt8],
        _ terms: EnrollmentTerms
    ) {
        let id = self.devices[device].record.device
        let former = self.devices[device].record.certificateSerial
        for other in self.certificates.indices where other != index {
            let record = self.certificates[other].record
            guard record.device == id, record.state == .issued, record.supersedeAfter == nil else { continue }
            self.certificates[other].record = record.with(supersedeAfter: confirmation.supersedeAfter)
        }
        self.devices[device].record = self.devices[device].record
            .with(state: .issued, certificate: confirmation.certificate, terms: terms)
        self.devices[device].issued = confirmation.now
        self.devices[device].isSilenceTold = false
        self.tell(
            .enrolled,
            of: device,
            about: confirmation.certificate.serialNumber,
            id: confirmation.eventID,
            predecessor: former,
            traceID: confirmation.attempt.traceID,
            sealedAccount: sealedAccount,
            details: InMemoryLedger.HandOff.details(terms.attributes),
            at: confirmation.now
        )
    }

    static func held(_ device: DeviceID) -> EnrollmentError {
        EnrollmentError(.authorization, "The device \(device) is held.", rule: "device.held")
    }
}
