internal import EnrollmentCore
internal import SQLText

/// Ends a reservation inside one transaction: with a certificate, with a refusal, or because nothing came.
struct ConclusionTransaction {
    private let devices: DeviceTable
    private let certificates: CertificateTable
    private let revocations: RevocationTable
    private let attempts: AttemptTable
    private let outbox: OutboxTable
    private let supersession: Supersession
    private let connection: LedgerConnection

    init(on connection: LedgerConnection) {
        self.connection = connection
        self.devices = DeviceTable(connection: connection)
        self.certificates = CertificateTable(connection: connection)
        self.revocations = RevocationTable(connection: connection)
        self.attempts = AttemptTable(connection: connection)
        self.outbox = OutboxTable(connection: connection)
        self.supersession = Supersession(on: connection)
    }

    /// Stores the certificate, makes the hand-off event and closes the attempt.
    func confirm(_ confirmation: Confirmation) throws {
        try self.foresee(confirmation)
        let certificate = confirmation.certificate
        let intent = try self.certificates.openIntent(confirmation.receipt, for: certificate)
        guard let device = intent.device.flatMap({ DeviceID(octets: $0) }),
            let standing = try self.devices.standing(ofHolderOf: certificate.serialNumber), standing.state.occupiesSlot
        else {
            throw EnrollmentError(
                .internalService,
                "The device of the intent \(confirmation.receipt.serialNumber) has ended; the certificate was not stored.",
                rule: "ledger.deviceEnded"
            )
        }
        if standing.state == .held { throw EnrollmentError.deviceHeld(device) }
        if let reason = try self.certificates.blockReason(ofKeyOf: certificate.serialNumber) {
            throw EnrollmentError(
                .certificateRequest,
                "The request's public key was blocked while it was being certified: \(reason). The certificate was not"
                    + " stored; the device has to make a new key.",
                rule: "key.blocked"
            )
        }
        // Whoever asked again does not wait for this answer any more, and uses the other.
        guard try !self.certificates.isFollowed(certificate.serialNumber) else {
            throw EnrollmentError.overtaken(certificate.serialNumber, confirmation.course)
        }
        try self.certificates.issue(certificate)
        switch confirmation.course {
        case .enrollment(let sealedAccount, let terms):
            guard intent.predecessor == nil else { throw EnrollmentError.otherCourse(certificate.serialNumber) }
            try self.enroll(standing, confirmation, sealedAccount, terms)
        case .renewal(let predecessor, let attributes):
            guard intent.predecessor == predecessor.octets else {
                throw EnrollmentError.otherCourse(certificate.serialNumber)
            }
            try self.renew(device, from: predecessor, confirmation, attributes)
        }
        try self.attempts.close(confirmation.attempt)
    }

    /// Asks what judging takes in one go.
    private func foresee(_ confirmation: Confirmation) throws {
        let serial = confirmation.certificate.serialNumber
        var questions: [() throws -> Void] = [
            { _ = try self.certificates.intent(serial) },
            { _ = try self.devices.standing(ofHolderOf: serial) },
            { _ = try self.certificates.blockReason(ofKeyOf: serial) },
            { _ = try self.certificates.isFollowed(serial) },
            { _ = try self.attempts.isClosed(confirmation.attempt.traceID) },
        ]
        if case .renewal(let predecessor, _) = confirmation.course {
            let started = confirmation.attempt.started
            questions += [
                { _ = try self.certificates.sighting(of: predecessor) },
                { _ = try self.certificates.hasUnseen(renewedFrom: predecessor, askedForAfter: started) },
                { _ = try self.certificates.unseen(renewedFrom: predecessor, besides: serial) },
            ]
        }
        try self.connection.foresee(questions)
    }

    private func enroll(
        _ standing: DeviceTable.Standing,
        _ confirmation: Confirmation,
        _ sealedAccount: [UInt8],
        _ terms: EnrollmentTerms
    ) throws {
        let certificate = confirmation.certificate
        if standing.certificateSerial != nil {
            try self.certificates.supersede(
                othersThan: certificate.serialNumber,
                of: standing.device,
                after: confirmation.supersedeAfter
            )
        }
        try self.devices.issue(standing.device, holding: certificate, on: terms, at: confirmation.now)
        let event = HandOffEvent(
            id: confirmation.eventID,
            kind: .enrolled,
            device: standing.device,
            generation: Int(standing.generation) + 1,
            serialNumber: certificate.serialNumber
        )
        try self.outbox.insert(
            event,
            predecessor: standing.certificateSerial,
            traceID: confirmation.attempt.traceID,
            sealedAccount: sealedAccount,
            details: Self.details(terms.attributes),
            provider: terms.providerID,
            at: confirmation.now
        )
    }

