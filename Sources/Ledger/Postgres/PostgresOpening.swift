internal import EnrollmentCore
internal import Logging
internal import PostgresKit
internal import SQLText

/// Makes sure that the database is ours, of this version, and on a server that can be relied on.
struct PostgresOpening {
    /// The oldest server that is supported, as PostgreSQL counts.
    static let oldestServer = 140_000
    /// Class and number of the lock under which the schema is changed.
    private static let migrationLock: SQL = "SELECT pg_advisory_xact_lock(5, 0)"

    private let connection: PostgresConnection
    private let settings: PostgresLedgerSettings
    private let logger: Logger

    /// Judges the database, and brings its schema up to date where `access` allows that.
    ///
    /// - Parameters:
    ///   - settings: Where it is.
    ///   - access: What it is opened for.
    ///   - logger: Hears of migrations and of what is odd about the server.
    /// - Returns: What was seen of the server.
    /// - Throws: ``EnrollmentError`` with code `enrollmentServer` for what waiting does not mend: a database that is not
    ///   ours, empty or of another version, a server that is too old, a wrong password or certificate, a clock that is
    ///   far off; with `inMaintenance` for what it may.
    static func run(
        _ settings: PostgresLedgerSettings,
        access: LedgerAccess,
        logger: Logger
    ) throws(EnrollmentError) -> PostgresLook {
        do {
            let connection = try PostgresConnection.open(settings.kit)
            defer { connection.close() }
            return try Self(connection: connection, settings: settings, logger: logger).open(access)
        } catch let error as PostgresError {
            throw .opening(error)
        } catch {
            throw .ledger(error)
        }
    }

    private func open(_ access: LedgerAccess) throws -> PostgresLook {
        guard self.connection.serverVersion >= Self.oldestServer else { throw EnrollmentError.tooOld(self.connection) }
        try self.judgeServer()
        let look = try PostgresLook(at: self.connection, clock: self.settings.clock)
        if access != .readOnly, look.certainSkew > self.settings.largestClockSkew.microseconds {
            throw EnrollmentError.clock(look.skew)
        }
        let found = try self.version()
        guard found <= PostgresSchema.version else { throw EnrollmentError.newerSchema(found) }
        if access == .founding || found > 0 && access == .readWrite, found < PostgresSchema.version {
            if let reason = look.readOnlyReason { throw EnrollmentError.readOnlyStore(reason) }
            try self.migrate()
        } else if found == 0 {
            throw EnrollmentError.emptyDatabase
        } else if found < PostgresSchema.version {
            throw EnrollmentError.olderSchema(found)
        }
        if !self.settings.isUnfinishedCopyWelcome, try self.exists("copy_progress") {
            throw EnrollmentError.unfinishedCopy
        }
        return look
    }

    private func ask(_ sql: SQL, _ parameters: [PostgresValue] = []) throws(PostgresError) -> PostgresRows {
        let ticket = try self.connection.send(PostgresStatement(sql, text: SQLDialect.postgres(sql)), parameters)
        try self.connection.synchronizeKeepingAnswers()
        return try self.connection.rows(for: ticket)
    }

    private func judgeServer() throws {
        let rows = try self.ask(
            """
            SELECT current_setting('server_encoding'), current_setting('standard_conforming_strings'),
                current_setting('fsync'), current_setting('full_page_writes'), coalesce(current_schema(), '')
            """
        )
        guard rows.text(0, 0) == "UTF8" else {
            throw EnrollmentError(
                .enrollmentServer,
                "The database is encoded as \(rows.text(0, 0)); make one with ENCODING 'UTF8' TEMPLATE template0.",
                rule: "ledger.encoding"
            )
        }
        guard rows.text(0, 1) == "on" else {
            throw EnrollmentError(
                .enrollmentServer,
                "The database has standard_conforming_strings off; set it to on, as every server does by itself.",
                rule: "ledger.strings"
            )
        }
        guard !rows.text(0, 4).isEmpty else {
            throw EnrollmentError(
                .enrollmentServer,
                "No schema of the database's search_path exists; make one: CREATE SCHEMA … AUTHORIZATION …",
                rule: "ledger.searchPath"
            )
        }
        if rows.text(0, 2) == "off" || rows.text(0, 3) == "off" {
            self.logger.warning("the database server may lose commits when its machine fails (fsync, full_page_writes)")
        }
    }

    // MARK: The schema

    private func exists(_ table: String) throws(PostgresError) -> Bool {
        try self.ask(
            "SELECT to_regclass(quote_ident(current_schema()) || '.' || quote_ident(?1)) IS NOT NULL",
            [.text(table)]
        )
        .integer(0, 0) == 1
    }

    /// The schema's version; 0 for a database without anything in it.
    private func version() throws -> Int64 {
        if try self.exists("schema_version") {
            return try self.ask("SELECT coalesce(max(version), 0) FROM schema_version").integer(0, 0)
        }
        let others = try self.ask(
            """
            SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
                AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                    AND d.deptype = 'e')
            """
        )
        guard others.integer(0, 0) == 0 else {
            // Another process may have made the tables since the first look.
            guard try self.exists("schema_version") else { throw EnrollmentError.foreignDatabase }
            return try self.version()
        }
        return 0
    }

