internal import SQLText

extension SQLiteSchema {
    /// Key rotation: where each issuer is in its life and its key, link certificates, ceremonies, compromises.
    ///
    /// The authorities that a device is known to have are one text in its row, in order and with a blank between them:
    /// most devices have the same, so that one walk through `device_trust` counts adoption. The table `trust`, which it
    /// replaces, goes with a later release, as on PostgreSQL. Conditions of an index are
    /// columns of it too, since SQLite takes a look at the row for every column that a statement names.
    static let fifth: SQL = """
        ALTER TABLE issuer ADD COLUMN key_place TEXT NOT NULL DEFAULT 'sealed'
            CHECK (key_place IN ('sealed', 'split', 'token', 'offline', 'destroyed'));
        ALTER TABLE issuer ADD COLUMN published INTEGER;
        ALTER TABLE issuer ADD COLUMN activated INTEGER;
        ALTER TABLE issuer ADD COLUMN deposed INTEGER;
        ALTER TABLE issuer ADD COLUMN hurried INTEGER;
        ALTER TABLE issuer ADD COLUMN ended INTEGER;
        UPDATE issuer SET published = created, activated = created WHERE state = 'active';

        ALTER TABLE device ADD COLUMN trusted TEXT NOT NULL DEFAULT '';
        UPDATE device SET trusted = coalesce((
            SELECT group_concat(known.issuer_id, ' ') FROM (
                SELECT t.issuer_id FROM trust t WHERE t.device = device.id ORDER BY t.issuer_id) AS known), '');
        DELETE FROM trust;
        CREATE INDEX device_trust ON device (trusted, is_live, certificate_ends)
            WHERE is_live = 1 AND certificate_ends IS NOT NULL;
        DROP INDEX certificate_issuer;
        CREATE INDEX certificate_live ON certificate (issuer_id, state, not_after) WHERE state = 'issued';

        CREATE TABLE link_certificate (
            subject_id TEXT NOT NULL,
            signed_by TEXT NOT NULL,
            serial BLOB NOT NULL,
            certificate BLOB NOT NULL,
            recorded INTEGER NOT NULL,
            PRIMARY KEY (subject_id, signed_by)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE ceremony (
            id TEXT PRIMARY KEY NOT NULL,
            kind TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('open', 'imported', 'withdrawn')),
            issuer_id TEXT NOT NULL,
            request BLOB NOT NULL,
            key_place TEXT NOT NULL,
            sealed_key BLOB NOT NULL,
            created INTEGER NOT NULL,
            ended INTEGER
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE compromise (
            issuer_id TEXT PRIMARY KEY NOT NULL,
            successor TEXT,
            trace_id TEXT NOT NULL,
            started INTEGER NOT NULL,
            total INTEGER NOT NULL,
            per_minute INTEGER NOT NULL,
            finished INTEGER
        ) STRICT, WITHOUT ROWID;
        """
}
