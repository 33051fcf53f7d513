package import EnrollmentCore
internal import Glibc
internal import PostgresKit
internal import SQLText
internal import SQLiteKit
internal import ServiceRuntime

extension StoreImage {
    /// Why the image cannot be restored there just now; empty when it can.
    ///
    /// - Parameters:
    ///   - target: Where it is to be restored.
    ///   - replaces: Whether a store that is there may be replaced.
    /// - Returns: Each reason in words.
    /// - Throws: ``EnrollmentError`` when the place cannot be looked at.
    package func obstacles(at target: StorePlace, replacing replaces: Bool) throws(EnrollmentError) -> [String] {
        do {
            switch target {
            case .sqlite(let path): return try RestoredFile(path: path).obstacles(replacing: replaces)
            case .postgres: return try RestoredDatabase(target).obstacles(replacing: replaces)
            }
        } catch {
            throw .ledger(error)
        }
    }

    /// Puts the image there, made fit for now; all of it, or nothing at all.
    ///
    /// A file is made beside the one that it becomes; a database is filled in one transaction. Ended half-way, what was
    /// there before is still there.
    ///
    /// - Returns: What was done.
    /// - Throws: ``EnrollmentError`` with rule `restore.refused` when something is in the way.
    package func restore(
        to target: StorePlace,
        replacing replaces: Bool,
        by order: RestoreOrder,
        progress: @escaping @Sendable (StoreCopyProgress) -> Void = { _ in }
    ) throws(EnrollmentError) -> RestoreOutcome {
        if let early = RestoreOrder.obstacle(made: order.made, now: order.act.time) { throw .restoreRefused(early) }
        if let first = try self.obstacles(at: target, replacing: replaces).first { throw .restoreRefused(first) }
        do {
            switch target {
            case .sqlite(let path):
                return try RestoredFile(path: path).put(self.descriptor, order)
            case .postgres:
                return try RestoredDatabase(target)
                    .put(LedgerConnection(self.connection), order, progress)
            }
        } catch {
            throw .ledger(error)
        }
    }
}

extension StorePlace {
    /// What a restore to a file makes beside it: complete before it gets the other name; nothing else ever has this one.
    package static func restoring(_ path: String) -> String { path + ".restoring" }
}

extension EnrollmentError {
    static func restoreRefused(_ why: String) -> EnrollmentError {
        EnrollmentError(.messageFormat, "Nothing was restored: \(why).", rule: "restore.refused")
    }
}

/// A SQLite file that a backup becomes.
private struct RestoredFile {
    let path: String

    private var partialPath: String { StorePlace.restoring(self.path) }

    func obstacles(replacing replaces: Bool) throws -> [String] {
        var status = stat()
        guard stat(self.path, &status) == 0 else {
            let folder = self.folder
            guard access(folder, W_OK | X_OK) == 0 else {
                return ["the folder \(folder) is not there, or not to be written to"]
            }
            return []
        }
        guard replaces else { return ["there is a store already at \(self.path); --replace puts it aside"] }
        // An empty file, as a process killed in its first moment leaves it.
        guard status.st_size > 0 else { return [] }
        do throws(SQLiteError) {
            _ = try self.locked()
            return []
        } catch {
            switch error.kind {
            case .busy:
                return ["another process has \(self.path) open; stop the service and every command that uses it"]
            case .readOnly, .cannotOpen:
                return ["\(self.path) cannot be locked, because this account may not write to it"]
            default: throw error
            }
        }
    }

    private var folder: String {
        guard let slash = self.path.lastIndex(of: "/") else { return "." }
        return slash == self.path.startIndex ? "/" : String(self.path[..<slash])
    }

    /// Takes the store that is there for this process alone, its log folded in.
    private func locked() throws(SQLiteError) -> SQLiteConnection {
        let connection = try SQLiteConnection(path: self.path, access: .readWrite, busyTimeout: 500)
        try connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        _ = try connection.integer("SELECT count(*) FROM sqlite_schema")
        return connection
    }

    func put(_ image: Int32, _ order: RestoreOrder) throws -> RestoreOutcome {
        let turn = try self.takeTurn()
        // Last of all: a lock of SQLite's would go with any descriptor of the file that is closed.
        defer { close(turn) }
        do {
            try self.copy(image, to: turn)
            var outcome = try self.adjust(order)
            guard fsync(turn) == 0 else { throw Self.failure("written") }
            outcome.former = try self.name(order.act.time)
            return outcome
        } catch {
            self.removePartial()
            throw error
        }
    }

    /// Makes the file, or takes over what a restore that was killed has left.
    private func takeTurn() throws -> Int32 {
        let descriptor = Glibc.open(self.partialPath, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("made") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw EnrollmentError.restoreRefused("another restore to \(self.path) is at work")
        }
        for ending in ["-wal", "-shm"] { unlink(self.partialPath + ending) }
        guard ftruncate(descriptor, 0) == 0, fchmod(descriptor, 0o600) == 0 else {
            close(descriptor)
            throw Self.failure("made")
        }
        return descriptor
    }