    /// Runs what is missing, each step in a transaction of its own, under a lock that one process has at a time.
    ///
    /// The lock ends with the transaction, so that it works through every pooler; the next step looks again at what is
    /// there, since another process may have been faster.
    private func migrate() throws {
        while try self.migrateOnce() {}
    }

    /// - Returns: Whether there may be more to do.
    private func migrateOnce() throws -> Bool {
        let former = self.connection.patience
        // The lock's own time-out is half of a statement's otherwise.
        self.connection.patience = self.settings.migrationPatience
        defer { self.connection.patience = former }
        let milliseconds = self.settings.migrationPatience.microseconds / 1_000
        do {
            try self.connection.executeScript(
                "BEGIN; SET LOCAL lock_timeout = \(milliseconds * 9 / 10); SET LOCAL statement_timeout = 0"
            )
            _ = try self.ask(Self.migrationLock)
            let found = try self.version()
            guard found < PostgresSchema.version else {
                try self.connection.executeScript("ROLLBACK")
                // Another process, of a later release, may have been here.
                guard found == PostgresSchema.version else { throw EnrollmentError.newerSchema(found) }
                return false
            }
            if found == 0, try !self.exists("schema_version") {
                try self.connection.executeScript(PostgresSchema.versions.text)
            }
            try self.connection.executeScript(PostgresSchema.migrations[Int(found)].text)
            _ = try self.ask(
                """
                INSERT INTO schema_version (version, applied)
                VALUES (?1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)
                """,
                [.integer(found + 1)]
            )
            try self.connection.executeScript("COMMIT")
            self.logger.notice("the database's schema was changed", metadata: ["version": "\(found + 1)"])
            return true
        } catch {
            // The first error says more than a second one while cleaning up after it.
            try? self.connection.executeScript("ROLLBACK")
            throw error
        }
    }
}

extension EnrollmentError {
    /// With what the server or its client library said: of several hosts, which; of a certificate, what is wrong with it.
    fileprivate static func opening(_ error: PostgresError) -> EnrollmentError {
        let known = EnrollmentError.ledger(error)
        let words = error.message.split(whereSeparator: \.isNewline).joined(separator: "; ")
        return EnrollmentError(
            known.code,
            known.detail,
            rule: known.rule,
            facts: known.facts + [Fact("answer", words)],
            cause: error
        )
    }

    fileprivate static func tooOld(_ connection: PostgresConnection) -> EnrollmentError {
        let (major, oldest) = (connection.serverVersion / 10_000, PostgresOpening.oldestServer / 10_000)
        return EnrollmentError(
            .enrollmentServer,
            "The database server is PostgreSQL \(major); version \(oldest) or later is needed.",
            rule: "ledger.serverTooOld",
            facts: [Fact("found", "\(major)"), Fact("needed", "\(oldest)")]
        )
    }

    fileprivate static func clock(_ skew: Int64) -> EnrollmentError {
        EnrollmentError(
            .enrollmentServer,
            "Replicas and database have to agree on the time, and \(PostgresStanding.words(skew)).",
            rule: "ledger.clock",
            facts: [Fact("microseconds", "\(skew)")]
        )
    }

    fileprivate static var emptyDatabase: EnrollmentError {
        EnrollmentError(
            .enrollmentServer,
            "The database is empty; run gatehouse init, which makes its tables and founds the authority, or gatehouse"
                + " backup restore.",
            rule: "ledger.empty"
        )
    }

    fileprivate static var foreignDatabase: EnrollmentError {
        EnrollmentError(
            .enrollmentServer,
            "The database holds tables of another program; give this service a database of its own.",
            rule: "ledger.foreign"
        )
    }

    fileprivate static var unfinishedCopy: EnrollmentError {
        EnrollmentError(
            .enrollmentServer,
            "The database is a copy that was not finished; run the same gatehouse store copy again, or drop it.",
            rule: "ledger.unfinishedCopy"
        )
    }

    fileprivate static func newerSchema(_ found: Int64) -> EnrollmentError {
        EnrollmentError(
            .enrollmentServer,
            "The database has schema version \(found) and this program knows versions up to \(PostgresSchema.version);"
                + " install the newer program again or restore a backup from before the upgrade.",
            rule: "ledger.schemaNewer",
            facts: [Fact("found", "\(found)"), Fact("known", "\(PostgresSchema.version)")]
        )
    }

    fileprivate static func olderSchema(_ found: Int64) -> EnrollmentError {
        EnrollmentError(
            .enrollmentServer,
            "The database has schema version \(found) and this program reads version \(PostgresSchema.version);"
                + " run gatehouse serve once, which brings it up to date.",
            rule: "ledger.schemaOlder",
            facts: [Fact("found", "\(found)"), Fact("known", "\(PostgresSchema.version)")]
        )
    }
}
