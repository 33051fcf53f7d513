internal import EnrollmentCore
internal import Glibc
internal import SQLText
internal import SQLiteKit

/// Opens the database and makes sure that it is ours and of this version, for writing also that it is sound.
enum LedgerOpening {
    /// - Returns: The writer's connection.
    /// - Throws: ``EnrollmentError`` with code `enrollmentServer` for a file that is not ours, damaged, readable by
    ///   everybody or written by a newer version; `inMaintenance` when it is locked or cannot be written.
    static func open(_ settings: LedgerSettings) throws(EnrollmentError) -> sending SQLiteConnection {
        do {
            let connection = try SQLiteConnection(
                path: settings.path,
                access: .create,
                busyTimeout: settings.busyTimeout
            )
            try Self.checkMode(settings.path)
            try Self.checkOwnership(connection)
            if !settings.isUnfinishedCopyWelcome { try CopyProgress.refuse(on: LedgerConnection(connection)) }
            try connection.execute("PRAGMA page_size = 4096")
            guard try connection.textOf("PRAGMA journal_mode = WAL") == "wal" else {
                throw EnrollmentError(
                    .enrollmentServer,
                    "The database cannot use a write-ahead log here; its file system has to be a local one.",
                    rule: "ledger.journal"
                )
            }
            try connection.execute(
                """
                PRAGMA synchronous = FULL;
                PRAGMA foreign_keys = ON;
                PRAGMA trusted_schema = OFF;
                PRAGMA temp_store = MEMORY;
                PRAGMA wal_autocheckpoint = 4000;
                PRAGMA journal_size_limit = 67108864;
                """
            )
            try connection.limitCache(toKibibytes: settings.writerCache)
            try StructureCheck.atOpening(connection, settings)
            try Self.migrate(connection)
            if let pages = settings.largestSize { try connection.limitSize(toPages: pages) }
            return connection
        } catch {
            throw .ledger(error)
        }
    }

    /// Judges a database that is to be read as it is, beside whoever writes it.
    ///
    /// Reading takes the log's index beside the file. Where that is missing and cannot be made, on a full disk or in a
    /// folder that is not ours to write, nobody else has the database open; it is read as a file that does not change,
    /// provided that no log holds anything that is not in it yet.
    ///
    /// - Returns: How to open it.
    /// - Throws: ``EnrollmentError`` with code `enrollmentServer` for a file that is missing, not ours, damaged, readable
    ///   by everybody or of another version of the schema.
    static func accessForReading(_ settings: LedgerSettings) throws(EnrollmentError) -> SQLiteConnection.Access {
        do {
            do {
                try Self.judge(settings, .readOnly)
                return .readOnly
            } catch let error as SQLiteError {
                let isHindered = [.cannotOpen, .inputOutput, .diskFull, .readOnly].contains(error.kind)
                guard isHindered, Self.isLogEmpty(settings.path) else { throw error }
                try Self.judge(settings, .unchanging)
                return .unchanging
            }
        } catch {
            throw .ledger(error)
        }
    }

    private static func judge(_ settings: LedgerSettings, _ access: SQLiteConnection.Access) throws {
        let connection = try SQLiteConnection(
            path: settings.path,
            access: access,
            busyTimeout: settings.busyTimeout
        )
        try Self.checkMode(settings.path)
        try Self.checkOwnership(connection)
        let found = try Self.version(connection)
        guard found <= SQLiteSchema.version else { throw Self.newer(found) }
        guard found == SQLiteSchema.version else { throw Self.older(found) }
        if !settings.isUnfinishedCopyWelcome { try CopyProgress.refuse(on: LedgerConnection(connection)) }
    }

    private static func isLogEmpty(_ path: String) -> Bool {
        var status = stat()
        return stat(path + "-wal", &status) != 0 || status.st_size == 0
    }

    /// The file holds sealed keys and personal data: nobody but its owner and group may read it.
    private static func checkMode(_ path: String) throws(EnrollmentError) {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & 0o007 != 0 else { return }
        throw EnrollmentError(
            .enrollmentServer,
            "Everybody on this machine can open the database file; make it private: chmod 600 \(path)",
            rule: "ledger.mode"
        )
    }

    private static func checkOwnership(_ connection: SQLiteConnection) throws {
        let application = try connection.integer("PRAGMA application_id") ?? 0
        if application == SQLiteSchema.applicationID { return }
        let objects = try connection.integer("SELECT count(*) FROM sqlite_schema") ?? 0
        guard application == 0, objects == 0 else {
            throw EnrollmentError(
                .enrollmentServer,
                "The file is a database of another program; name another path.",
                rule: "ledger.foreign"
            )
        }
    }

    /// The schema's version; 0 for a database without one.
    private static func version(_ connection: SQLiteConnection) throws -> Int64 {
        let holds = try connection.integer("SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'") != nil
        return holds ? try connection.integer("SELECT max(version) FROM schema_version") ?? 0 : 0
    }

    /// Brings the schema up to date, in one transaction.
    static func migrate(_ connection: SQLiteConnection) throws {
        let found = try Self.version(connection)
        guard found <= SQLiteSchema.version else { throw Self.newer(found) }
        // Nothing to write, so nothing to wait for.
        guard found < SQLiteSchema.version else { return }
        do {
            try connection.begin()
            try connection.execute(
                """
                PRAGMA application_id = 0x47415445;
                CREATE TABLE IF NOT EXISTS schema_version (
                    version INTEGER PRIMARY KEY,
                    applied INTEGER NOT NULL
                ) STRICT;
                """
            )
            let found = try connection.integer("SELECT max(version) FROM schema_version") ?? 0
            // Another process may have been faster.
            guard found <= SQLiteSchema.version else { throw Self.newer(found) }
            for (index, script) in SQLiteSchema.migrations.enumerated().dropFirst(Int(found)) {
                try connection.execute(script)
                let record = try connection.prepare("INSERT INTO schema_version VALUES (?1, unixepoch() * 1000000)")
                try record.bind(index + 1, at: 1)
                try record.run()
            }
            try connection.commit()
        } catch {
            // The first error says more than a second one while cleaning up after it.
            try? connection.rollBack()
            throw error
        }
    }

    private static func older(_ found: Int64) -> EnrollmentError {
        EnrollmentError(
            .enrollmentServer,
            "The database has schema version \(found) and this program reads version \(SQLiteSchema.version); "
                + "run gatehouse serve once, which brings it up to date.",
            rule: "ledger.schemaOlder",
            facts: [Fact("found", "\(found)"), Fact("known", "\(SQLiteSchema.version)")]
        )
    }

    private static func newer(_ found: Int64) -> EnrollmentError {
        EnrollmentError(
            .enrollmentServer,
            "The database has schema version \(found) and this program knows versions up to \(SQLiteSchema.version); "
                + "install the newer program again or restore a backup from before the upgrade.",
            rule: "ledger.schemaNewer",
            facts: [Fact("found", "\(found)"), Fact("known", "\(SQLiteSchema.version)")]
        )
    }
}

extension SQLiteConnection {
    fileprivate func textOf(_ sql: SQL) throws(SQLiteError) -> String? {
        let statement = try self.prepare(sql)
        return try statement.step() ? statement.optionalText(0) : nil
    }
}
