package import EnrollmentCore
internal import Glibc
internal import SQLText
internal import SQLiteKit

/// Compares what a management server says it has with the ledger and the directory, in a file that is gone with the
/// process: a fleet of any size takes little memory.
///
/// Filled first, then matched, then asked; not for two tasks at once.
package final class FleetComparison {
    private let connection: SQLiteConnection
    /// Devices that enrolled later may not have been told yet, and are missing nowhere.
    private let enrolledBefore: Timestamp
    /// Devices that nobody saw since are silent.
    private let seenAfter: Timestamp

    /// - Parameters:
    ///   - enrolledBefore: Devices that enrolled later are not missed.
    ///   - seenAfter: Devices that were not seen since are silent.
    ///   - folder: Where the file is made.
    /// - Throws: `EnrollmentError` when it cannot be made.
    package init(
        enrolledBefore: Timestamp,
        seenAfter: Timestamp,
        folder: String = "/tmp"
    ) throws(EnrollmentError) {
        self.enrolledBefore = enrolledBefore
        self.seenAfter = seenAfter
        var path = Array("\(folder)/gatehouse-comparison-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        guard descriptor >= 0 else {
            throw EnrollmentError(
                .enrollmentServer,
                "No file could be made in \(folder) to compare in: \(String(cString: strerror(errno))).",
                rule: "comparison.file"
            )
        }
        close(descriptor)
        // Open, and without a name from the beginning: whatever ends the process, nothing is left behind.
        defer { unlink(path) }
        let name = String(decoding: path.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        self.connection = try Self.asking { () throws(SQLiteError) in
            let connection = try SQLiteConnection(path: name, access: .readWrite)
            try connection.execute(Self.schema)
            try connection.begin()
            return connection
        }
    }

    private static let schema: SQL = """
        PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384;
        CREATE TABLE device (
            id BLOB PRIMARY KEY, live INTEGER NOT NULL, elsewhere INTEGER NOT NULL, state TEXT NOT NULL,
            name TEXT NOT NULL, user_id TEXT NOT NULL, user TEXT NOT NULL, claimed TEXT NOT NULL, enrolled INTEGER NOT NULL, contact INTEGER NOT NULL,
            serial BLOB, sha BLOB
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE held (sha BLOB PRIMARY KEY, device BLOB NOT NULL) STRICT, WITHOUT ROWID;
        CREATE TABLE told (
            line INTEGER PRIMARY KEY, sha BLOB, device BLOB, claimed TEXT, user TEXT, seen INTEGER, match BLOB
        ) STRICT;
        CREATE TABLE absent (user_id TEXT PRIMARY KEY, gone INTEGER NOT NULL, detail TEXT NOT NULL) STRICT, WITHOUT ROWID;
        """

    // MARK: Filling

    private static let insertTold: SQL =
        "INSERT INTO told (line, sha, device, claimed, user, seen) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"

    /// Takes one line of the export.
    package func add(_ told: ToldDevice) throws(EnrollmentError) {
        try Self.asking { () throws(SQLiteError) in
            let statement = try self.connection.prepare(Self.insertTold)
            try statement.bind(told.line, at: 1)
            try statement.bind(told.thumbprint, at: 2)
            try statement.bind(told.device?.octets, at: 3)
            try statement.bind(told.claimedDeviceID?.lowercased(), at: 4)
            try statement.bind(told.user?.lowercased(), at: 5)
            try statement.bind(told.lastSeen?.microseconds, at: 6)
            try statement.run()
        }
    }

    private static let insertDevice: SQL = """
        INSERT INTO device (id, live, state, name, user_id, user, claimed, enrolled, contact, serial, elsewhere)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (id) DO NOTHING
        """

    /// Takes a device of the ledger; one that is read twice counts once.
    ///
    /// - Parameters:
    ///   - device: The device.
    ///   - isElsewhere: Whether it is another management server's: this one need not have it.
    /// - Throws: `EnrollmentError` when the file cannot be written.
    package func add(_ device: DeviceRecord, isElsewhere: Bool = false) throws(EnrollmentError) {
        let isLive =
            switch device.state {
            case .issued, .handedOff, .active, .held: true
            case .reserved, .released, .reset, .revoked, .expired: false
            }
        try Self.asking { () throws(SQLiteError) in
            let statement = try self.connection.prepare(Self.insertDevice)
            try statement.bind(device.device.octets, at: 1)
            try statement.bind(isLive, at: 2)
            try statement.bind(device.state.rawValue, at: 3)
            try statement.bind(device.name, at: 4)
            try statement.bind(device.userID, at: 5)
            try statement.bind(device.userPrincipalName, at: 6)
            try statement.bind(device.claimedDeviceID.lowercased(), at: 7)
            try statement.bind(device.firstEnrolled.microseconds, at: 8)
            try statement.bind(device.lastProvenContact.microseconds, at: 9)
            try statement.bind(device.certificateSerial?.octets, at: 10)
            try statement.bind(isElsewhere, at: 11)
            try statement.run()
        }
    }

    private static let insertHeld: SQL =
        "INSERT INTO held (sha, device) VALUES (?1, ?2) ON CONFLICT (sha) DO NOTHING"
    private static let setCurrent: SQL = "UPDATE device SET sha = ?1 WHERE id = ?2 AND serial = ?3"

    /// Takes a certificate of the ledger, after its device.
    package func add(_ certificate: CertificateRecord) throws(EnrollmentError) {
        guard let thumbprint = certificate.thumbprint, let device = certificate.device else { return }
        try Self.asking { () throws(SQLiteError) in
            let held = try self.connection.prepare(Self.insertHeld)
            try held.bind(thumbprint, at: 1)
            try held.bind(device.octets, at: 2)
            try held.run()
            let current = try self.connection.prepare(Self.setCurrent)
            try current.bind(thumbprint, at: 1)
            try current.bind(device.octets, at: 2)
            try current.bind(certificate.serialNumber.octets, at: 3)
            try current.run()
        }
    }

    private static let insertAbsent: SQL = "INSERT INTO absent (user_id, gone, detail) VALUES (?1, ?2, ?3)"

    /// Notes that the directory has a user no more, or lets them not in.
    package func note(absent userID: String, isGone: Bool, detail: String) throws(EnrollmentError) {
        try Self.asking { () throws(SQLiteError) in
            let statement = try self.connection.prepare(Self.insertAbsent)
            try statement.bind(userID, at: 1)
            try statement.bind(isGone, at: 2)
            try statement.bind(detail, at: 3)
            try statement.run()
        }
    }

    // MARK: Matching

    private static let matching: SQL = """
        CREATE INDEX device_claimed ON device (claimed);
        UPDATE told SET match = COALESCE(
            (SELECT d.id FROM device d WHERE d.id = told.device),
            (SELECT h.device FROM held h WHERE h.sha = told.sha),
            (SELECT d.id FROM device d WHERE d.claimed = told.claimed ORDER BY d.live DESC, d.enrolled DESC LIMIT 1));
        CREATE INDEX told_match ON told (match);
        CREATE INDEX device_user ON device (user_id) WHERE live AND NOT elsewhere;
        """

    /// Finds for each line of the export the device that it is about: by our id, a certificate, the client's `DeviceID`,
    /// in this order.
    package func match() throws(EnrollmentError) {
        try Self.asking { () throws(SQLiteError) in
            try self.connection.execute(Self.matching)
            try self.connection.commit()
            try self.connection.begin()
        }
    }

    private static let usersAfter: SQL =
        "SELECT DISTINCT user_id FROM device WHERE live AND NOT elsewhere AND user_id > ?1 ORDER BY user_id LIMIT ?2"

    /// Owners of live devices of the server's, by id.
    package func users(after id: String, limit: Int) throws(EnrollmentError) -> [String] {
        try Self.asking { () throws(SQLiteError) in
            let row = try self.connection.prepare(Self.usersAfter)
            try row.bind(id, at: 1)
            try row.bind(limit, at: 2)
            var users: [String] = []
            while try row.step() { users.append(row.text(0)) }
            return users
        }
    }

    /// How many live devices of the server's and lines there are.
    package func size() throws(EnrollmentError) -> (live: Int, told: Int) {
        try Self.asking { () throws(SQLiteError) in
            (
                Int(try self.connection.integer("SELECT count(*) FROM device WHERE live AND NOT elsewhere") ?? 0),
                Int(try self.connection.integer("SELECT count(*) FROM told") ?? 0)
            )
        }
    }

    // MARK: Asking

    /// How many there are of a kind.
    package func count(of kind: Discrepancy.Kind) throws(EnrollmentError) -> Int {
        try Self.asking { () throws(SQLiteError) in
            let row = try self.connection.prepare(ComparisonQuestion.count(of: kind))
            try self.bindMoments(row)
            return try row.step() ? Int(row.integer(0)) : 0
        }
    }

    /// What there is of a kind, by device, and where there is none by line.
    ///
    /// - Parameters:
    ///   - kind: What is looked for.
    ///   - skipping: How many were read before.
    ///   - limit: At most so many.
    /// - Returns: The findings.
    /// - Throws: `EnrollmentError` when the file cannot be read.
    package func findings(
        of kind: Discrepancy.Kind,
        skipping: Int = 0,
        limit: Int
    ) throws(EnrollmentError) -> [Discrepancy] {
        try Self.asking { () throws(SQLiteError) in
            let row = try self.connection.prepare(ComparisonQuestion.list(of: kind))
            try self.bindMoments(row)
            try row.bind(limit, at: 3)
            try row.bind(skipping, at: 4)
            var findings: [Discrepancy] = []
            while try row.step() {
                findings.append(
                    Discrepancy(
                        kind: kind,
                        line: row.optionalInteger(0).map { Int($0) },
                        device: row.optionalOctets(1).flatMap { DeviceID(octets: $0) },
                        state: row.optionalText(2).flatMap { DeviceState(rawValue: $0) },
                        name: row.optionalText(3),
                        user: row.optionalText(4),
                        current: row.optionalOctets(5),
                        told: row.optionalOctets(6),
                        toldUser: row.optionalText(7),
                        seen: row.optionalInteger(8).map { Timestamp(microseconds: $0) },
                        detail: row.optionalText(9)
                    )
                )
            }
            return findings
        }
    }

    /// Every statement takes both, whether or not it asks for them.
    private func bindMoments(_ row: borrowing SQLiteStatement) throws(SQLiteError) {
        try row.bind(self.enrolledBefore.microseconds, at: 1)
        try row.bind(self.seenAfter.microseconds, at: 2)
    }

    private static func asking<Value>(_ body: () throws(SQLiteError) -> Value) throws(EnrollmentError) -> Value {
        do throws(SQLiteError) {
            return try body()
        } catch {
            throw EnrollmentError(
                .enrollmentServer,
                "The file to compare in could not be used: \(error). Is there room in the folder for temporary files?",
                rule: "comparison.file",
                cause: error
            )
        }
    }
}
