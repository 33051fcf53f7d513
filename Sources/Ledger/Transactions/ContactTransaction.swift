internal import EnrollmentCore
internal import SQLText

/// Notes that a device was seen with one of its certificates.
struct ContactTransaction {
    /// A contact so little later than the last one changes nothing: it would be written at every connection.
    private static let precision: Int64 = 600

    private let devices: DeviceTable
    private let certificates: CertificateTable
    private let supersession: Supersession

    init(on connection: LedgerConnection) {
        self.devices = DeviceTable(connection: connection)
        self.certificates = CertificateTable(connection: connection)
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
    /// before has been replaced. A later certificate stays valid, since it may be on its way, but has to wait for that.
    func see(_ sighting: CertificateTable.Sighting, _ device: DeviceID, at now: Timestamp) throws {
        try self.devices.touch(device, at: now)
        guard sighting.seen == nil else { return }
        try self.certificates.markSeen(sighting.serial, at: now)
        try self.devices.trust(sighting.delivered, besides: sighting.device?.trusted ?? [], device)
        try self.devices.activate(device)
        try self.prefer(sighting, of: device)
        let older = try self.certificates.issued(to: device, before: sighting.serial)
        try self.supersession.end(older, of: device, at: now)
    }

    /// Makes what the device is seen with its current certificate, where another one has taken that place.
    ///
    /// Of two enrollments under way at once the one that is concluded last need not be the one whose answer the device
    /// has; were the other superseded when its time has come, the device would be lost.
    private func prefer(_ sighting: CertificateTable.Sighting, of device: DeviceID) throws {
        guard let moment = sighting.supersedeAfter,
            let current = try self.devices.standing(of: device)?.certificateSerial.flatMap({ SerialNumber(octets: $0) }
            ),
            current != sighting.serial, let rival = try self.certificates.sighting(of: current)
        else { return }
        // An earlier one is superseded now; one that was seen is what the device has by now.
        if rival.ordinal > sighting.ordinal {
            guard rival.seen == nil else { return }
            try self.certificates.overlap(current, until: moment)
        }
        try self.certificates.keep(sighting.serial)
        try self.devices.hold(sighting.serial, endingAt: sighting.notAfter, of: device)
    }
}
