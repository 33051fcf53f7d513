internal import EnrollmentTestKit
internal import Foundation
internal import Ledger

/// What the server does at most for an enrollment: its rows written by `pgbench`, in two transactions of one way to the
/// server and back each, with nothing judged and nothing asked.
struct PostgresLimit {
    /// Octets of the sizes that a Windows device with an RSA-2048 key leaves.
    private static let script = #"""
        \set person random(1, 20000)
        \set number random(1, 1000000000000000)
        \startpipeline
        BEGIN;
        INSERT INTO "user" (id, principal_name, principal_key, display_name, groups, last_seen)
        VALUES ('person-' || :person, 'person@corp.example', 'person@corp.example', 'Person', 'staff', 1)
        ON CONFLICT (id) DO UPDATE SET last_seen = 2;
        INSERT INTO device (id, user_id, state, name, name_key, enrollment_type, hardware_id, claimed_device_id, claimed_key,
            os_version, model, first_enrolled, last_proven_contact)
        VALUES (decode(md5('d' || :number), 'hex'), 'person-' || :person, 'reserved', 'DESKTOP-7F3A', 'desktop-7f3a', 'full',
            md5('h' || :number) || md5('i' || :number), md5('c' || :number), md5('c' || :number), '10.0.26200.9278', 'Laptop',
            1, 1);
        INSERT INTO certificate (serial, issuer_id, state, profile, device, trace_id, subject, not_before, not_after, recorded,
            digest, key_digest, to_be_signed, evidence, crl_shard)
        VALUES (decode(md5('s' || :number), 'hex'), '2026-a', 'intent', 'device/1', decode(md5('d' || :number), 'hex'),
            'C4F0-60Z4-P4ZP', 'CN=6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1,O=Example', 1, 2, 3,
            sha256(convert_to('d' || :number, 'UTF8')), sha256(convert_to('k' || :number, 'UTF8')),
            convert_to(repeat(md5('x' || :number), 28), 'UTF8'), convert_to(repeat(md5('y' || :number), 31), 'UTF8'), 3);
        INSERT INTO attempt (trace_id, operation, outcome, started, microseconds, source_address, claimed_name, claimed_key,
            user_id, claimed_device_id, hardware_id, device_name, os_version, device, steps)
        VALUES (md5('a' || :number), 'enrollment', 'open', 1, 1, '10.20.4.88', 'person@corp.example', 'person@corp.example',
            'person-' || :person, md5('c' || :number), md5('h' || :number) || md5('i' || :number), 'DESKTOP-7F3A',
            '10.0.26200.9278', decode(md5('d' || :number), 'hex'), convert_to(repeat(md5('z' || :number), 2), 'UTF8'));
        COMMIT;
        \endpipeline
        \startpipeline
        BEGIN;
        UPDATE certificate SET state = 'issued', thumbprint = sha256(serial), windows_thumbprint = substr(sha256(serial), 1, 20),
            der = to_be_signed || sha512(serial)
        WHERE serial = decode(md5('s' || :number), 'hex');
        UPDATE device SET state = 'issued', generation = 1, certificate_ends = 5 WHERE id = decode(md5('d' || :number), 'hex');
        INSERT INTO outbox (event, kind, device, generation, serial, trace_id, recorded, sealed_account)
        VALUES (decode(md5('o' || :number), 'hex'), 'enrolled', decode(md5('d' || :number), 'hex'), 1,
            decode(md5('s' || :number), 'hex'), 'C4F0-60Z4-P4ZP', 1, convert_to(repeat(md5('q' || :number), 6), 'UTF8'));
        UPDATE attempt SET outcome = 'succeeded', serial = decode(md5('s' || :number), 'hex') WHERE trace_id = md5('a' || :number);
        COMMIT;
        \endpipeline
        """#

    private let bench: Bench

    init(_ bench: Bench) {
        self.bench = bench
    }

    /// Enrollments a second.
    func rate(_ clients: Int) async throws -> Double {
        let file = FileManager.default.temporaryDirectory.appending(path: "pgbench-\(UUID().uuidString)")
        try Data(Self.script.utf8).write(to: file)
        // A file left behind is a nuisance, not a failure.
        defer { try? FileManager.default.removeItem(at: file) }
        return try await self.bench.postgres().withDatabase { database in
            let place = PostgresPlace(database)
            await (try await place.ledger(.founding)).close()
            let outcome = try await place.run(
                "pgbench",
                ["-n", "-M", "prepared", "-f", file.path, "-c", "\(clients)", "-j", "2", "-T", "4"]
            )
            let line = outcome.split(separator: "\n").first { $0.hasPrefix("tps = ") }
            guard let rate = line?.split(separator: " ").dropFirst(2).first.flatMap({ Double($0) }) else {
                throw BenchmarkProblem("pgbench: \(outcome)")
            }
            return rate
        }
    }
}
