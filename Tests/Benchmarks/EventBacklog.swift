internal import EnrollmentCore
internal import Foundation
internal import SQLText
internal import SQLiteKit

/// Events that wait to be delivered, put into the store of a service that does not run as years of enrolling would.
struct EventBacklog {
    private let service: ServiceUnderTest

    init(_ service: ServiceUnderTest) {
        self.service = service
    }

    /// As many devices as events, one certificate and one `enrolled` event each; all belong to one user.
    func fill(_ count: Int) throws {
        let connection = try SQLiteConnection(path: self.service.storePath, access: .readWrite)
        let now = Int64(Date().timeIntervalSince1970 * 1_000_000)
        try connection.execute("BEGIN IMMEDIATE")
        for (statement, values) in self.statements(count, at: now) {
            let prepared = try connection.prepare(statement)
            for (index, value) in values.enumerated() {
                switch value {
                case .number(let number): try prepared.bind(number, at: Int32(index + 1))
                case .text(let text): try prepared.bind(text, at: Int32(index + 1))
                case .octets(let octets): try prepared.bind(octets, at: Int32(index + 1))
                }
            }
            try prepared.run()
        }
        try connection.execute("COMMIT")
    }

    private enum Value {
        case number(Int64)
        case text(String)
        case octets([UInt8])
    }

    private static let user = "8d3c1b1e-53a5-4a3d-9d6b-1c5b8f0a2e77"

    private func statements(_ count: Int, at now: Int64) -> [(SQL, [Value])] {
        let number = Value.number(Int64(count))
        let year = Int64(365 * 86_400) * 1_000_000
        return [
            (
                """
                INSERT INTO user (id, principal_name, principal_key, groups, last_seen)
                VALUES (?1, 'backlog@corp.example', 'backlog@corp.example', x'', ?2)
                """, [.text(Self.user), .number(now)]
            ),
            (
                """
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
                INSERT INTO device (id, user_id, state, name, name_key, enrollment_type, hardware_id, claimed_device_id,
                    claimed_key, os_version, model, generation, first_enrolled, last_proven_contact,
                    certificate_serial, certificate_ends, provider, issued)
                SELECT CAST(printf('d%015d', i) AS BLOB), ?2, 'issued', 'DESKTOP-' || i, 'desktop-' || i, 'full',
                    printf('%064x', i), printf('%032X', i), printf('%032x', i), '10.0.26200.9278', 'Simulated Laptop',
                    1, ?3, ?3, CAST(printf('%c%016d', 1, i) AS BLOB), ?4, 'Gatehouse', ?3
                FROM n
                """, [number, .text(Self.user), .number(now), .number(now + year)]
            ),
            (
                """
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
                INSERT INTO certificate (serial, issuer_id, state, profile, device, trace_id, subject, not_before,
                    not_after, recorded, digest, key_digest, thumbprint, windows_thumbprint, to_be_signed, der,
                    evidence, crl_shard)
                SELECT CAST(printf('%c%016d', 1, i) AS BLOB), 'backlog', 'issued', 'device/1',
                    CAST(printf('d%015d', i) AS BLOB), printf('%014d', i), 'CN=backlog', ?2, ?3, ?2, zeroblob(32),
                    CAST(printf('k%031d', i) AS BLOB), CAST(printf('t%031d', i) AS BLOB),
                    CAST(printf('w%019d', i) AS BLOB), zeroblob(600), zeroblob(700), ?4, 0
                FROM n
                """, [number, .number(now), .number(now + year), .octets(Self.evidence)]
            ),
            (
                """
                WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
                INSERT INTO outbox (event, kind, device, generation, serial, trace_id, recorded)
                SELECT CAST(printf('e%015d', i) AS BLOB), 'enrolled', CAST(printf('d%015d', i) AS BLOB), 1,
                    CAST(printf('%c%016d', 1, i) AS BLOB), 'K7Q4-9M2X-TC3H', ?2
                FROM n
                """, [number, .number(now)]
            ),
        ]
    }

    /// What a real device said of itself, as it is kept beside its certificate: texts with their lengths before them.
    private static let evidence: [UInt8] = {
        let macs = (0..<13).flatMap { ["MAC", "00-15-5D-00-00-\($0 + 10)"] }
        let texts =
            [
                "password", Self.user, "backlog@corp.example", "ldaps://dc1.corp.example",
                "0123456789ABCDEF0123456789ABCDEF", "full", "UXInitiated", "True", "HWDevID",
                String(repeating: "5f", count: 32), "Locale", "en-US", "TargetedUserLoggedIn", "True", "OSEdition", "4",
                "DeviceName", "DESKTOP-7F3A",
            ] + macs + [
                "DeviceID", "0123456789ABCDEF0123456789ABCDEF", "EnrollmentType", "Full", "DeviceType",
                "CIMClient_Windows", "OSVersion", "10.0.26200.9278", "ApplicationVersion", "10.0.26200.9278",
                "NotInOobe", "false", "Manufacturer", "Example", "DeviceModel", "Simulated Laptop", "SerialNumber",
                "SIM0001", "RequestVersion", "9.0",
            ]
        return texts.flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) }
    }()

    /// How many events a destination has been told of.
    func delivered(to destination: String) throws -> Int {
        let connection = try SQLiteConnection(path: self.service.storePath, access: .readOnly)
        let statement = try connection.prepare("SELECT cursor FROM destination WHERE name = ?1")
        try statement.bind(destination, at: 1)
        return try statement.step() ? Int(statement.integer(0)) : 0
    }
}
