internal import EnrollmentCore
internal import SQLText
internal import SQLiteKit
internal import Testing

@testable internal import Ledger

@Suite("Checking a store")
struct StoreCheckTests {
    private let folder: TemporaryFolder

    init() async throws {
        self.folder = try TemporaryFolder()
        let ledger = try await self.folder.openLedger()
        try await SoundStore(ledger: ledger).fill()
        await ledger.close()
    }

    private func check(full: Bool = true) async throws -> StoreCheckReport {
        let ledger = try await self.folder.openLedger(access: .readOnly)
        let report = try await ledger.check(full: full, naming: 2, digest: SoundStore.digest)
        await ledger.close()
        return report
    }

    @Test("finds nothing in a sound one, and counts what is there")
    func sound() async throws {
        let report = try await self.check()
        #expect(report.outcomes.filter { $0.status == .broken }.map(\.name) == [])
        #expect(report.isSound)
        #expect(report.version == Int(SQLiteSchema.version))
        #expect(report.devices.first { $0.name == "held" }?.count == 1)
        #expect(report.certificates.first { $0.name == "superseded" }?.count == 1)
        #expect(report.rows.map(\.name) == StoreTable.all.map(\.title))
        #expect(Set(report.outcomes.map(\.name)).count == report.outcomes.count)
        for outcome in report.outcomes { #expect(outcome.count == 0) }
        let limit = try #require(report.outcomes.first { $0.name == "user.limit" })
        #expect(limit.status == .note)
        #expect(limit.what.contains("1 users have more"))
    }

    /// Breaks one thing; nothing else of the file minds.
    struct Breach: CustomTestStringConvertible, Sendable {
        let name: String
        let script: SQL
        /// What goes along with it.
        var also: Set<String> = []

        var testDescription: String { self.name }
    }

    static let breaches: [Breach] = [
        Breach(name: "device.owner", script: "DELETE FROM user", also: ["references"]),
        Breach(
            name: "device.live",
            script: "UPDATE device SET is_live = 0 WHERE state = 'held'",
            also: ["counts.devices"]
        ),
        Breach(
            name: "device.certificate",
            script: "UPDATE device SET certificate_serial = x'01' WHERE state = 'active'"
        ),
        Breach(
            name: "device.current",
            script: """
                UPDATE device SET certificate_serial = (SELECT serial FROM certificate WHERE device IS NULL LIMIT 1)
                WHERE state = 'active'
                """
        ),
        Breach(name: "device.pending", script: "UPDATE device SET pending_serial = x'02' WHERE state = 'active'"),
        Breach(name: "device.reserved", script: "UPDATE device SET pending_serial = NULL WHERE state = 'reserved'"),
        Breach(
            name: "certificate.device",
            script: "UPDATE certificate SET device = x'03' WHERE state = 'closed'",
            also: ["references"]
        ),
        Breach(
            name: "certificate.intent",
            script: "UPDATE certificate SET to_be_signed = x'' WHERE state = 'closed'",
            also: ["certificate.digest"]
        ),
        Breach(
            name: "certificate.stored",
            script: "UPDATE certificate SET windows_thumbprint = NULL WHERE state = 'superseded'"
        ),
        Breach(
            name: "certificate.revocation",
            script: "DELETE FROM revocation WHERE reason = 4"
        ),
        Breach(name: "certificate.standing", script: "UPDATE revocation SET reason = 1 WHERE reason = 6"),
        Breach(
            name: "certificate.proof",
            script: "UPDATE certificate_proof SET serial = (SELECT serial FROM certificate LIMIT 1)"
        ),
        Breach(
            name: "certificate.digest",
            script: "UPDATE certificate SET digest = randomblob(32) WHERE state = 'superseded'"
        ),
        Breach(
            name: "certificate.thumbprint",
            script: "UPDATE certificate SET thumbprint = randomblob(32) WHERE state = 'superseded'"
        ),
        Breach(
            name: "certificate.octets",
            script: """
                UPDATE certificate SET der = (SELECT der FROM certificate WHERE state = 'revoked' LIMIT 1),
                    thumbprint = NULL, windows_thumbprint = NULL WHERE state = 'superseded'
                """,
            also: ["certificate.stored", "certificate.thumbprint"]
        ),
        Breach(
            name: "revocation.certificate",
            script: "INSERT INTO revocation VALUES ('2026-a', 3, x'04', 1, 1, 1)"
        ),
        Breach(
            name: "revocation.shard",
            script: "DELETE FROM crl_shard",
            also: ["crl.number"]
        ),
        Breach(name: "crl.published", script: "UPDATE crl SET der = NULL WHERE number = 3"),
        Breach(name: "crl.number", script: "UPDATE crl SET number = 99 WHERE number = 2"),
        Breach(name: "crl.through", script: "UPDATE crl_shard SET through = 99; UPDATE crl SET through = 99"),
        Breach(name: "permit.device", script: "UPDATE permit SET device = x'05'", also: ["references"]),
        Breach(name: "trust.device", script: "INSERT INTO trust VALUES (x'06', 'root-1', 1)", also: ["references"]),
        Breach(name: "trust.form", script: "UPDATE device SET trusted = ' root-1' WHERE state = 'active'"),
        Breach(
            name: "outbox.device",
            script: "UPDATE outbox SET device = x'07' WHERE kind = 'renewed'",
            also: ["references"]
        ),
        Breach(
            name: "outbox.subject",
            script: "UPDATE outbox SET device = NULL WHERE kind = 'held'",
            also: ["delivery.event"]
        ),
        Breach(name: "outbox.generation", script: "UPDATE outbox SET generation = 99"),
        Breach(
            name: "feed.order",
            script: """
                UPDATE outbox SET position = NULL WHERE kind = 'enrolled'
                    AND device = (SELECT n.device FROM outbox n WHERE n.kind = 'renewed')
                """
        ),
        Breach(
            name: "feed.position",
            script: "UPDATE feed SET last_position = 1",
            also: ["destination.cursor"]
        ),
        Breach(name: "destination.cursor", script: "UPDATE destination SET cursor = 999"),
        Breach(
            name: "delivery.destination",
            script: "DELETE FROM destination",
            also: ["references"]
        ),
        Breach(name: "delivery.event", script: "UPDATE delivery SET position = 900 WHERE state = 'dead'"),
        Breach(name: "issuer.certificate", script: "UPDATE issuer SET signed_by = 'nobody' WHERE id = '2026-a'"),
        Breach(name: "issuer.key", script: "DELETE FROM sealing"),
        Breach(name: "issuer.key", script: "UPDATE issuer SET sealed_key = x'' WHERE id = '2026-a'"),
        Breach(
            name: "issuer.key",
            script: "UPDATE issuer SET key_place = 'destroyed', sealed_key = x'' WHERE id = '2026-a'"
        ),
        Breach(
            name: "issuer.active",
            script: "UPDATE issuer SET state = 'draining', deposed = 4102444800000000 WHERE id = '2026-a'"
        ),
        Breach(
            name: "issuer.next",
            script: """
                INSERT INTO issuer (id, role, state, signed_by, serial, certificate, sealed_key, created)
                SELECT id || n, role, 'prepared', signed_by, serial, certificate, sealed_key, created
                FROM issuer, (SELECT 1 AS n UNION ALL SELECT 2) AS twice WHERE id = '2026-a'
                """
        ),
        Breach(name: "issuer.moments", script: "UPDATE issuer SET ended = 1 WHERE id = '2026-a'"),
        Breach(name: "issuer.moments", script: "UPDATE issuer SET hurried = 1 WHERE id = '2026-a'"),
        Breach(
            name: "link.issuers",
            script: """
                INSERT INTO link_certificate (subject_id, signed_by, serial, certificate, recorded)
                SELECT '2026-a', 'root-1', serial, certificate, 1 FROM issuer WHERE id = '2026-a'
                """
        ),
        Breach(
            name: "compromise.issuer",
            script: "INSERT INTO compromise VALUES ('2026-a', NULL, 'trace', 1, 0, 0, NULL)"
        ),
        Breach(
            name: "service.certificate",
            script: """
                UPDATE certificate SET state = 'revoked' WHERE serial = (
                    SELECT serial FROM service_certificate ORDER BY ordinal DESC LIMIT 1)
                """,
            also: ["certificate.revocation"]
        ),
        Breach(name: "numbering", script: "UPDATE sqlite_sequence SET seq = 1 WHERE name = 'outbox'"),
        Breach(name: "references", script: "UPDATE permit SET device = x'05'", also: ["permit.device"]),
        Breach(name: "schema", script: "DROP INDEX permit_used"),
        Breach(name: "schema", script: "CREATE TRIGGER odd AFTER INSERT ON lease BEGIN DELETE FROM lease; END"),
        Breach(name: "schema", script: "ALTER TABLE lease ADD COLUMN colour TEXT"),
    ]

    @Test("names what was broken, says what to do, and nothing else", arguments: Self.breaches)
    func breach(_ breach: Breach) async throws {
        do {
            let connection = try SQLiteConnection(path: self.folder.database, access: .readWrite)
            try connection.execute("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
            try connection.execute(breach.script)
        }
        let report = try await self.check()
        let broken = report.outcomes.filter { $0.status == .broken }
        #expect(broken.map(\.name).contains(breach.name))
        #expect(Set(broken.map(\.name)).subtracting([breach.name]) == breach.also)
        let outcome = try #require(broken.first { $0.name == breach.name })
        #expect(outcome.count > 0)
        #expect(outcome.examples.count == min(2, outcome.count) || outcome.name == "counts.devices")
        #expect(outcome.remedy?.isEmpty == false)
        #expect(!report.isSound)
    }

    @Test("has a breach for every invariant")
    func complete() {
        let tried = Set(Self.breaches.map(\.name))
        #expect(Set(StoreInvariant.all.map(\.name)).subtracting(tried) == [])
    }

    @Test("sees one state of the store while somebody writes to it")
    func beside() async throws {
        let writer = try await self.folder.openLedger()
        let reader = try await self.folder.openLedger(access: .readOnly)
        try await withThrowingTaskGroup { group in
            group.addTask {
                for _ in 0..<40 { _ = try await SoundStore(ledger: writer).enroll(LedgerFixture.user("lee")) }
            }
            for _ in 0..<10 {
                let report = try await reader.check(full: false, naming: 5, digest: SoundStore.digest)
                #expect(report.outcomes.filter { $0.status == .broken }.map(\.name) == [])
            }
            try await group.waitForAll()
        }
        await reader.close()
        await writer.close()
    }
}
