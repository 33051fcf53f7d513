internal import EnrollmentCore
internal import SQLText
internal import SQLiteKit

/// Looks for damage in the database file.
///
/// Reading through a file with a hundred thousand devices takes seconds in which nobody could enroll. So a large one is
/// opened after a look at what the authority cannot do without, and the rest is read while it already serves.
enum StructureCheck {
    /// Few rows, whatever the number of devices.
    private static let essential: [SQL] = [
        "PRAGMA quick_check(sealing)", "PRAGMA quick_check(issuer)", "PRAGMA quick_check(service_certificate)",
        "PRAGMA quick_check(blocked_key)", "PRAGMA quick_check(schema_version)", "PRAGMA quick_check(crl_shard)",
        "PRAGMA quick_check(lease)", "PRAGMA quick_check(link_certificate)", "PRAGMA quick_check(ceremony)",
        "PRAGMA quick_check(compromise)",
    ]

    /// What grows with every enrollment.
    private static let growing: [SQL] = [
        "PRAGMA quick_check(device)", "PRAGMA quick_check(certificate)", "PRAGMA quick_check(outbox)",
        "PRAGMA quick_check(user)", "PRAGMA quick_check(attempt)", "PRAGMA quick_check(revocation)",
        "PRAGMA quick_check(revocation_change)", "PRAGMA quick_check(crl)", "PRAGMA quick_check(act)",
        "PRAGMA quick_check(permit)", "PRAGMA quick_check(trust)", "PRAGMA quick_check(certificate_proof)",
    ]

    /// Whether the file is too large to be read through before it is used.
    static func isPutOff(_ connection: SQLiteConnection, _ settings: LedgerSettings) throws -> Bool {
        try connection.integer("PRAGMA page_count") ?? 0 > settings.pagesCheckedAtOpening
    }

    /// Reads the whole file, or the essential tables of a large one.
    static func atOpening(_ connection: SQLiteConnection, _ settings: LedgerSettings) throws {
        guard try self.isPutOff(connection, settings) else { return try self.judge(connection.findings(.quick)) }
        for check in self.essential { try self.judge(self.findings(check, connection)) }
    }

    /// Reads what ``atOpening(_:_:)`` put off; between two tables it looks whether the task was cancelled.
    static func ofTheRest(_ connection: SQLiteConnection) throws {
        for check in self.growing where !Task.isCancelled { try self.judge(self.findings(check, connection)) }
    }

    private static func findings(_ check: SQL, _ connection: SQLiteConnection) throws -> [String] {
        let statement = try connection.prepare(check)
        var findings: [String] = []
        while try statement.step(), findings.count < 10 { findings.append(statement.text(0)) }
        return findings == ["ok"] ? [] : findings
    }

    private static func judge(_ findings: [String]) throws(EnrollmentError) {
        guard let first = findings.first else { return }
        throw EnrollmentError(
            .enrollmentServer,
            "The database is damaged; restore a backup. First finding: \(first)",
            rule: "ledger.damaged",
            facts: findings.map { Fact("finding", $0) }
        )
    }
}
