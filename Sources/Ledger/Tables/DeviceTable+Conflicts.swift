internal import EnrollmentCore
internal import SQLText

extension DeviceTable {
    /// Sentences about claims that contradict what the ledger knows.
    ///
    /// They are for people to judge: a claim alone never revokes anything and never moves a device to another user.
    ///
    /// - Parameters:
    ///   - claims: What the device says about itself now.
    ///   - userID: Who uses it.
    ///   - known: The device that it is; `nil` for a new one.
    ///   - isProven: Whether it proved that with its certificate.
    /// - Returns: The sentences; empty where nothing contradicts.
    /// - Throws: What the store answered, or that a row cannot be read.
    func conflicts(
        of claims: DeviceClaims,
        by userID: String,
        recognizedAs known: Standing?,
        isProven: Bool = false
    ) throws -> [String] {
        var conflicts: [String] = []
        if claims.hasPlaceholderHardwareID {
            conflicts.append("The claimed hardware id is a placeholder that cannot tell machines apart.")
        }
        if let hardware = claims.usableHardwareID {
            conflicts += try self.others(than: userID, claiming: hardware)
        }
        if let before = claims.contradictedHardwareID(known?.hardwareID), let now = claims.usableHardwareID {
            let how = isProven ? "renews" : "repeats our id"
            conflicts.append(
                "The device \(how) from another machine: its hardware id was \(before.prefix(16))… and"
                    + " is \(now.prefix(16))… now."
            )
        }
        if let own = claims.managementDeviceID, let owner = try self.owner(of: own), owner.id != userID {
            conflicts.append("The device repeats our id \(own), which belongs to a device of \(owner.name).")
        }
        return conflicts
    }

    /// Adds sentences that are not there yet; the oldest go when there are too many.
    static func merged(_ fresh: [String], into known: [String]) -> [String] {
        let added = fresh.filter { !known.contains($0) }
        return Array((known + added).suffix(Self.mostConflicts))
    }

    private func others(than userID: String, claiming hardware: String) throws -> [String] {
        let row = try self.connection.prepare(
            """
            SELECT d.id, u.principal_name FROM device d CROSS JOIN "user" u ON u.id = d.user_id
            WHERE d.hardware_id = ?1 AND d.user_id <> ?2
                AND d.is_live = 1
            LIMIT 3
            """
        )
        try row.bind(hardware, at: 1)
        try row.bind(userID, at: 2)
        var sentences: [String] = []
        while try row.step() {
            guard let device = DeviceID(octets: row.octets(0)) else { throw EnrollmentError.unreadable("a device") }
            sentences.append("The same hardware id is claimed by device \(device) of \(row.text(1)).")
        }
        return sentences
    }

    private func owner(of device: DeviceID) throws -> (id: String, name: String)? {
        let row = try self.connection.prepare(
            "SELECT u.id, u.principal_name FROM device d CROSS JOIN \"user\" u ON u.id = d.user_id WHERE d.id = ?1"
        )
        try row.bind(device.octets, at: 1)
        return try row.step() ? (row.text(0), row.text(1)) : nil
    }
}