    private func copy(_ image: Int32, to target: Int32) throws {
        var offset: off_t = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = pread(image, &buffer, buffer.count, offset)
            guard count >= 0 else { throw Self.failure("read") }
            if count == 0 { return }
            var written = 0
            while written < count {
                let part = buffer.withUnsafeBytes { octets in
                    pwrite(target, octets.baseAddress?.advanced(by: written), count - written, offset + off_t(written))
                }
                guard part > 0 else { throw Self.failure("written") }
                written += part
            }
            offset += off_t(count)
        }
    }

    private func adjust(_ order: RestoreOrder) throws -> RestoreOutcome {
        let connection = LedgerConnection(try LedgerOpening.open(LedgerSettings(path: self.partialPath)))
        let outcome = try connection.transaction { try RestoreAdjustment(connection: connection, order: order).run() }
        _ = try connection.integer("PRAGMA wal_checkpoint(TRUNCATE)")
        return outcome
    }

    /// Gives the file its name, and what was there before another; there is a store under the name at every moment.
    private func name(_ now: Timestamp) throws -> String? {
        var former: String?
        var status = stat()
        if stat(self.path, &status) == 0, status.st_size > 0 {
            let connection = try self.locked()
            // Nothing of it stays in files beside it, which the new store would take for its own.
            _ = try connection.prepare("PRAGMA journal_mode = DELETE").step()
            let name = "\(self.path).replaced-\(now.description.filter { $0 != "-" && $0 != ":" })"
            let linked = link(self.path, name) == 0 ? 0 : errno
            if linked == 0 {
                try self.rename()
            } else {
                // Without links the former one is away before the new one is there.
                let code = UniqueName.move(self.path, to: name) { _, _ in linked }
                guard code == 0 else {
                    errno = code
                    throw Self.failure("kept as \(name)")
                }
                do {
                    try self.rename()
                } catch {
                    _ = Glibc.rename(name, self.path)
                    throw error
                }
            }
            former = name
            _ = try connection.integer("SELECT count(*) FROM sqlite_schema")
        } else {
            for ending in ["-wal", "-shm"] { unlink(self.path + ending) }
            try self.rename()
        }
        return former
    }

    private func rename() throws {
        guard Glibc.rename(self.partialPath, self.path) == 0 else { throw Self.failure("named") }
        let folder = Glibc.open(self.folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw Self.failure("named durably") }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw Self.failure("named durably") }
    }

    private func removePartial() {
        for ending in ["", "-wal", "-shm"] { unlink(self.partialPath + ending) }
    }

    private static func failure(_ what: String) -> EnrollmentError {
        let code = errno
        return EnrollmentError(
            .enrollmentServer,
            "The restored store cannot be \(what): \(String(cString: strerror(code))).",
            rule: code == ENOSPC || code == EDQUOT || code == EFBIG ? "backup.full" : "restore.file"
        )
    }
}

/// A PostgreSQL database that a backup fills.
private struct RestoredDatabase {
    let place: StorePlace

    init(_ place: StorePlace) {
        self.place = place
    }

    func obstacles(replacing replaces: Bool) throws -> [String] {
        guard let connection = try self.place.openForLooking() else { return [] }
        let filled = try connection.snapshot {
            let isBegun = try CopyProgress(connection: connection).exists()
            let names = try StoreTable.all.filter { try !$0.isEmpty(on: connection) }.map(\.title)
            return isBegun || !names.isEmpty ? names : nil
        }
        if let filled, !replaces {
            return [
                "there is a store already: rows in \(filled.prefix(3).joined(separator: ", ")); --replace removes it"
            ]
        }
        return try self.users(connection)
    }

    /// Who else uses the database; those that are just going are waited for.
    private func users(_ connection: LedgerConnection) throws -> [String] {
        var users: [String] = []
        for _ in 0..<Self.looks {
            users = try connection.snapshot { try StorePlace.sessions(using: connection, called: "the database") }
            if users.isEmpty { break }
            usleep(200_000)
        }
        return users
    }

    private static let looks = 10

    private static let removal: SQL = {
        let names = StoreTable.all.map(\.name)
        return "TRUNCATE TABLE" + names.dropFirst().reduce(names[0]) { $0 + ", " + $1 }
    }()
    /// Whoever has the tables is told of, and not waited for.
    private static let habits: SQL = """
        SELECT set_config('lock_timeout', '5s', true), set_config('statement_timeout', '0', true),
            set_config('idle_in_transaction_session_timeout', '0', true)
        """

    func put(
        _ image: LedgerConnection,
        _ order: RestoreOrder,
        _ progress: (StoreCopyProgress) -> Void
    ) throws -> RestoreOutcome {
        let database = try self.place.openDestination()
        let outcome = try database.transaction {
            _ = try database.prepare(Self.habits).step()
            let complaint = try database.complaint { try database.execute(Self.removal) }
            if let complaint {
                throw EnrollmentError.restoreRefused("the tables cannot be emptied: \(complaint.message)")
            }
            let begun = CopyProgress(connection: database)
            if try begun.exists() { try begun.finish() }
            try self.fill(database, from: image, progress)
            return try RestoreAdjustment(connection: database, order: order).run()
        }
        // Or the first statements would be planned for empty tables.
        try database.transaction { try database.execute("ANALYZE") }
        return outcome
    }

    private func fill(
        _ database: LedgerConnection,
        from image: LedgerConnection,
        _ progress: (StoreCopyProgress) -> Void
    ) throws {
        let total = try StoreTable.all.reduce(0) { try $0 + $1.count(on: image) }
        var done = 0
        for table in StoreTable.all {
            var reader = TableReader(table, on: image)
            while !reader.isAtEnd {
                let rows = try reader.next()
                for row in rows {
                    guard let refusal = self.place.refusal(of: row, in: table) else { continue }
                    throw EnrollmentError.restoreRefused(refusal)
                }
                try table.insert(rows, on: database)
                // Answers are taken in before they pile up; the transaction goes on.
                if case .postgres(let session) = database.store { try session.connection.synchronize() }
                done += rows.count
                progress(StoreCopyProgress(phase: .copying, done: done, total: total))
            }
        }
        for table in StoreTable.numbered {
            let number = try StoreNumbering(connection: image).highest(of: table)
            try StoreNumbering(connection: database).set(table, to: number)
        }
    }
}
