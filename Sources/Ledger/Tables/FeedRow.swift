internal import EnrollmentCore
internal import SQLText

/// An event with everything that is joined to it, as one row of a statement.
struct FeedRow {
    let ordinal: Int64
    let event: FeedEvent

    static let columns: SQL = """
        SELECT o.ordinal, o.recorded, o.position, o.device, o.kind, o.event, o.generation, o.serial, o.predecessor,
            o.trace_id, o.sealed_account, o.subject, o.details,
            d.state, d.name, d.claimed_device_id, d.hardware_id, d.enrollment_type, coalesce(o.provider, d.provider), d.ownership,
            d.ownership_rule, d.user_id, u.principal_name, d.first_enrolled, d.certificate_serial,
            c.issuer_id, c.not_before, c.not_after, c.thumbprint, c.windows_thumbprint, c.key_protection, c.evidence,
            p.issuer_id, p.not_before, p.not_after, p.thumbprint, p.windows_thumbprint, p.key_protection, p.evidence,
            a.verb, a.actor, a.reason, a.ticket, a.recorded
        FROM outbox o LEFT JOIN device d ON d.id = o.device LEFT JOIN "user" u ON u.id = d.user_id
            LEFT JOIN certificate c ON c.serial = o.serial LEFT JOIN certificate p ON p.serial = o.predecessor
            LEFT JOIN act a ON a.trace_id = o.trace_id
        """

    static func all(_ row: borrowing LedgerStatement) throws -> [FeedRow] {
        var rows: [FeedRow] = []
        while try row.step() { rows.append(try FeedRow(row)) }
        return rows
    }

    init(_ row: borrowing LedgerStatement) throws {
        guard let id = DeviceID(octets: row.octets(5)), let kind = HandOffEvent.Kind(rawValue: row.text(4)),
            let device = row.isNull(3) ? .some(nil) : DeviceID(octets: row.octets(3)).map(Optional.some),
            let serial = row.isNull(7) ? .some(nil) : SerialNumber(octets: row.octets(7)).map(Optional.some)
        else { throw EnrollmentError.unreadable("a hand-off event") }
        let traceID = row.optionalText(9).flatMap { TraceID($0) }
        let predecessor = row.optionalOctets(8).flatMap { SerialNumber(octets: $0) }
        self.ordinal = row.integer(0)
        self.event = FeedEvent(
            position: row.integer(2),
            event: HandOffEvent(
                id: id,
                kind: kind,
                device: device,
                generation: Int(row.integer(6)),
                serialNumber: serial
            ),
            recorded: Timestamp(microseconds: row.integer(1)),
            traceID: traceID,
            device: try device.flatMap { try Self.device($0, row, 13) },
            certificate: try serial.flatMap { try Self.certificate($0, row, 25) },
            predecessor: try predecessor.flatMap { try Self.certificate($0, row, 32) },
            act: try traceID.flatMap { try Self.act($0, row, 39) },
            sealedAccount: row.optionalOctets(10),
            details: try row.optionalOctets(12).map { try Fact.decode($0) } ?? [],
            subject: row.optionalText(11)
        )
    }

    /// A device from twelve columns, the first of them its state; `nil` where none was joined.
    static func device(_ id: DeviceID, _ row: borrowing LedgerStatement, _ first: Int32) throws -> DeviceFacts? {
        guard !row.isNull(first) else { return nil }
        guard let state = DeviceState(rawValue: row.text(first)),
            let type = EnrollmentType(rawValue: row.text(first + 4)),
            let ownership = EnrollmentTerms.Ownership(rawValue: row.text(first + 6))
        else { throw EnrollmentError.unreadable("a device") }
        return DeviceFacts(
            device: id,
            state: state,
            name: row.text(first + 1),
            claimedDeviceID: row.text(first + 2),
            hardwareID: row.optionalText(first + 3),
            enrollmentType: type,
            providerID: row.text(first + 5),
            ownership: ownership,
            ownershipRule: row.text(first + 7),
            userID: row.text(first + 8),
            userPrincipalName: row.text(first + 9),
            firstEnrolled: Timestamp(microseconds: row.integer(first + 10)),
            currentSerial: row.optionalOctets(first + 11).flatMap { SerialNumber(octets: $0) }
        )
    }

    /// A certificate from seven columns, the first of them its issuer; `nil` where none was joined.
    static func certificate(_ serial: SerialNumber, _ row: borrowing LedgerStatement, _ first: Int32) throws
        -> ProvenCertificate?
    {
        guard !row.isNull(first) else { return nil }
        guard let protection = KeyProtection(rawValue: row.text(first + 5)) else {
            throw EnrollmentError.unreadable("a certificate")
        }
        let evidence = try CertificateTable.readEvidence(row.octets(first + 6))
        return ProvenCertificate(
            serialNumber: serial,
            issuerID: row.text(first),
            notBefore: Timestamp(microseconds: row.integer(first + 1)),
            notAfter: Timestamp(microseconds: row.integer(first + 2)),
            thumbprint: row.optionalOctets(first + 3),
            windowsThumbprint: row.optionalOctets(first + 4),
            protection: protection,
            credentialKind: evidence?.credentialKind ?? "",
            userID: evidence?.userID ?? "",
            userPrincipalName: evidence?.principalName ?? "",
            source: evidence?.source ?? "",
            claims: evidence?.claims
        )
    }

    private static func act(_ traceID: TraceID, _ row: borrowing LedgerStatement, _ first: Int32) throws
        -> AdministrativeAct?
    {
        guard !row.isNull(first) else { return nil }
        guard let verb = AdministrativeAct.Verb(rawValue: row.text(first)) else {
            throw EnrollmentError.unreadable("an act")
        }
        return AdministrativeAct(
            traceID: traceID,
            verb: verb,
            actor: row.text(first + 1),
            reason: row.text(first + 2),
            ticket: row.optionalText(first + 3),
            time: Timestamp(microseconds: row.integer(first + 4))
        )
    }
}

extension FeedEvent {
    /// The same with the attempt behind it.
    func with(attempt: Attempt?) -> FeedEvent {
        FeedEvent(
            position: self.position,
            event: self.event,
            recorded: self.recorded,
            traceID: self.traceID,
            device: self.device,
            certificate: self.certificate,
            predecessor: self.predecessor,
            act: self.act,
            sealedAccount: self.sealedAccount,
            details: self.details,
            attempt: attempt,
            subject: self.subject
        )
    }
}
