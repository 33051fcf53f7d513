internal import EnrollmentCore
internal import SQLiteKit

/// Notes that a device was seen with one of its certificates.
struct ContactTransaction {
    /// A contact so little later than the last one changes nothing: it would be written at every connection.
    private static let precision: Int64 = 600

    private let devices: DeviceTable
    private let certificates: CertificateTable
    private let trust: TrustTable
    private let supersession: Supersession

    init(on connection: SQLiteConnection) {
        self.devices = DeviceTable(connection: connection)
        self.certificates = CertificateTable(connection: connection)
        self.trust = TrustTable(connection: connection)
        self.supersession = Supersession(on: connection)
    }

    /// What a contact comes to, and whether that has to be written.
    static func judge(
        _ contact: Contact,
        _ sighting: CertificateTable.Sighting?
    ) -> (outcome: ContactOutcome, needsWriting: Bool) {
        guard let sighting else { return (.unknown, false) }
        guard let device = sighting.device, sighting.isValid, sighting.notAfter >= contact.time,
            device.state.occupiesSlot, device.state != .held
        else { return (.notCurrent(device: sighting.device?.id), false) }
        let isFirst = sighting.seen == nil
        let isLater = contact.time.seconds(since: device.lastProvenContact) >= Self.precision
        return (.noted(device: device.id, isFirst: isFirst), isFirst || isLater)
    }

    func note(_ contact: Contact) throws -> ContactOutcome {
        let sighting = try self.certificates.sighting(thumbprint: contact.thumbprint)
        let (outcome, needsWriting) = Self.judge(contact, sighting)
        if needsWriting, let sighting, let device = sighting.device {
            try self.see(sighting, device.id, at: contact.time)
        }
        return outcome
    }

    /// Writes that the device was seen with the certificate.
    ///
    /// The first time shows that its answer arrived: the device has the authorities that came with it, and what it held
    /// before has been replaced. A later certificate is not touched, which may just be on its way.
    func see(_ sighting: CertificateTable.Sighting, _ device: DeviceID, at now: Timestamp) throws {
        try self.devices.touch(device, at: now)
        guard sighting.seen == nil else { return }
        try self.certificates.markSeen(sighting.serial, at: now)
        try self.trust.confirm(sighting.delivered, of: device, at: now)
        try self.devices.activate(device)
        let older = try self.certificates.issued(to: device, before: sighting.ordinal)
        try self.supersession.end(older, of: device, at: now)
    }
}
