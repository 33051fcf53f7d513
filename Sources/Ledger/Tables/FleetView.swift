internal import EnrollmentCore
internal import SQLText

/// The fleet by the ends of its certificates.
struct FleetView {
    let connection: LedgerConnection

    /// Where a page of devices ends: by end, and by ordinal among those of one end.
    private struct Position {
        let ends: Int64
        let ordinal: Int64

        init(ends: Int64, ordinal: Int64) {
            self.ends = ends
            self.ordinal = ordinal
        }

        init(_ key: String) throws(EnrollmentError) {
            let parts = key.split(separator: "-", omittingEmptySubsequences: false).map { Int64($0) }
            guard parts.count == 2, let ends = parts[0], let ordinal = parts[1] else {
                throw EnrollmentError(
                    .messageFormat,
                    "The key to continue a list after is not one that a page gave.",
                    rule: "query.after"
                )
            }
            self.init(ends: ends, ordinal: ordinal)
        }

        var key: String { "\(self.ends)-\(self.ordinal)" }
    }

    func fallingOut(endingBefore moment: Timestamp, after: String?, limit: Int) throws -> Page<FallingOutDevice> {
        let start = try after.map { (key) throws(EnrollmentError) in try Position(key) }
        let limit = PageSize.clamped(limit)
        let devices = DeviceTable(connection: self.connection)
        let attempts = AttemptTable(connection: self.connection)
        let row = try self.connection.prepare(
            """
            SELECT ordinal, certificate_ends, id, certificate_serial FROM device INDEXED BY device_ends
            WHERE is_live = 1 AND certificate_ends < ?1 AND certificate_ends >= ?2
                AND (certificate_ends > ?2 OR ordinal > ?3)
            ORDER BY certificate_ends, ordinal LIMIT ?4
            """
        )
        try row.bind(moment.microseconds, at: 1)
        try row.bind(start?.ends ?? 0, at: 2)
        try row.bind(start?.ordinal ?? 0, at: 3)
        try row.bind(limit + 1, at: 4)
        var elements: [FallingOutDevice] = []
        var last: Position?
        while try row.step() {
            if elements.count == limit { return Page(elements: elements, next: last?.key) }
            guard let id = DeviceID(octets: row.octets(2)), let device = try devices.find(id) else {
                throw EnrollmentError.unreadable("a device")
            }
            let failure = try attempts.lastRefusedRenewal(of: id, since: row.optionalOctets(3))
            elements.append(FallingOutDevice(device: device, lastFailure: failure))
            last = Position(ends: row.integer(1), ordinal: row.integer(0))
        }
        return Page(elements: elements, next: nil)
    }

    func health(at now: Timestamp) throws -> FleetHealth {
        let buckets = try FleetHealth.ranges.map { days in
            FleetHealth.Bucket(
                days: days,
                count: try self.count(
                    from: now.adding(days: days.lowerBound),
                    before: now.adding(days: days.upperBound + 1)
                )
            )
        }
        return FleetHealth(
            buckets: buckets,
            refusedRenewals: try self.refusedRenewals(endingBefore: now.adding(days: 30))
        )
    }

    /// One look into the index for each, however many devices have it.
    func managementAccounts() throws -> [String] {
        var accounts: [String] = []
        while accounts.count < 100 {
            let row = try self.connection.prepare(
                "SELECT min(provider) FROM device INDEXED BY device_account WHERE is_live = 1 AND provider > ?1"
            )
            try row.bind(accounts.last ?? "", at: 1)
            guard try row.step(), let next = row.optionalText(0) else { break }
            accounts.append(next)
        }
        return accounts
    }

    private func count(from start: Timestamp, before end: Timestamp) throws -> Int {
        let row = try self.connection.prepare(
            """
            SELECT count(*) FROM (
                SELECT 1 FROM device INDEXED BY device_ends
                WHERE is_live = 1 AND certificate_ends >= ?1 AND certificate_ends < ?2 LIMIT ?3) AS counted
            """
        )
        try row.bind(start.microseconds, at: 1)
        try row.bind(end.microseconds, at: 2)
        try row.bind(FleetHealth.most, at: 3)
        return try row.step() ? Int(row.integer(0)) : 0
    }

    /// Looks at the first ``FleetHealth/most`` devices only: those that end soonest.
    private func refusedRenewals(endingBefore moment: Timestamp) throws -> Int {
        let row = try self.connection.prepare(
            """
            SELECT count(*) FROM (
                SELECT id, certificate_serial FROM device INDEXED BY device_ends
                WHERE is_live = 1 AND certificate_ends < ?1 ORDER BY certificate_ends LIMIT ?2) AS ending
            WHERE EXISTS (
                SELECT 1 FROM attempt INDEXED BY attempt_device
                WHERE device = id AND operation = 'renewal' AND outcome = 'refused'
                    AND started >= coalesce((SELECT recorded FROM certificate c WHERE c.serial = certificate_serial), 0))
            """
        )
        try row.bind(moment.microseconds, at: 1)
        try row.bind(FleetHealth.most, at: 2)
        return try row.step() ? Int(row.integer(0)) : 0
    }
}
