internal import EnrollmentCore
internal import SQLText
internal import SQLiteKit

/// A database as the first version made it: one enrolled device, one whose enrollment is under way, and the issuer.
///
/// The layout is frozen; it is not to follow the present one.
enum FirstVersion {
    static let device = "6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1"
    static let pendingDevice = "00000000-0000-4000-8000-000000000002"
    static let serial = "01aabbccddeeff00112233445566778899"
    static let pendingSerial = "01000000000000000000000000000000f2"
    static let rootSerial = "01000000000000000000000000000000f1"
    static let event = "00000000-0000-4000-8000-0000000000e1"
    static let userID = "id-kim"
    static let hardware = "hw-0001"
    static let thumbprint = "2ebb787e2abb6dc7af9ed881dc66436d8f639820e0efceb32ffe7ddcf2cb3439"
    static let pendingDigest = "2222222222222222222222222222222222222222222222222222222222222222"
    static let trace = TraceID(random: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    static let pendingTrace = TraceID(random: [2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])

    static func make(at path: String) throws {
        let connection = try SQLiteConnection(path: path, access: .create)
        try connection.execute("PRAGMA journal_mode = WAL; PRAGMA application_id = 0x47415445;")
        try connection.execute(Self.layout)
        try connection.execute(Self.rows)
        let certificate = try connection.prepare(
            "UPDATE certificate SET to_be_signed = ?1, der = ?2 WHERE profile = 'device/1' AND state = 'issued'"
        )
        try certificate.bind(Hexadecimal.decode(Self.toBeSigned), at: 1)
        try certificate.bind(Hexadecimal.decode(Self.head + Self.toBeSigned + Self.signature), at: 2)
        try certificate.run()
        for (sql, trace) in [
            ("UPDATE certificate SET trace_id = ?1 WHERE device = x'6b1f0f0e6f0c4c2e9f6f0a51d7f0a5c1'", Self.trace),
            ("UPDATE attempt SET trace_id = ?1 WHERE trace_id = 'one'", Self.trace),
            ("UPDATE outbox SET trace_id = ?1", Self.trace),
            ("UPDATE certificate SET trace_id = ?1 WHERE state = 'intent'", Self.pendingTrace),
            ("UPDATE attempt SET trace_id = ?1 WHERE trace_id = 'two'", Self.pendingTrace),
        ] as [(SQL, TraceID)] {
            let statement = try connection.prepare(sql)
            try statement.bind(trace.description, at: 1)
            try statement.run()
        }
    }

    /// Octets to be signed that name the shard 12, as OpenSSL made them.
    private static let toBeSigned = [
        "308201cba003020102021101aabbccddeeff00112233445566778899300a06082a8648ce3d040302303e310d300b0603",
        "55040a0c04436f7270312d302b06035504030c2436623166306630652d366630632d346332652d396636662d30613531",
        "6437663061356331301e170d3236313132303037333432325a170d3237313132303037333432325a303e310d300b0603",
        "55040a0c04436f7270312d302b06035504030c2436623166306630652d366630632d346332652d396636662d30613531",
        "64376630613563313059301306072a8648ce3d020106082a8648ce3d03010703420004c02a8fdde24599abf4a1fb4031",
        "23b67669fc89a09da8ce1a3d665171e30cb942be4c44efcb08dc6065ea0a4f3abc6cf13633fc7b52c46e02bd6ac5418c",
        "b5daf7a381a93081a6301d0603551d0e0416041429710e1fd31b9793c3c3d56c6c2dcdb1a1be8915301f0603551d2304",
        "183016801429710e1fd31b9793c3c3d56c6c2dcdb1a1be8915300f0603551d130101ff040530030101ff303e0603551d",
        "1f043730353033a031a02f862d687474703a2f2f706b692e636f72702e6578616d706c652f706b692f63726c2f323032",
        "362d612f31322e63726c30130603551d25040c300a06082b06010505070302",
    ].joined()
    /// What stands around them in the certificate.
    private static let head = "30820224"
    private static let signature = [
        "300a06082a8648ce3d0403020347003044022010327c40bf0c4e63970b42477a6edcb9458f8acbe90700e3c15db0844d",
        "ddb85a02206c470b96dec72f2eaaf16462fcef46ed8e272363015aad5b5fc3288e6765f01f",
    ].joined()

    private static let rows: SQL = """
        INSERT INTO schema_version VALUES (1, 1790000000000000);
        INSERT INTO user (id, principal_name, principal_key, display_name, groups, last_seen)
            VALUES ('id-kim', 'kim@corp.example', 'kim@corp.example', 'Kim', x'', 1790000000000000);
        INSERT INTO device (id, user_id, state, name, name_key, enrollment_type, hardware_id, claimed_device_id,
                claimed_key, os_version, model, generation, first_enrolled, last_proven_contact, pending_serial,
                certificate_serial, certificate_ends)
            VALUES (x'6b1f0f0e6f0c4c2e9f6f0a51d7f0a5c1', 'id-kim', 'issued', 'DESKTOP-7F3A', 'desktop-7f3a', 'full',
                'hw-0001', 'A1B2', 'a1b2', '10.0.26100.2314', 'X1', 1, 1790000000000000, 1790000000000000, NULL,
                x'01aabbccddeeff00112233445566778899', 1821535699000000),
            (x'00000000000040008000000000000002', 'id-kim', 'reserved', 'NEW', 'new', 'full', 'hw-0002', 'C3', 'c3',
                NULL, NULL, 0, 1790000000000000, 1790000000000000, x'01000000000000000000000000000000f2', NULL, NULL);
        INSERT INTO certificate (serial, issuer_id, state, profile, device, trace_id, subject, not_before, not_after,
                recorded, digest, key_digest, thumbprint, windows_thumbprint, to_be_signed, der, evidence)
            VALUES (x'01000000000000000000000000000000f1', 'root', 'issued', 'root/1', NULL, NULL, 'CN=Root',
                1780000000000000, 2100000000000000, 1780000000000000,
                x'1111111111111111111111111111111111111111111111111111111111111111',
                x'1111111111111111111111111111111111111111111111111111111111111101',
                x'1111111111111111111111111111111111111111111111111111111111111102',
                x'1111111111111111111111111111111111111103', x'3003020101', x'30053003020101', x''),
            (x'01aabbccddeeff00112233445566778899', '2026-a', 'issued', 'device/1',
                x'6b1f0f0e6f0c4c2e9f6f0a51d7f0a5c1', NULL, 'CN=6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1', 1789999700000000,
                1821535699000000, 1790000000000000,
                x'cd380ac3f207950779545cecd7b4218db1eb314ef0d394dde93c4b35c73b4bc4',
                x'3333333333333333333333333333333333333333333333333333333333333333',
                x'2ebb787e2abb6dc7af9ed881dc66436d8f639820e0efceb32ffe7ddcf2cb3439',
                x'f1b761ed963366cfb3e964dcf475b3fa1713bd7f',
                x'',
                x'',
                x''),
            (x'01000000000000000000000000000000f2', '2026-a', 'intent', 'device/1',
                x'00000000000040008000000000000002', NULL, 'CN=00000000-0000-4000-8000-000000000002', 1789999700000000,
                1821535699000000, 1790000000000000,
                x'2222222222222222222222222222222222222222222222222222222222222222',
                x'2222222222222222222222222222222222222222222222222222222222222201', NULL, NULL,
                CAST('0 http://pki.corp.example/pki/crl/2026-a/0.crl0' AS BLOB), NULL, x'');
        INSERT INTO attempt (trace_id, operation, outcome, started, microseconds, source_address, user_id, device)
            VALUES ('one', 'enrollment', 'succeeded', 1790000000000000, 900, '10.20.4.88', 'id-kim',
                x'6b1f0f0e6f0c4c2e9f6f0a51d7f0a5c1'),
            ('two', 'enrollment', 'open', 1790000000000000, 0, '10.20.4.89', 'id-kim',
                x'00000000000040008000000000000002');
        INSERT INTO outbox (event, device, generation, serial, trace_id, recorded, sealed_account)
            VALUES (x'000000000000400080000000000000e1', x'6b1f0f0e6f0c4c2e9f6f0a51d7f0a5c1', 1,
                x'01aabbccddeeff00112233445566778899', 'one', 1790000000000000, x'0102');
        """

    private static let layout: SQL = """
        CREATE TABLE schema_version (
            version INTEGER PRIMARY KEY,
            applied INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE user (
            id TEXT PRIMARY KEY NOT NULL,
            principal_name TEXT NOT NULL,
            principal_key TEXT NOT NULL,
            display_name TEXT,
            groups BLOB NOT NULL,
            last_seen INTEGER NOT NULL,
            override_maximum INTEGER,
            override_until INTEGER,
            override_reason TEXT
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX user_principal ON user (principal_key);

        CREATE TABLE device (
            ordinal INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE,
            user_id TEXT NOT NULL REFERENCES user (id),
            state TEXT NOT NULL CHECK (state IN ('reserved', 'issued', 'handed-off', 'active', 'held',
                'released', 'reset', 'revoked', 'expired')),
            is_live INTEGER NOT NULL DEFAULT 1 CHECK (
                is_live = (state IN ('reserved', 'issued', 'handed-off', 'active', 'held'))),
            name TEXT NOT NULL,
            name_key TEXT NOT NULL,
            enrollment_type TEXT NOT NULL,
            hardware_id TEXT,
            claimed_device_id TEXT NOT NULL,
            claimed_key TEXT NOT NULL,
            os_version TEXT,
            model TEXT,
            is_shared INTEGER NOT NULL DEFAULT 0,
            generation INTEGER NOT NULL DEFAULT 0,
            first_enrolled INTEGER NOT NULL,
            last_proven_contact INTEGER NOT NULL,
            pending_serial BLOB,
            certificate_serial BLOB,
            certificate_ends INTEGER,
            conflicts BLOB
        ) STRICT;
        CREATE INDEX device_user ON device (user_id);
        CREATE INDEX device_state ON device (state);
        CREATE INDEX device_name ON device (name_key);
        CREATE INDEX device_hardware ON device (hardware_id, user_id)
            WHERE is_live = 1;
        CREATE INDEX device_claimed ON device (claimed_key, user_id)
            WHERE is_live = 1;
        CREATE INDEX device_counted ON device (user_id, last_proven_contact)
            WHERE is_shared = 0 AND is_live = 1;

        CREATE TABLE certificate (
            ordinal INTEGER PRIMARY KEY,
            serial BLOB NOT NULL UNIQUE,
            issuer_id TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('intent', 'issued', 'superseded', 'revoked', 'closed')),
            profile TEXT NOT NULL,
            device BLOB REFERENCES device (id),
            trace_id TEXT,
            subject TEXT NOT NULL,
            not_before INTEGER NOT NULL,
            not_after INTEGER NOT NULL,
            recorded INTEGER NOT NULL,
            reason TEXT,
            supersede_after INTEGER,
            previous_contact INTEGER,
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            key_digest BLOB NOT NULL CHECK (length(key_digest) = 32),
            thumbprint BLOB,
            windows_thumbprint BLOB,
            to_be_signed BLOB NOT NULL,
            der BLOB,
            evidence BLOB NOT NULL
        ) STRICT;
        CREATE INDEX certificate_key ON certificate (key_digest);
        CREATE UNIQUE INDEX certificate_thumbprint ON certificate (thumbprint) WHERE thumbprint IS NOT NULL;
        CREATE INDEX certificate_device ON certificate (device);
        CREATE INDEX certificate_state ON certificate (state);
        CREATE INDEX certificate_issuer ON certificate (issuer_id);
        CREATE INDEX certificate_issuer_state ON certificate (issuer_id, state);
        CREATE INDEX certificate_open ON certificate (recorded)
            WHERE state = 'intent' AND reason IS NULL AND device IS NOT NULL;
        CREATE INDEX certificate_due ON certificate (supersede_after)
            WHERE state = 'issued' AND supersede_after IS NOT NULL;

        CREATE TABLE blocked_key (
            key_digest BLOB PRIMARY KEY NOT NULL CHECK (length(key_digest) = 32),
            reason TEXT NOT NULL,
            recorded INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE attempt (
            ordinal INTEGER PRIMARY KEY,
            trace_id TEXT NOT NULL UNIQUE,
            operation TEXT NOT NULL,
            outcome TEXT NOT NULL,
            started INTEGER NOT NULL,
            microseconds INTEGER NOT NULL,
            source_address TEXT NOT NULL,
            claimed_name TEXT,
            claimed_key TEXT,
            user_id TEXT,
            claimed_device_id TEXT,
            hardware_id TEXT,
            device_name TEXT,
            os_version TEXT,
            device BLOB,
            serial BLOB,
            steps BLOB,
            code TEXT,
            rule TEXT,
            detail TEXT,
            facts BLOB,
            counted BLOB
        ) STRICT;
        CREATE INDEX attempt_operation ON attempt (operation);
        CREATE INDEX attempt_outcome ON attempt (outcome);
        CREATE INDEX attempt_user ON attempt (user_id) WHERE user_id IS NOT NULL;
        CREATE INDEX attempt_claimed ON attempt (claimed_key) WHERE claimed_key IS NOT NULL;
        CREATE INDEX attempt_device ON attempt (device) WHERE device IS NOT NULL;

        CREATE TABLE outbox (
            ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
            event BLOB NOT NULL UNIQUE,
            device BLOB NOT NULL REFERENCES device (id),
            generation INTEGER NOT NULL,
            serial BLOB NOT NULL,
            predecessor BLOB,
            trace_id TEXT NOT NULL,
            recorded INTEGER NOT NULL,
            sealed_account BLOB NOT NULL,
            acknowledged INTEGER
        ) STRICT;
        CREATE INDEX outbox_pending ON outbox (ordinal) WHERE acknowledged IS NULL;

        CREATE TABLE issuer (
            ordinal INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            role TEXT NOT NULL,
            state TEXT NOT NULL,
            signed_by TEXT NOT NULL,
            serial BLOB NOT NULL,
            certificate BLOB NOT NULL,
            sealed_key BLOB NOT NULL,
            created INTEGER NOT NULL
        ) STRICT;

        CREATE TABLE service_certificate (
            ordinal INTEGER PRIMARY KEY,
            use TEXT NOT NULL,
            serial BLOB NOT NULL UNIQUE,
            chain BLOB NOT NULL,
            sealed_key BLOB NOT NULL,
            not_after INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX service_certificate_use ON service_certificate (use);

        CREATE TABLE sealing (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            parameters BLOB NOT NULL
        ) STRICT;
        """
}
