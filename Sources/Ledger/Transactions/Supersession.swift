internal import EnrollmentCore
internal import SQLText

/// Ends certificates that a later one of the same device has replaced: state, revocation and event together.
struct Supersession {
    private let certificates: CertificateTable
    private let revocations: RevocationTable
    private let outbox: OutboxTable

    init(on connection: LedgerConnection) {
        self.certificates = CertificateTable(connection: connection)
        self.revocations = RevocationTable(connection: connection)
        self.outbox = OutboxTable(connection: connection)
    }

    /// Ends those of these devices whose overlap has run out.
    ///
    /// One that is its device's current one, because its successor was revoked, stays and is no longer marked.
    ///
    /// - Returns: How many were ended.
    func end(dueBy moment: Timestamp, of devices: Set<DeviceID>, limit: Int) throws -> Int {
        var ended = 0
        let listed = try self.certificates.due(by: moment, limit: limit).filter { devices.contains($0.device) }
        try self.revocations.foresee(listed.filter { !$0.isCurrent }.map(\.serial))
        for due in listed {
            if due.isCurrent {
                try self.certificates.keep(due.serial)
            } else {
                try self.end(due.serial, of: due.device, at: moment)
                ended += 1
            }
        }
        return ended
    }

    func end(_ serials: [SerialNumber], of device: DeviceID, at now: Timestamp) throws {
        try self.revocations.foresee(serials)
        for serial in serials { try self.end(serial, of: device, at: now) }
    }

    private func end(_ serial: SerialNumber, of device: DeviceID, at now: Timestamp) throws {
        try self.certificates.end(serial, as: .superseded, reason: CertificateRecord.replaced)
        // One revoked for a graver reason, or an earlier moment, stays so.
        _ = try self.revocations.revoke(serial, reason: .superseded, at: now)
        try self.outbox.tell(.superseded, of: device, about: serial, at: now)
    }
}
