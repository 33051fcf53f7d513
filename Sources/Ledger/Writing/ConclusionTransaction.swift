internal import EnrollmentCore
internal import SQLiteKit

/// Ends a reservation inside one transaction: with a certificate, with a refusal, or because nothing came.
struct ConclusionTransaction {
    private let devices: DeviceTable
    private let certificates: CertificateTable
    private let attempts: AttemptTable
    private let outbox: OutboxTable

    init(on connection: SQLiteConnection) {
        self.devices = DeviceTable(connection: connection)
        self.certificates = CertificateTable(connection: connection)
        self.attempts = AttemptTable(connection: connection)
        self.outbox = OutboxTable(connection: connection)
    }

    /// Stores the certificate, makes the hand-off event and closes the attempt.
    func confirm(_ confirmation: Confirmation) throws {
        let certificate = confirmation.certificate
        let intent = try self.certificates.openIntent(confirmation.receipt, for: certificate)
        guard let device = intent.device.flatMap({ DeviceID(octets: $0) }),
            let standing = try self.devices.standing(of: device), standing.state.occupiesSlot
        else {
            throw EnrollmentError(
                .internalService,
                "The device of the intent \(confirmation.receipt.serialNumber) has ended; the certificate was not stored.",
                rule: "ledger.deviceEnded"
            )
        }
        let predecessor = standing.certificateSerial
        try self.certificates.issue(certificate)
        if predecessor != nil {
            try self.certificates.supersede(
                othersThan: certificate.serialNumber,
                of: device,
                after: confirmation.supersedeAfter
            )
        }
        try self.devices.issue(device, holding: certificate)
        guard case .enrollment(let sealedAccount) = confirmation.course else {
            throw EnrollmentError(.internalService, "Renewals are not recorded yet.", rule: "ledger.renewal")
        }
        let event = HandOffEvent(
            id: confirmation.eventID,
            kind: .enrolled,
            device: device,
            generation: Int(standing.generation) + 1,
            serialNumber: certificate.serialNumber
        )
        try self.outbox.insert(
            event,
            predecessor: predecessor,
            traceID: confirmation.attempt.traceID,
            sealedAccount: sealedAccount,
            at: confirmation.now
        )
        try self.attempts.close(confirmation.attempt)
    }

    /// Frees the slot of a reservation that led to no certificate.
    func release(_ receipt: IntentReceipt, keyUse: AuthorityKeyUse, closing attempt: Attempt) throws {
        let serial = receipt.serialNumber
        guard let intent = try self.certificates.intent(serial), intent.isOpen || intent.isExpired,
            intent.digest == receipt.toBeSignedDigest
        else { throw EnrollmentError.noOpenIntent(serial) }
        let state: CertificateState = keyUse == .none ? .closed : .intent
        try self.certificates.end(serial, as: state, reason: attempt.rule ?? "released")
        try self.endReservation(serial, intent)
        try self.attempts.close(attempt)
    }

    /// Ends reservations that were never concluded; whether anything was signed is not known, so the intents stay.
    ///
    /// - Returns: How many were ended.
    func release(madeBefore moment: Timestamp, limit: Int) throws -> Int {
        let serials = try self.certificates.openIntents(recordedBefore: moment, limit: limit)
        for serial in serials {
            guard let intent = try self.certificates.intent(serial) else { continue }
            try self.certificates.end(serial, as: .intent, reason: CertificateTable.Intent.expired)
            try self.endReservation(serial, intent)
            if let traceID = intent.traceID { try self.attempts.expire(traceID) }
        }
        return serials.count
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
    static func noOpenIntent(_ serial: SerialNumber) -> EnrollmentError {
        EnrollmentError(
            .internalService,
            "There is no open intent with the serial number \(serial); nothing was recorded.",
            rule: "ledger.intent"
        )
    }
}
