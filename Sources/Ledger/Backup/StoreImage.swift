package import EnrollmentCore
internal import Glibc
internal import SQLText
internal import SQLiteKit
internal import ServiceRuntime

/// A whole store as one SQLite file without a name, to be written into a backup or read out of one.
///
/// The file is removed from its folder before anything is in it, so that personal data does not outlive the process,
/// whatever ends that. The octets are to be had through ``descriptor``.
package actor StoreImage {
    private let executor: BlockingExecutor
    let connection: SQLiteConnection
    /// Open for reading and writing; stays the image's.
    package nonisolated let descriptor: Int32

    package nonisolated var unownedExecutor: UnownedSerialExecutor { self.executor.asUnownedSerialExecutor() }

    /// Makes an empty one.
    ///
    /// - Parameter folder: Where its octets are kept; has to have room for as many as the store has.
    /// - Throws: ``EnrollmentError`` with rule `backup.temporary`.
    package init(in folder: String) throws(EnrollmentError) {
        self.executor = BlockingExecutor(label: "ledger.image")
        var name = Array("\(folder)/gatehouse-image-XXXXXX".utf8CString)
        // Mode 0600.
        let descriptor = mkstemp(&name)
        guard descriptor >= 0, fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
            throw EnrollmentError(
                .enrollmentServer,
                "No temporary file can be made in \(folder): \(String(cString: strerror(errno))).",
                rule: "backup.temporary"
            )
        }
        self.descriptor = descriptor
        let path = name.withUnsafeBufferPointer { buffer in
            buffer.baseAddress.map { String(cString: $0) } ?? ""
        }
        do throws(SQLiteError) {
            // Open before the name goes: there is no other way to it afterwards.
            self.connection = try SQLiteConnection(path: path, access: .readWrite)
        } catch {
            unlink(path)
            throw .ledger(error)
        }
        unlink(path)
    }

    deinit {
        close(self.descriptor)
    }

    // MARK: Taking one

    /// What makes the file one of this schema; without a log or a journal beside it, which would have names.
    private static let preparation: SQL = """
        PRAGMA page_size = 4096;
        PRAGMA journal_mode = MEMORY;
        PRAGMA synchronous = OFF;
        PRAGMA temp_store = MEMORY;
        PRAGMA application_id = 0x47415445;
        """
    private static let versions: SQL = """
        CREATE TABLE schema_version (
            version INTEGER PRIMARY KEY,
            applied INTEGER NOT NULL
        ) STRICT;
        """

    /// Fills it with one moment of a store, beside whoever uses that.
    ///
    /// - Parameters:
    ///   - place: The store.
    ///   - digest: SHA-256.
    ///   - progress: Hears after each batch of rows.
    ///   - isStopped: Asked after each batch; true ends the run.
    /// - Returns: What is in it.
    /// - Throws: ``EnrollmentError`` when the store cannot be read, or there is no room; `backup.stopped` when it was.
    package func fill(
        from place: StorePlace,
        digest: @escaping StoreDigest,
        progress: @escaping @Sendable (StoreCopyProgress) -> Void = { _ in },
        isStopped: @escaping @Sendable () -> Bool = { false }
    ) throws(EnrollmentError) -> StoreImageFacts {
        do {
            try self.connection.execute(Self.preparation)
            let image = LedgerConnection(self.connection)
            let tables = try place.withSnapshot { source in
                try image.transaction {
                    try self.makeSchema()
                    return try Self.copy(source, into: image, digest, progress, isStopped)
                }
            }
            return try Self.facts(of: image, tables)
        } catch let error as SQLiteError where error.kind == .diskFull {
            throw EnrollmentError(
                .inMaintenance,
                "There is no room for the temporary image of the store; free space, or name another folder with --temporary.",
                rule: "backup.full",
                cause: error
            )
        } catch let error as SQLiteError where error.kind == .inputOutput {
            throw EnrollmentError(
                .enrollmentServer,
                "The temporary image of the store cannot be written, or the store cannot be read (\(error.name)); look at the"
                    + " disks, and at limits on the size of files.",
                rule: "backup.temporary",
                cause: error
            )
        } catch {
            throw .ledger(error)
        }
    }

    private func makeSchema() throws {
        try self.connection.execute(Self.versions)
        for (index, script) in SQLiteSchema.migrations.enumerated() {
            try self.connection.execute(script)
            let record = try self.connection.prepare("INSERT INTO schema_version VALUES (?1, unixepoch() * 1000000)")
            try record.bind(index + 1, at: 1)
            try record.run()
        }
    }

    private static func copy(
        _ source: LedgerConnection,
        into image: LedgerConnection,
        _ digest: @escaping StoreDigest,
        _ progress: (StoreCopyProgress) -> Void,
        _ isStopped: () -> Bool
    ) throws -> [StoreImageFacts.Table] {
        let total = try StoreTable.all.reduce(0) { try $0 + $1.count(on: source) }
        var done = 0
        var tables: [StoreImageFacts.Table] = []
        for table in StoreTable.all {
            var reader = TableReader(table, on: source)
            var sum = try TableDigest(table, by: digest)
            while !reader.isAtEnd {
                guard !isStopped() else {
                    throw EnrollmentError(.inMaintenance, "Stopped on request.", rule: "backup.stopped")
                }
                let rows = try reader.next()
                try table.insert(rows, on: image)
                for row in rows { try sum.append(try digest(RowCoding.encode(row.values))) }
                done += rows.count
                progress(StoreCopyProgress(phase: .copying, done: done, total: total))
            }
            tables.append(StoreImageFacts.Table(name: table.title, rows: sum.count, digest: sum.octets))
        }
        for table in StoreTable.numbered {
            let number = try StoreNumbering(connection: source).highest(of: table)
            try StoreNumbering(connection: image).set(table, to: number)
        }
        return tables
    }

    // MARK: Looking at it

    /// Takes the octets that were written through ``descriptor`` for a store, and brings it up to date.
    ///
    /// - Returns: Whether it was of an older version of the schema.
    /// - Throws: ``EnrollmentError`` with rule `backup.content` for what is no store, `backup.schema` for one of a newer
    ///   version.
    package func open() throws(EnrollmentError) -> Bool {
        do {
            try self.connection.execute(
                "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY;"
            )
            guard try self.connection.integer("PRAGMA application_id") == SQLiteSchema.applicationID else {
                throw EnrollmentError(
                    .internalService,
                    "The backup holds no store of Gatehouse.",
                    rule: "backup.content"
                )
            }
            let found = try self.connection.integer("SELECT max(version) FROM schema_version") ?? 0
            guard found <= SQLiteSchema.version else { throw EnrollmentError.newerBackup(found) }
            guard found < SQLiteSchema.version else { return false }
            try LedgerOpening.migrate(self.connection)
            return true
        } catch {
            throw .ledger(error)
        }
    }

    /// What is in it, read again from the first row to the last.
    package func facts(digest: @escaping StoreDigest) throws(EnrollmentError) -> StoreImageFacts {
        do {
            let image = LedgerConnection(self.connection)
            let tables = try StoreTable.all.map { table in
                var reader = TableReader(table, on: image)
                var sum = try TableDigest(table, by: digest)
                while !reader.isAtEnd {
                    for row in try reader.next() { try sum.append(try digest(RowCoding.encode(row.values))) }
                }
                return StoreImageFacts.Table(name: table.title, rows: sum.count, digest: sum.octets)
            }
            return try Self.facts(of: image, tables)
        } catch {
            throw .ledger(error)
        }
    }

    private static func facts(
        of image: LedgerConnection,
        _ tables: [StoreImageFacts.Table]
    ) throws -> StoreImageFacts {
        let row = try image.prepare(
            "SELECT issuer_id, shard, last_number, published FROM crl_shard ORDER BY issuer_id, shard"
        )
        var shards: [StoreImageFacts.Shard] = []
        while try row.step() {
            shards.append(
                StoreImageFacts.Shard(
                    shard: CRLShard(issuerID: row.text(0), number: Int(row.integer(1))),
                    lastNumber: row.integer(2),
                    published: row.optionalInteger(3)
                )
            )
        }
        let numbering = StoreNumbering(connection: image)
        let numbers = try ["certificate", "revocation_change"].map { name in
            try StoreTable.all.first { $0.title == name }.map { try numbering.highest(of: $0) } ?? 0
        }
        return StoreImageFacts(
            schemaVersion: Int(SQLiteSchema.version),
            tables: tables,
            shards: shards,
            issuers: try AuthorityTables(connection: image).issuers(),
            newestCertificate: numbers[0],
            newestChange: numbers[1],
            feedPosition: try OutboxTable(connection: image).lastPosition()
        )
    }

    /// Reads it through as `gatehouse store check` does.
    package func check(
        naming most: Int,
        digest: @escaping StoreDigest,
        progress: @escaping @Sendable (StoreCheckProgress) -> Void = { _ in }
    ) throws(EnrollmentError) -> StoreCheckReport {
        do {
            let image = LedgerConnection(self.connection)
            return try StoreCheck(connection: image, digest: digest, isFull: true, most: most, progress: progress).run()
        } catch {
            throw .ledger(error)
        }
    }
}

extension EnrollmentError {
    fileprivate static func newerBackup(_ found: Int64) -> EnrollmentError {
        EnrollmentError(
            .internalService,
            "The backup has schema version \(found) and this program knows versions up to \(SQLiteSchema.version); restore"
                + " it with the program that made it.",
            rule: "backup.schema",
            facts: [Fact("found", "\(found)"), Fact("known", "\(SQLiteSchema.version)")]
        )
    }
}
