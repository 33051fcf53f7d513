internal import SQLText

/// The database's layout, as numbered steps that are never edited once released.
enum SQLiteSchema {
    /// `GATE`, in the file's header: tells a Gatehouse database from any other.
    static let applicationID: Int64 = 0x4741_5445

    /// The n-th script brings version n - 1 to version n.
    static let migrations: [SQL] = [Self.first, Self.second, Self.third, Self.fourth, Self.fifth]

    static var version: Int64 { Int64(Self.migrations.count) }

    /// Times are microseconds since 1970 in UTC, ids raw octets, lists the coding of `FieldWriter`.
    ///
    /// `is_live` says whether a device's state fills a slot. It spares the partial indexes, which depend on it, a change
    /// at each step of a device's life. Statements repeat the indexes' conditions word for word, otherwise the planner
    /// does not see that they fit.
    private static let first: SQL = """
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

    /// Renewal, revocation, permits, retention.
    ///
    /// The shard of certificates made before is read from where it is written for good: their distribution point. What
    /// the first version only called superseded, and what it gave up though it was perhaps signed, is revoked now.
    private static let second: SQL = """
        ALTER TABLE certificate ADD COLUMN crl_shard INTEGER;
        ALTER TABLE certificate ADD COLUMN key_protection TEXT NOT NULL DEFAULT 'unstated'
            CHECK (key_protection IN ('hardware', 'software', 'unstated'));
        ALTER TABLE certificate ADD COLUMN predecessor BLOB;
        ALTER TABLE certificate ADD COLUMN seen INTEGER;
        ALTER TABLE certificate ADD COLUMN delivered BLOB;
        CREATE INDEX certificate_end ON certificate (not_after);
        UPDATE certificate SET crl_shard = CAST(CAST(substr(to_be_signed,
                instr(to_be_signed, CAST('/pki/crl/' || issuer_id || '/' AS BLOB))
                    + length(CAST('/pki/crl/' || issuer_id || '/' AS BLOB)), 4) AS TEXT) AS INTEGER)
            WHERE instr(to_be_signed, CAST('/pki/crl/' || issuer_id || '/' AS BLOB)) > 0;

        ALTER TABLE device ADD COLUMN held_from TEXT;
        ALTER TABLE device ADD COLUMN needs_permit INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX device_ends ON device (certificate_ends) WHERE is_live = 1;
        CREATE INDEX device_barred ON device (user_id) WHERE needs_permit = 1;

        CREATE TABLE permit (
            ordinal INTEGER PRIMARY KEY,
            device BLOB NOT NULL REFERENCES device (id),
            kind TEXT NOT NULL CHECK (kind IN ('enrollment', 'renewal')),
            until INTEGER NOT NULL,
            trace_id TEXT NOT NULL,
            used_serial BLOB
        ) STRICT;
        CREATE UNIQUE INDEX permit_unused ON permit (device, kind) WHERE used_serial IS NULL;
        CREATE INDEX permit_used ON permit (used_serial) WHERE used_serial IS NOT NULL;

