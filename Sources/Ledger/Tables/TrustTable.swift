internal import EnrollmentCore
internal import SQLText

/// Which authorities each device is known to have: adoption of a new one is counted here.
struct TrustTable {
    let connection: LedgerConnection

    /// Ids of the authorities that the device is known to have.
    func trusted(by device: DeviceID) throws -> Set<String> {
        let row = try self.connection.prepare("SELECT issuer_id FROM trust WHERE device = ?1")
        try row.bind(device.octets, at: 1)
        var trusted: Set<String> = []
        while try row.step() { trusted.insert(row.text(0)) }
        return trusted
    }

    /// Notes what came with a certificate that the device was seen with; what was known before keeps its moment.
    func confirm(_ issuers: [String], of device: DeviceID, at now: Timestamp) throws {
        for issuer in issuers {
            let statement = try self.connection.prepare(
                "INSERT INTO trust VALUES (?1, ?2, ?3) ON CONFLICT (device, issuer_id) DO NOTHING"
            )
            try statement.bind(device.octets, at: 1)
            try statement.bind(issuer, at: 2)
            try statement.bind(now.microseconds, at: 3)
            try statement.run()
        }
    }
}