    /// A predecessor that lost its standing since the reservation is followed by nothing: whoever ended it meant so.
    private func renew(
        _ device: DeviceID,
        from predecessor: SerialNumber,
        _ confirmation: Confirmation,
        _ attributes: [Fact]
    ) throws {
        let certificate = confirmation.certificate
        guard try self.certificates.sighting(of: predecessor)?.isValid == true else {
            throw EnrollmentError(
                .notEligibleToRenew,
                "The certificate \(predecessor) was revoked or superseded while it was being renewed; the new one was"
                    + " not stored.",
                rule: "renewal.overtaken",
                facts: [Fact("predecessor", predecessor.description)]
            )
        }
        let started = confirmation.attempt.started
        if try self.certificates.hasUnseen(renewedFrom: predecessor, askedForAfter: started) {
            throw EnrollmentError(
                .notEligibleToRenew,
                "The device asked again while this request was under way, and has its answer; the new certificate was not"
                    + " stored.",
                rule: "renewal.overtaken",
                facts: [Fact("predecessor", predecessor.description)]
            )
        }
        let siblings = try self.certificates.unseen(renewedFrom: predecessor, besides: certificate.serialNumber)
        try self.supersession.end(siblings, of: device, at: confirmation.now)
        try self.certificates.overlap(predecessor, until: confirmation.supersedeAfter)
        try self.devices.renew(device, holding: certificate)
        try self.outbox.tell(
            .renewed,
            of: device,
            about: certificate.serialNumber,
            id: confirmation.eventID,
            predecessor: predecessor,
            traceID: confirmation.attempt.traceID,
            details: Self.details(attributes),
            at: confirmation.now
        )
    }

    private static func details(_ attributes: [Fact]) -> [Fact] {
        attributes.map { Fact(FeedEvent.attributePrefix + $0.name, $0.value) }
    }

    /// Frees the slot of a reservation that led to no certificate.
    func release(_ receipt: IntentReceipt, keyUse: AuthorityKeyUse, closing attempt: Attempt) throws {
        let serial = receipt.serialNumber
        guard let intent = try self.certificates.intent(serial), intent.isOpen || intent.isExpired,
            intent.digest == receipt.toBeSignedDigest
        else { throw EnrollmentError.noOpenIntent(serial) }
        let now = Timestamp(microseconds: attempt.started.microseconds + attempt.microseconds)
        switch keyUse {
        case .none:
            // What was never signed is on hold no longer than its device.
            _ = try self.revocations.lift(serial, at: now)
            try self.certificates.end(serial, as: .closed, reason: attempt.rule ?? "released")
        case .possible:
            try self.certificates.end(serial, as: .intent, reason: attempt.rule ?? "released")
            _ = try self.revocations.revoke(serial, reason: .cessationOfOperation, at: now)
        }
        try self.endReservation(serial, intent)
        try self.attempts.close(attempt)
    }

    /// Ends reservations that were never concluded; whether anything was signed is not known, so the intents stay, and
    /// are revoked.
    ///
    /// - Returns: How many were ended.
    func release(_ serials: [SerialNumber], madeBefore moment: Timestamp, at now: Timestamp) throws -> Int {
        var ended = 0
        try self.certificates.foresee(serials)
        try self.revocations.foresee(serials)
        for serial in serials {
            guard let intent = try self.certificates.intent(serial), intent.isOpen else { continue }
            try self.certificates.end(serial, as: .intent, reason: CertificateTable.Intent.expired)
            _ = try self.revocations.revoke(serial, reason: .cessationOfOperation, at: now)
            try self.endReservation(serial, intent)
            if let traceID = intent.traceID { try self.attempts.expire(traceID) }
            ended += 1
        }
        return ended
    }

    private func endReservation(_ serial: SerialNumber, _ intent: CertificateTable.Intent) throws {
        guard let device = intent.device else { return }
        try self.devices.endReservation(
            of: device,
            serial: serial.octets,
            other: try self.certificates.otherOpenIntent(of: device, besides: serial.octets),
            previousContact: intent.previousContact
        )
    }
}

extension CertificateTable {
    /// The open intent that the receipt is for.
    ///
    /// - Throws: ``EnrollmentError`` with code `internalService` when there is none, it was ended, it is for other
    ///   octets, or the certificate is for another serial number.
    func openIntent(_ receipt: IntentReceipt, for certificate: IssuedCertificate) throws -> Intent {
        guard let intent = try self.intent(receipt.serialNumber), intent.isOpen else {
            throw EnrollmentError.noOpenIntent(receipt.serialNumber)
        }
        guard intent.digest == receipt.toBeSignedDigest, certificate.serialNumber == receipt.serialNumber else {
            throw EnrollmentError(
                .internalService,
                "The certificate \(receipt.serialNumber) is not the one that was recorded; it was not stored.",
                rule: "ledger.digest"
            )
        }
        return intent
    }
}

extension EnrollmentError {
    /// A renewal's certificate confirmed as an enrollment's, or the other way round.
    fileprivate static func otherCourse(_ serial: SerialNumber) -> EnrollmentError {
        EnrollmentError(
            .internalService,
            "The certificate \(serial) was recorded for another purpose than it is confirmed for; it was not stored.",
            rule: "ledger.course"
        )
    }

    /// An answer that comes after a later request of the same device was answered.
    fileprivate static func overtaken(_ serial: SerialNumber, _ course: Confirmation.Course) -> EnrollmentError {
        let detail = "The device asked again and has a later certificate than \(serial), which was not stored."
        return switch course {
        case .enrollment: EnrollmentError(.internalService, detail, rule: "ledger.overtaken")
        case .renewal: EnrollmentError(.notEligibleToRenew, detail, rule: "renewal.overtaken")
        }
    }

    static func noOpenIntent(_ serial: SerialNumber) -> EnrollmentError {
        EnrollmentError(
            .internalService,
            "There is no open intent with the serial number \(serial); nothing was recorded.",
            rule: "ledger.intent"
        )
    }
}
