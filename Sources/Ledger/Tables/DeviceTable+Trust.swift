internal import EnrollmentCore
internal import SQLText

/// What devices are known to have of the authorities: adoption of a new one is counted here.
extension DeviceTable {
    /// Notes what came with a certificate that the device was seen with.
    func trust(_ issuers: [String], besides known: Set<String>, _ device: DeviceID) throws {
        let all = known.union(issuers)
        guard all != known else { return }
        let statement = try self.connection.prepare("UPDATE device SET trusted = ?2 WHERE id = ?1")
        try statement.bind(device.octets, at: 1)
        try statement.bind(TrustedSet.encode(all), at: 2)
        try statement.run()
    }

    private static let counts: SQL = """
        SELECT trusted, count(*) FROM device INDEXED BY device_trust
        WHERE is_live = 1 AND certificate_ends >= ?1 GROUP BY trusted
        """

    /// How many live devices know the same authorities, for each such set: one walk through an index.
    func countTrust(at now: Timestamp) throws -> [(issuers: Set<String>, devices: Int)] {
        let row = try self.connection.prepare(Self.counts)
        try row.bind(now.microseconds, at: 1)
        var counts: [(issuers: Set<String>, devices: Int)] = []
        while try row.step() { counts.append((TrustedSet.decode(row.text(0)), Int(row.integer(1)))) }
        return counts
    }

    /// The sets that live devices know; one look into the index for each, however many devices have it.
    private func trustedSets() throws -> [String] {
        var sets = [""]
        while let last = sets.last {
            let row = try self.connection.prepare(
                """
                SELECT min(trusted) FROM device INDEXED BY device_trust
                WHERE is_live = 1 AND certificate_ends IS NOT NULL AND trusted > ?1
                """
            )
            try row.bind(last, at: 1)
            guard try row.step(), let next = row.optionalText(0) else { break }
            sets.append(next)
        }
        return sets
    }

    // MARK: Lists

    private static let lacking =
        Self.list
            + """
                , c.issuer_id, c.delivered
            FROM device d INDEXED BY device_trust CROSS JOIN "user" u ON u.id = d.user_id
                CROSS JOIN certificate c ON c.serial = d.certificate_serial
            WHERE d.is_live = 1 AND d.trusted = ?3 AND d.certificate_ends >= ?4 AND d.certificate_ends <= ?5
                AND (d.certificate_ends < ?5 OR d.ordinal < ?1)
            ORDER BY d.certificate_ends DESC, d.ordinal DESC LIMIT ?2
            """

    /// Live devices that are not known to have an authority's certificate, those whose certificate ends last first.
    ///
    /// As many walks through the index as there are sets without it, merged: whoever has it is not even passed by.
    func lacking(_ issuer: String, at now: Timestamp, after key: String?, limit: Int) throws -> Page<AdoptionGap> {
        let after = try PairKey(key, otherwise: PairKey(.max, .max))
        let limit = PageSize.clamped(limit)
        var found: [(gap: AdoptionGap, key: PairKey)] = []
        for set in try self.trustedSets() where !TrustedSet.decode(set).contains(issuer) {
            let row = try self.connection.prepare(Self.lacking)
            try row.bind(after.second, at: 1)
            try row.bind(limit + 1, at: 2)
            try row.bind(set, at: 3)
            try row.bind(now.microseconds, at: 4)
            try row.bind(after.first, at: 5)
            while try row.step() {
                let delivered = try row.optionalOctets(24).map { try TextList.decode($0) } ?? []
                let gap = AdoptionGap(
                    device: try Self.record(row),
                    issuerID: row.text(23),
                    reason: delivered.contains(issuer) ? .notSeen : .notDelivered
                )
                found.append((gap, PairKey(row.integer(16), row.integer(0))))
            }
        }
        found.sort { ($0.key.first, $0.key.second) > ($1.key.first, $1.key.second) }
        let page = found.prefix(limit)
        return Page(elements: page.map(\.gap), next: found.count > limit ? page.last?.key.description : nil)
    }

    private static let holding =
        Self.list
            + """
                , c.not_after, c.ordinal
            FROM certificate c INDEXED BY certificate_live CROSS JOIN device d ON d.id = c.device
                CROSS JOIN "user" u ON u.id = d.user_id
            WHERE c.state = 'issued' AND c.issuer_id = ?3 AND c.not_after >= ?4
                AND (c.not_after > ?4 OR c.ordinal > ?1) AND +d.is_live = 1
                AND NOT EXISTS (
                    SELECT 1 FROM certificate o INDEXED BY certificate_device
                    WHERE o.device = c.device AND +o.state = 'issued' AND +o.issuer_id = ?3
                        AND (+o.not_after > c.not_after OR +o.not_after = c.not_after AND o.ordinal > c.ordinal))
            ORDER BY c.not_after, c.ordinal LIMIT ?2
            """

    /// Live devices that hold a certificate of this issuer, the one whose last such certificate ends first first.
    func holding(_ issuer: String, at now: Timestamp, after key: String?, limit: Int) throws -> Page<DeviceRecord> {
        let after = try PairKey(key, otherwise: PairKey(now.microseconds, 0))
        let limit = PageSize.clamped(limit)
        let row = try self.connection.prepare(Self.holding)
        try row.bind(after.second, at: 1)
        try row.bind(limit + 1, at: 2)
        try row.bind(issuer, at: 3)
        try row.bind(max(after.first, now.microseconds), at: 4)
        var devices: [DeviceRecord] = []
        var last: PairKey?
        while try row.step() {
            if devices.count == limit { return Page(elements: devices, next: last?.description) }
            devices.append(try Self.record(row))
            last = PairKey(row.integer(23), row.integer(24))
        }
        return Page(elements: devices, next: nil)
    }
}
