internal import EnrollmentCore
internal import SQLText

/// Every serial number ever chosen, with what was to be signed and what was.
struct CertificateTable {
    /// What a transaction has to know of an intent.
    struct Intent {
        let device: [UInt8]?
        let traceID: String?
        let state: CertificateState
        let reason: String?
        let digest: [UInt8]
        let previousContact: Int64?
        /// The certificate that it renews; `nil` for an enrollment.
        let predecessor: [UInt8]?

        /// The reason of an intent whose reservation came to no end of its own.
        static let expired = "reservation.expired"

        /// Whether it still waits for its certificate.
        var isOpen: Bool { self.state == .intent && self.reason == nil }

        /// Whether housekeeping ended it; whoever works on it still has the last word on how it ended.
        var isExpired: Bool { self.state == .intent && self.reason == Self.expired }
    }

    let connection: LedgerConnection

    func holds(_ serial: SerialNumber) throws -> Bool {
        let statement = try self.connection.prepare("SELECT 1 FROM certificate WHERE serial = ?1")
        try statement.bind(serial.octets, at: 1)
        return try statement.step()
    }

    /// Who else has a certificate, or an intent of one, with this key.
    ///
    /// An ended intent of the same user holds nothing: its certificate, should there be one, was given to nobody.
    ///
    /// - Parameters:
    ///   - digest: SHA-256 over the SubjectPublicKeyInfo.
    ///   - device: Whose certificates do not matter; `nil` where everybody's do.
    ///   - userID: The user who asks.
    /// - Returns: `nil` for nobody; an empty id for the authority itself.
    /// - Throws: What the store answered.
    func holder(ofKey digest: [UInt8], otherThan device: DeviceID?, of userID: String) throws -> [UInt8]? {
        let statement = try self.connection.prepare(
            """
            SELECT device FROM certificate AS c
            WHERE key_digest = ?1 AND state <> 'closed' AND (?2 IS NULL OR device IS DISTINCT FROM ?2)
                AND NOT (state = 'intent' AND reason IS NOT NULL
                    AND EXISTS (SELECT 1 FROM device AS d WHERE d.id = c.device AND d.user_id = ?3))
            LIMIT 1
            """
        )
        try statement.bind(digest, at: 1)
        try statement.bind(device?.octets, at: 2)
        try statement.bind(userID, at: 3)
        return try statement.step() ? statement.octets(0) : nil
    }

    func blockReason(ofKey digest: [UInt8]) throws -> String? {
        let statement = try self.connection.prepare("SELECT reason FROM blocked_key WHERE key_digest = ?1")
        try statement.bind(digest, at: 1)
        return try statement.step() ? statement.text(0) : nil
    }

    func blockKey(_ digest: [UInt8], reason: String, at now: Timestamp) throws {
        let statement = try self.connection.prepare(
            "INSERT INTO blocked_key VALUES (?1, ?2, ?3) ON CONFLICT (key_digest) DO NOTHING"
        )
        try statement.bind(digest, at: 1)
        try statement.bind(reason, at: 2)
        try statement.bind(now.microseconds, at: 3)
        try statement.run()
    }

    /// What the record of a device's certificate says besides what is to be signed.
    struct Course {
        let device: DeviceID
        let traceID: TraceID
        /// When the device was seen before this request, to go back to should nothing come of it.
        var previousContact: Timestamp?
        /// The certificate that is renewed.
        var predecessor: SerialNumber?
        let protection: KeyProtection
        /// Ids of the authorities that the answer carries.
        let delivered: [String]
        let evidence: [UInt8]
    }

    /// Records what is about to be signed; the unique index on the serial number is the last word.
    ///
    /// - Parameters:
    ///   - prepared: What is to be signed.
    ///   - now: The present.
    ///   - course: What it is for; `nil` for the authority's and the service's own certificates.
    /// - Throws: What the store answered.
    func insert(_ prepared: PreparedCertificate, at now: Timestamp, for course: Course? = nil) throws {
        let draft = prepared.draft
        let statement = try self.connection.prepare(
            """
            INSERT INTO certificate (serial, issuer_id, state, profile, device, trace_id, subject, not_before,
                not_after, recorded, previous_contact, digest, key_digest, to_be_signed, evidence, crl_shard,
                key_protection, predecessor, delivered)
            VALUES (?1, ?2, 'intent', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
            """
        )
        try statement.bind(draft.serialNumber.octets, at: 1)
        try statement.bind(draft.issuerID, at: 2)
        try statement.bind(draft.profile.description, at: 3)
        try statement.bind(course?.device.octets, at: 4)
        try statement.bind(course?.traceID.description, at: 5)
        try statement.bind(prepared.subject, at: 6)
        try statement.bind(draft.validity.notBefore.microseconds, at: 7)
        try statement.bind(draft.validity.notAfter.microseconds, at: 8)
        try statement.bind(now.microseconds, at: 9)
        try statement.bind(course?.previousContact?.microseconds, at: 10)
        try statement.bind(prepared.toBeSignedDigest, at: 11)
        try statement.bind(prepared.keyDigest, at: 12)
        try statement.bind(prepared.toBeSigned, at: 13)
        try statement.bind(course?.evidence ?? [], at: 14)
        try statement.bind(draft.crlShard.map { Int64($0) }, at: 15)
        try statement.bind((course?.protection ?? .unstated).rawValue, at: 16)
        try statement.bind(course?.predecessor?.octets, at: 17)
        try statement.bind(course.flatMap { TextList.encode($0.delivered) }, at: 18)
        try statement.run()
    }