        CREATE TABLE trust (
            device BLOB NOT NULL REFERENCES device (id),
            issuer_id TEXT NOT NULL,
            confirmed INTEGER NOT NULL,
            PRIMARY KEY (device, issuer_id)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX trust_issuer ON trust (issuer_id);

        CREATE TABLE act (
            ordinal INTEGER PRIMARY KEY,
            trace_id TEXT NOT NULL UNIQUE,
            verb TEXT NOT NULL,
            actor TEXT NOT NULL,
            reason TEXT NOT NULL,
            ticket TEXT,
            recorded INTEGER NOT NULL,
            device BLOB,
            facts BLOB NOT NULL
        ) STRICT;
        CREATE INDEX act_device ON act (device) WHERE device IS NOT NULL;

        CREATE TABLE revocation (
            issuer_id TEXT NOT NULL,
            shard INTEGER NOT NULL,
            serial BLOB NOT NULL,
            reason INTEGER NOT NULL,
            revoked INTEGER NOT NULL,
            not_after INTEGER NOT NULL,
            PRIMARY KEY (issuer_id, shard, serial)
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE revocation_change (
            ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
            issuer_id TEXT NOT NULL,
            shard INTEGER NOT NULL,
            serial BLOB NOT NULL,
            recorded INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX revocation_change_shard ON revocation_change (issuer_id, shard);

        INSERT INTO revocation (issuer_id, shard, serial, reason, revoked, not_after)
            SELECT issuer_id, coalesce(crl_shard, 0), serial, 4, coalesce(supersede_after, recorded), not_after
                FROM certificate WHERE state = 'superseded'
            UNION ALL
            SELECT issuer_id, coalesce(crl_shard, 0), serial, 5, recorded, not_after
                FROM certificate WHERE state = 'intent' AND reason IS NOT NULL;
        INSERT INTO revocation_change (issuer_id, shard, serial, recorded)
            SELECT issuer_id, shard, serial, revoked FROM revocation;

        CREATE TABLE crl_shard (
            issuer_id TEXT NOT NULL,
            shard INTEGER NOT NULL,
            last_number INTEGER NOT NULL DEFAULT 0,
            published INTEGER,
            through INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (issuer_id, shard)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO crl_shard (issuer_id, shard)
            SELECT DISTINCT issuer_id, crl_shard FROM certificate WHERE crl_shard IS NOT NULL;

        CREATE TABLE crl (
            ordinal INTEGER PRIMARY KEY,
            issuer_id TEXT NOT NULL,
            shard INTEGER NOT NULL,
            number INTEGER NOT NULL,
            through INTEGER NOT NULL,
            recorded INTEGER NOT NULL,
            to_be_signed_digest BLOB NOT NULL CHECK (length(to_be_signed_digest) = 32),
            this_update INTEGER,
            next_update INTEGER,
            entries INTEGER,
            octets INTEGER,
            thumbprint BLOB,
            der BLOB,
            UNIQUE (issuer_id, shard, number)
        ) STRICT;

        CREATE TABLE lease (
            name TEXT PRIMARY KEY NOT NULL,
            holder TEXT NOT NULL,
            until INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE certificate_proof (
            serial BLOB PRIMARY KEY NOT NULL,
            issuer_id TEXT NOT NULL,
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            not_after INTEGER NOT NULL,
            reason INTEGER,
            revoked INTEGER,
            pruned INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE next_outbox (
            ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
            event BLOB NOT NULL UNIQUE,
            kind TEXT NOT NULL CHECK (kind IN ('enrolled', 'renewed', 'superseded', 'held', 'resumed', 'reset',
                'revoked', 'expired')),
            device BLOB NOT NULL REFERENCES device (id),
            generation INTEGER NOT NULL,
            serial BLOB,
            predecessor BLOB,
            trace_id TEXT,
            recorded INTEGER NOT NULL,
            sealed_account BLOB,
            acknowledged INTEGER
        ) STRICT;
        INSERT INTO next_outbox (ordinal, event, kind, device, generation, serial, predecessor, trace_id, recorded,
                sealed_account, acknowledged)
            SELECT ordinal, event, 'enrolled', device, generation, serial, predecessor, trace_id, recorded,
                sealed_account, acknowledged
            FROM outbox;
        DROP TABLE outbox;
        ALTER TABLE next_outbox RENAME TO outbox;
        CREATE INDEX outbox_pending ON outbox (ordinal) WHERE acknowledged IS NULL;
        """

    /// What replicas have to agree on.
    ///
    /// Nobody reads it here, where there is one process; a copy from or to another store takes it along.
    private static let third: SQL = """
        CREATE TABLE agreement (
            name TEXT PRIMARY KEY NOT NULL,
            value TEXT NOT NULL,
            changed INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        """
}
