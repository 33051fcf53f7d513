import EnrollmentCore
import Glibc
import Ledger

/// Asks whether the store is sound, and whether anything in it was begun and never ended.
struct StoreChecks {
    let examination: Examination

    func findings() async throws(EnrollmentError) -> [Finding] {
        let before = SystemClock().now
        let facts = try await self.examination.ledger.serverFacts()
        let after = SystemClock().now
        var findings = [try await self.structure(facts)]
        if let facts {
            let moment = Timestamp(microseconds: before.microseconds / 2 + after.microseconds / 2)
            findings += ServerChecks(configuration: self.examination.configuration, facts: facts, asked: moment)
                .findings()
        } else {
            findings.append(.skipped("clock store", "SQLite has no clock of its own: it is this machine's"))
        }
        return findings + [try await self.intents()]
    }

    private func structure(_ facts: ServerFacts?) async throws(EnrollmentError) -> Finding {
        let name = self.examination.configuration.store.name
        let findings: [String]
        do throws(EnrollmentError) {
            findings = try await self.examination.ledger.structureFindings()
        } catch {
            return Finding(.failure, "store", error.detail, remedy: "restore a backup")
        }
        if let first = findings.first {
            return Finding(
                .failure,
                "store",
                "the database is damaged: \(first)",
                remedy: "gatehouse store check, or restore a backup"
            )
        }
        if let facts {
            let size = Numerals.grouped(Int(facts.octets >> 10))
            return .ok("store", "PostgreSQL \(facts.version), indexes and constraints valid, \(size) KiB, \(name)")
        }
        var status = stat()
        let path = self.examination.configuration.store.path
        let size = path.map({ stat($0, &status) }) == 0 ? ", \(Numerals.grouped(Int(status.st_size) >> 10)) KiB" : ""
        return .ok("store", "sqlite, integrity ok\(size), \(name)")
    }

    /// Intents without an outcome and without a reason: recorded, perhaps signed, never ended.
    private func intents() async throws(EnrollmentError) -> Finding {
        let hours = self.examination.configuration.reservationHours
        let before = self.examination.now.adding(seconds: -Int64(hours) * 3_600 - 3_600)
        var open = 0
        var after: String?
        repeat {
            let page = try await self.examination.ledger.certificates(
                CertificateQuery(state: .intent, after: after, limit: PageSize.largest)
            )
            open += page.elements.count { $0.reason == nil && $0.recorded < before }
            after = page.next
        } while after != nil && open < PageSize.largest
        guard open > 0 else { return .ok("intents", "none is older than the \(hours) h that a reservation may take") }
        let isMany = open >= PageSize.largest
        return Finding(
            .warning,
            "intents",
            "\(Numerals.count(open, "certificate"))\(isMany ? " or more" : "") recorded before \(before), perhaps signed,"
                + " never ended; they count as issued",
            remedy: "gatehouse cert list --state intent"
        )
    }
}
