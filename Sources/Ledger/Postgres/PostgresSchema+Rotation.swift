internal import SQLText

extension PostgresSchema {
    /// Key rotation: SQLite's fifth version.
    ///
    /// `trust` stays for the former program, which writes to it while it serves, and goes with a later release. Devices
    /// that it sees meanwhile are known to have what they were given from their next certificate on.
    static let rotation: SQL = """
        ALTER TABLE issuer
            ADD COLUMN key_place text COLLATE "C" NOT NULL DEFAULT 'sealed'
                CHECK (key_place IN ('sealed', 'split', 'token', 'offline', 'destroyed')),
            ADD COLUMN published bigint,
            ADD COLUMN activated bigint,
            ADD COLUMN deposed bigint,
            ADD COLUMN hurried bigint,
            ADD COLUMN ended bigint;
        UPDATE issuer SET published = created, activated = created WHERE state = 'active';

        ALTER TABLE device ADD COLUMN trusted text COLLATE "C" NOT NULL DEFAULT '';
        UPDATE device SET trusted = known.list FROM (
            SELECT t.device, string_agg(t.issuer_id, ' ' ORDER BY t.issuer_id) AS list FROM trust t GROUP BY t.device
            ) AS known
            WHERE known.device = device.id;
        CREATE INDEX device_trust ON device (trusted, certificate_ends, ordinal)
            WHERE is_live = 1 AND certificate_ends IS NOT NULL;
        CREATE INDEX certificate_live ON certificate (issuer_id, not_after, ordinal) WHERE state = 'issued';

        CREATE TABLE link_certificate (
            subject_id text COLLATE "C" NOT NULL,
            signed_by text COLLATE "C" NOT NULL,
            serial bytea NOT NULL,
            certificate bytea NOT NULL,
            recorded bigint NOT NULL,
            PRIMARY KEY (subject_id, signed_by)
        );

        CREATE TABLE ceremony (
            id text COLLATE "C" PRIMARY KEY,
            kind text COLLATE "C" NOT NULL,
            state text COLLATE "C" NOT NULL CHECK (state IN ('open', 'imported', 'withdrawn')),
            issuer_id text COLLATE "C" NOT NULL,
            request bytea NOT NULL,
            key_place text COLLATE "C" NOT NULL,
            sealed_key bytea NOT NULL,
            created bigint NOT NULL,
            ended bigint
        );

        CREATE TABLE compromise (
            issuer_id text COLLATE "C" PRIMARY KEY,
            successor text COLLATE "C",
            trace_id text COLLATE "C" NOT NULL,
            started bigint NOT NULL,
            total bigint NOT NULL,
            per_minute bigint NOT NULL,
            finished bigint
        );
        """
}
