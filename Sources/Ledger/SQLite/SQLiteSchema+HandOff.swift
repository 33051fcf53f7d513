internal import SQLText

extension SQLiteSchema {
    /// The feed of events, its destinations, the terms of enrollments, and tokens of the admin interface.
    ///
    /// An event that tells of no device has a subject instead. `position` is its place in the feed, given once it is
    /// committed: see ``HandOffLedger/placeEvents(limit:)``.
    static let fourth: SQL = """
        CREATE TABLE next_outbox (
            ordinal INTEGER PRIMARY KEY AUTOINCREMENT,
            event BLOB NOT NULL UNIQUE,
            kind TEXT NOT NULL CHECK (kind IN ('enrolled', 'renewed', 'superseded', 'held', 'resumed', 'reset',
                'revoked', 'expired', 'silent', 'limit-refused', 'trust-published', 'trust-activated',
                'trust-retired')),
            device BLOB REFERENCES device (id),
            generation INTEGER NOT NULL,
            serial BLOB,
            predecessor BLOB,
            trace_id TEXT,
            recorded INTEGER NOT NULL,
            sealed_account BLOB,
            subject TEXT,
            details BLOB,
            provider TEXT,
            position INTEGER
        ) STRICT;
        INSERT INTO next_outbox (ordinal, event, kind, device, generation, serial, predecessor, trace_id, recorded,
                sealed_account)
            SELECT ordinal, event, kind, device, generation, serial, predecessor, trace_id, recorded, sealed_account
            FROM outbox;
        DROP TABLE outbox;
        ALTER TABLE next_outbox RENAME TO outbox;
        CREATE UNIQUE INDEX outbox_position ON outbox (position) WHERE position IS NOT NULL;
        CREATE INDEX outbox_unplaced ON outbox (ordinal) WHERE position IS NULL;
        CREATE INDEX outbox_device ON outbox (device, ordinal) WHERE device IS NOT NULL;
        CREATE INDEX outbox_recorded ON outbox (recorded);

        CREATE TABLE feed (
            "only" INTEGER PRIMARY KEY CHECK ("only" = 1),
            last_position INTEGER NOT NULL,
            pruned INTEGER NOT NULL DEFAULT 0
        ) STRICT;

        CREATE TABLE destination (
            name TEXT PRIMARY KEY NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('active', 'stopped')),
            cursor INTEGER NOT NULL,
            failing_since INTEGER,
            paused_until INTEGER,
            last_error TEXT,
            last_delivered INTEGER
        ) STRICT, WITHOUT ROWID;

        CREATE TABLE delivery (
            destination TEXT NOT NULL REFERENCES destination (name),
            position INTEGER NOT NULL,
            device BLOB,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'dead')),
            attempts INTEGER NOT NULL,
            since INTEGER NOT NULL,
            next_try INTEGER NOT NULL,
            last_error TEXT,
            is_replay INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (destination, position)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX delivery_due ON delivery (destination, next_try, position) WHERE state = 'waiting';
        CREATE INDEX delivery_device ON delivery (destination, device, position)
            WHERE state = 'waiting' AND is_replay = 0 AND device IS NOT NULL;
        CREATE INDEX delivery_dead ON delivery (destination, position) WHERE state = 'dead';

        CREATE TABLE api_token (
            ordinal INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            digest BLOB NOT NULL CHECK (length(digest) = 32),
            name TEXT NOT NULL,
            owner TEXT NOT NULL,
            scopes BLOB NOT NULL,
            created INTEGER NOT NULL,
            expires INTEGER NOT NULL,
            last_used INTEGER,
            revoked INTEGER
        ) STRICT;

        ALTER TABLE device ADD COLUMN provider TEXT NOT NULL DEFAULT '';
        ALTER TABLE device ADD COLUMN ownership TEXT NOT NULL DEFAULT 'unstated'
            CHECK (ownership IN ('corporate', 'personal', 'unstated'));
        ALTER TABLE device ADD COLUMN ownership_rule TEXT NOT NULL DEFAULT '';
        ALTER TABLE device ADD COLUMN issued INTEGER;
        ALTER TABLE device ADD COLUMN silence_told INTEGER NOT NULL DEFAULT 0;
        UPDATE device SET issued = (SELECT recorded FROM certificate WHERE serial = device.certificate_serial)
            WHERE state IN ('issued', 'handed-off');
        CREATE INDEX device_silent ON device (issued) WHERE state IN ('issued', 'handed-off');
        CREATE INDEX device_untold ON device (issued) WHERE state IN ('issued', 'handed-off') AND silence_told = 0;
        CREATE INDEX device_account ON device (provider) WHERE is_live = 1;
        """
}
