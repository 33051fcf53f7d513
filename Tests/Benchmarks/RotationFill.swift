internal import EnrollmentCore
internal import Foundation
internal import Ledger
internal import Logging
internal import SQLText
internal import SQLiteKit

/// A store in a file of its own with an authority of two roots and three issuers, and as many live devices as asked for.
///
/// Every third device still has a certificate of the former issuer. Of ten one was never seen, three know the roots and
/// issuers of old, and the others the new ones, too.
struct RotationFill {
    let folder: URL
    let count: Int

    var path: String { self.folder.appending(path: "ledger.sqlite").path }

    static let former = "2026-a"
    static let present = "2027-a"
    static let next = "2028-a"

    init(_ count: Int) throws {
        self.count = count
        self.folder = FileManager.default.temporaryDirectory.appending(path: "rotation-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: false)
    }

    func open() async throws -> SQLiteLedger {
        try await SQLiteLedger.open(LedgerSettings(path: self.path), logger: Logger(label: "benchmark"))
    }

    func remove() throws {
        try FileManager.default.removeItem(at: self.folder)
    }

    func run() async throws {
        let ledger = try await self.open()
        try await Self.found(ledger)
        await ledger.close()
        let connection = try SQLiteConnection(path: self.path, access: .readWrite)
        try connection.execute("PRAGMA synchronous = OFF; BEGIN IMMEDIATE")
        try connection.execute(Self.people)
        for statement in [Self.devices, Self.certificates] {
            let prepared = try connection.prepare(statement)
            try prepared.bind(Int64(self.count), at: 1)
            try prepared.bind(LedgerBenchmark.now.microseconds, at: 2)
            try prepared.bind(LedgerBenchmark.now.adding(days: 365).microseconds, at: 3)
            try prepared.run()
        }
        try connection.execute("COMMIT; PRAGMA wal_checkpoint(TRUNCATE)")
    }

    static func found(_ ledger: some LedgerStore) async throws {
        let states: [(String, IssuerRecord.Role, IssuerRecord.State)] = [
            ("root-1", .root, .active), (Self.former, .issuing, .draining), (Self.present, .issuing, .active),
            ("root-2", .root, .published), (Self.next, .issuing, .published),
        ]
        for (id, role, state) in states {
            let prepared = LedgerBenchmark.prepared(octets: 620)
            let receipt = try await ledger.recordIntent(prepared, at: LedgerBenchmark.now)
            let certificate = IssuedCertificate(
                serialNumber: receipt.serialNumber,
                issuerID: prepared.draft.issuerID,
                der: prepared.toBeSigned + LedgerBenchmark.octets(90),
                thumbprint: LedgerBenchmark.octets(32),
                windowsThumbprint: LedgerBenchmark.octets(20),
                validity: prepared.draft.validity
            )
            let issuer = IssuerRecord(
                id: id,
                role: role,
                state: state,
                signedBy: role == .root ? id : "root-1",
                certificate: certificate.der,
                key: .sealed(LedgerBenchmark.octets(200)),
                created: LedgerBenchmark.now
            )
            try await ledger.confirmIssuer(issuer, certificate: certificate, receipt: receipt)
        }
    }

    private static let people: SQL = """
        INSERT INTO user (id, principal_name, principal_key, groups, last_seen)
        VALUES ('fleet', 'fleet@corp.example', 'fleet@corp.example', x'', 0)
        """
    private static let devices: SQL = """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        INSERT INTO device (id, user_id, state, name, name_key, enrollment_type, hardware_id, claimed_device_id,
            claimed_key, os_version, model, generation, first_enrolled, last_proven_contact,
            certificate_serial, certificate_ends, provider, issued, trusted)
        SELECT CAST(printf('%08x%08d', (i * 2654435761) & 4294967295, i) AS BLOB), 'fleet', 'active', 'DESKTOP-' || i,
            'desktop-' || i, 'full', printf('%064x', i), printf('%032X', i), printf('%032x', i), '10.0.26200.9278',
            'Simulated Laptop', 1, ?2, ?2, CAST(printf('%c%016d', 1, i) AS BLOB), ?3 + i, 'Gatehouse', ?2,
            CASE WHEN i % 10 = 0 THEN '' WHEN i % 10 < 4 THEN '2026-a root-1' ELSE '2026-a 2027-a root-1 root-2' END
        FROM n
        """
    private static let certificates: SQL = """
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
        INSERT INTO certificate (serial, issuer_id, state, profile, device, trace_id, subject, not_before,
            not_after, recorded, digest, key_digest, thumbprint, windows_thumbprint, to_be_signed, der,
            evidence, crl_shard, seen, delivered)
        SELECT CAST(printf('%c%016d', 1, i) AS BLOB), CASE WHEN i % 3 = 0 THEN '2026-a' ELSE '2027-a' END, 'issued',
            'device/1', CAST(printf('%08x%08d', (i * 2654435761) & 4294967295, i) AS BLOB), printf('%014d', i),
            'CN=fleet', ?2, ?3 + i, ?2, zeroblob(32), CAST(printf('k%031d', i) AS BLOB),
            CAST(printf('t%031d', i) AS BLOB), CAST(printf('w%019d', i) AS BLOB), randomblob(620), randomblob(710),
            randomblob(900), i % 8, CASE WHEN i % 10 > 0 THEN ?2 END, NULL
        FROM n
        """
}