    /// Asks ahead what concluding these takes.
    func foresee(_ serials: [SerialNumber]) throws {
        try self.connection.foresee(serials.map { serial in { _ = try self.intent(serial) } })
    }

    /// Whether exactly this was recorded as about to be signed.
    func isIntended(_ receipt: IntentReceipt) throws -> Bool {
        try self.intent(receipt.serialNumber)?.digest == receipt.toBeSignedDigest
    }

    func intent(_ serial: SerialNumber) throws -> Intent? {
        let row = try self.connection.prepare(
            """
            SELECT device, trace_id, state, reason, digest, previous_contact, predecessor FROM certificate
            WHERE serial = ?1
            """
        )
        try row.bind(serial.octets, at: 1)
        guard try row.step() else { return nil }
        guard let state = CertificateState(rawValue: row.text(2)) else {
            throw EnrollmentError.unreadable("a certificate")
        }
        return Intent(
            device: row.optionalOctets(0),
            traceID: row.optionalText(1),
            state: state,
            reason: row.optionalText(3),
            digest: row.octets(4),
            previousContact: row.optionalInteger(5),
            predecessor: row.optionalOctets(6)
        )
    }

    /// The latest open intent of the device besides `serial`.
    func otherOpenIntent(of device: [UInt8], besides serial: [UInt8]) throws -> [UInt8]? {
        let statement = try self.connection.prepare(
            """
            SELECT serial FROM certificate
            WHERE device = ?1 AND state = 'intent' AND +reason IS NULL AND serial <> ?2
            ORDER BY ordinal DESC LIMIT 1
            """
        )
        try statement.bind(device, at: 1)
        try statement.bind(serial, at: 2)
        return try statement.step() ? statement.octets(0) : nil
    }

    /// Serial numbers of device intents recorded before `moment` and still open, oldest first.
    func openIntents(recordedBefore moment: Timestamp, limit: Int) throws -> [SerialNumber] {
        let row = try self.connection.prepare(
            """
            SELECT serial FROM certificate INDEXED BY certificate_open
            WHERE state = 'intent' AND reason IS NULL AND device IS NOT NULL AND recorded < ?1
            ORDER BY recorded LIMIT ?2
            """
        )
        try row.bind(moment.microseconds, at: 1)
        try row.bind(max(0, limit), at: 2)
        var serials: [SerialNumber] = []
        while try row.step() {
            guard let serial = SerialNumber(octets: row.octets(0)) else {
                throw EnrollmentError.unreadable("a serial number")
            }
            serials.append(serial)
        }
        return serials
    }

    /// Stores the signed certificate of an intent.
    func issue(_ certificate: IssuedCertificate) throws {
        let statement = try self.connection.prepare(
            """
            UPDATE certificate SET state = 'issued', der = ?2, thumbprint = ?3, windows_thumbprint = ?4
            WHERE serial = ?1
            """
        )
        try statement.bind(certificate.serialNumber.octets, at: 1)
        try statement.bind(certificate.der, at: 2)
        try statement.bind(certificate.thumbprint, at: 3)
        try statement.bind(certificate.windowsThumbprint, at: 4)
        try statement.run()
    }

    /// Marks what the device holds besides the certificate that replaces it; it stays valid until then.
    func supersede(othersThan serial: SerialNumber, of device: DeviceID, after moment: Timestamp) throws {
        let statement = try self.connection.prepare(
            """
            UPDATE certificate INDEXED BY certificate_device SET supersede_after = ?3
            WHERE device = ?1 AND serial <> ?2 AND state = 'issued' AND supersede_after IS NULL
            """
        )
        try statement.bind(device.octets, at: 1)
        try statement.bind(serial.octets, at: 2)
        try statement.bind(moment.microseconds, at: 3)
        try statement.run()
    }

    /// Gives a certificate or an intent the state that it ends in, with the reason.
    func end(_ serial: SerialNumber, as state: CertificateState, reason: String) throws {
        let statement = try self.connection.prepare(
            "UPDATE certificate SET state = ?2, reason = ?3 WHERE serial = ?1"
        )
        try statement.bind(serial.octets, at: 1)
        try statement.bind(state.rawValue, at: 2)
        try statement.bind(reason, at: 3)
        try statement.run()
    }
}
