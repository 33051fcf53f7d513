package import EnrollmentCore
internal import SQLText

/// Reads a whole store through, beside whoever uses it, and says what is not as it has to be.
///
/// Everything is asked of one state of the store: a transaction that only reads and sees nothing that was committed
/// after it began. Memory stays flat, however large the store is.
struct StoreCheck {
    let connection: LedgerConnection
    let digest: StoreDigest
    let isFull: Bool
    /// Rows named at most for each finding.
    let most: Int
    let progress: @Sendable (StoreCheckProgress) -> Void

    func run() throws -> StoreCheckReport {
        try self.connection.snapshot {
            let schema = SchemaCheck(connection: self.connection)
            var report = StoreCheckReport(
                view:
                    "one moment of the whole store, whatever is written meanwhile ("
                    + (self.connection.isSQLite ? "SQLite's log" : "REPEATABLE READ") + ")"
            )
            report.version = try schema.version()
            let total = try self.total()
            var done = 0
            let step = { (name: String, rows: Int) in
                done += rows
                self.progress(StoreCheckProgress(name: name, done: done, total: total))
            }
            step("schema", 0)
            let structure = try schema.outcome(naming: self.most)
            report.outcomes.append(structure)
            step("integrity", 1)
            report.outcomes += try IntegrityCheck(connection: self.connection, isFull: self.isFull)
                .outcomes(naming: self.most)
            // Statements would only say again, and less clearly, what is missing.
            guard structure.status != .broken else { return report }
            step("counts", 1)
            try self.count(&report)
            for invariant in StoreInvariant.all {
                step(invariant.name, 1)
                report.outcomes.append(try invariant.judge(on: self.connection, naming: self.most))
            }
            step("numbering", 1)
            report.outcomes += [try self.numbering(), try self.changes(), try self.limits()]
            let walk = CertificateWalk(connection: self.connection, digest: self.digest, most: self.most)
            report.outcomes += try walk.run { step("certificate.octets", $0) }
            return report
        }
    }

    /// One step for each check, and one for each certificate.
    private func total() throws -> Int {
        let certificates = try self.connection.integer("SELECT count(*) FROM certificate") ?? 0
        return Int(certificates) + StoreInvariant.all.count + 3
    }

    // MARK: Counts

    private func count(_ report: inout StoreCheckReport) throws {
        report.rows = try StoreTable.all.map {
            StoreCheckReport.Count(name: $0.title, count: try $0.count(on: self.connection))
        }
        report.certificates = try self.states("SELECT state, count(*) FROM certificate GROUP BY state ORDER BY state")
        report.devices = try self.states("SELECT state, count(*) FROM device GROUP BY state ORDER BY state")
        let filling: Set = ["reserved", "issued", "handed-off", "active", "held"]
        let byState = report.devices.filter { filling.contains($0.name) }.reduce(0) { $0 + $1.count }
        // Through the partial index where there is one: what the device limit is counted by.
        let byIndex = Int(try self.connection.integer("SELECT count(*) FROM device WHERE is_live = 1") ?? 0)
        report.outcomes.append(
            .judged(
                "counts.devices",
                "as many devices fill a slot by their states as by what limits are counted by",
                count: abs(byState - byIndex),
                ["by state \(byState), counted \(byIndex)"],
                remedy: "gatehouse store check --full; a damaged index is made anew by REINDEX"
            )
        )
    }

    private func states(_ sql: SQL) throws -> [StoreCheckReport.Count] {
        let row = try self.connection.prepare(sql)
        var counts: [StoreCheckReport.Count] = []
        while try row.step() { counts.append(.init(name: row.text(0), count: Int(row.integer(1)))) }
        return counts
    }

    // MARK: Numbers of rows

    private func numbering() throws -> StoreCheckReport.Outcome {
        let numbering = StoreNumbering(connection: self.connection)
        var findings: [String] = []
        for table in StoreTable.numbered {
            let highest = try numbering.highestRow(of: table)
            guard let given = try numbering.given(in: table), given < highest else { continue }
            findings.append("\(table.title): the highest row is \(highest), the store has given \(given)")
        }
        return .judged(
            "numbering",
            "no table gives its next row a number that one has already",
            count: findings.count,
            findings,
            remedy: "set the sequence past the highest row, with the service stopped"
        )
    }

    /// A change numbered like one that a CRL shows already would never be shown.
    private func changes() throws -> StoreCheckReport.Outcome {
        let numbering = StoreNumbering(connection: self.connection)
        var findings: [String] = []
        if let log = StoreTable.all.first(where: { $0.title == "revocation_change" }) {
            let given = try numbering.highest(of: log)
            let row = try self.connection.prepare(
                "SELECT issuer_id, shard, through FROM crl_shard WHERE through > ?1 ORDER BY issuer_id, shard"
            )
            try row.bind(given, at: 1)
            while try row.step() {
                findings.append(
                    "CRL \(row.text(0))/\(row.integer(1)) shows changes up to \(row.integer(2)), the store has given \(given)"
                )
            }
        }
        return .judged(
            "crl.through",
            "no CRL claims to show a change that the log has not reached",
            count: findings.count,
            Array(findings.prefix(self.most)),
            remedy: "stop the service and set the log's sequence past it: revocations would be taken for published"
        )
    }

    // MARK: Limits

    private static let above: SQL = """
        SELECT count(*) FROM "user" u WHERE u.override_maximum IS NOT NULL AND u.override_maximum < (
            SELECT count(*) FROM device d WHERE d.user_id = u.id AND d.is_live = 1 AND d.is_shared = 0)
        """
    private static let most: SQL = """
        SELECT max(n) FROM (
            SELECT count(*) AS n FROM device WHERE is_live = 1 AND is_shared = 0 GROUP BY user_id) AS counted
        """

    private func limits() throws -> StoreCheckReport.Outcome {
        let above = try self.connection.integer(Self.above) ?? 0
        let most = try self.connection.integer(Self.most) ?? 0
        return StoreCheckReport.Outcome(
            name: "user.limit",
            status: .note,
            what:
                "one user has \(most) devices at most; \(above) users have more than their personal limit, which is no"
                + " fault: a limit is judged when a device enrolls, and may have been lowered or have ended since, and a"
                + " stale device does not count until it is seen again"
        )
    }
}

extension LedgerStore {
    /// Reads the whole store through and says what is not as it has to be.
    ///
    /// - Parameters:
    ///   - isFull: Whether indexes are compared with their tables, too.
    ///   - most: Rows named at most for each finding.
    ///   - digest: SHA-256.
    ///   - progress: Hears of each step.
    /// - Returns: What was found.
    /// - Throws: ``EnrollmentError`` when the store is too damaged to be read.
    package func check(
        full isFull: Bool,
        naming most: Int,
        digest: @escaping StoreDigest,
        progress: @escaping @Sendable (StoreCheckProgress) -> Void = { _ in }
    ) async throws(EnrollmentError) -> StoreCheckReport {
        try await self.read { connection in
            try StoreCheck(connection: connection, digest: digest, isFull: isFull, most: most, progress: progress).run()
        }
    }
}
