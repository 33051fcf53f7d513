"""What a receiver keeps: every event once, and what the events come to.

An event may arrive twice, and one that was late may arrive behind a newer one. Its id tells the first, the device's
generation the second: facts of a device are those of its event with the highest generation.
"""

import contextlib
import json
import sqlite3
import threading

# What becomes of a device, by the last part of the event's type; kinds that are missing here change nothing.
STANDINGS = {
    "enrolled": "managed", "renewed": "managed", "resumed": "managed", "held": "held",
    "reset": "retired", "revoked": "retired", "expired": "retired",
}

SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, device TEXT, generation INTEGER NOT NULL, body TEXT NOT NULL,
    came_by TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS event_device ON event (device, generation);
CREATE TABLE IF NOT EXISTS device (
    id TEXT PRIMARY KEY, generation INTEGER NOT NULL, standing TEXT NOT NULL, claimed TEXT NOT NULL, user TEXT NOT NULL,
    contact TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS account (
    device TEXT PRIMARY KEY, generation INTEGER NOT NULL, provider TEXT NOT NULL, client_name TEXT NOT NULL,
    client_secret TEXT NOT NULL, client_nonce TEXT NOT NULL, server_secret TEXT NOT NULL, server_nonce TEXT NOT NULL)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fact (
    device TEXT NOT NULL, node TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (device, node)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS cursor (one INTEGER PRIMARY KEY CHECK (one = 1), after TEXT NOT NULL);
"""


class Unopened(Exception):
    """An event brings secrets that our key does not open; it is not kept, so that it comes again when the key is there."""


class Inbox:
    """One SQLite file; may be used by several threads."""

    def __init__(self, path, open_account=None):
        """`open_account` turns the sealed secrets of an event into a dictionary, or raises."""
        self._lock = threading.Lock()
        self._open_account = open_account
        self._store = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._store.execute("PRAGMA journal_mode = WAL")
        self._store.execute("PRAGMA busy_timeout = 5000")
        # Acknowledged is on the disk.
        self._store.execute("PRAGMA synchronous = FULL")
        self._store.executescript(SCHEMA)

    def close(self):
        self._store.close()

    @contextlib.contextmanager
    def _transaction(self):
        with self._lock:
            self._store.execute("BEGIN IMMEDIATE")
            try:
                yield self._store
            except BaseException:
                self._store.execute("ROLLBACK")
                raise
            self._store.execute("COMMIT")

    def take(self, event, came_by):
        """Keeps an event; returns whether it is new. When this returns, the event may be acknowledged.

        Raises Unopened when it cannot be kept.
        """
        data = event.get("data") or {}
        device = (data.get("device") or {}).get("id")
        generation = data.get("generation") or 0
        with self._transaction() as store:
            row = store.execute(
                "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (event["id"], event["type"], device, generation, json.dumps(event), came_by))
            if device:
                self._apply(store, event["type"].rsplit(".", 1)[-1], device, generation, data)
            return row.rowcount > 0

    def _apply(self, store, kind, device, generation, data):
        """Goes by the generation; to apply an event again changes nothing, but for the secrets that only a webhook has."""
        standing = STANDINGS.get(kind)
        facts = data["device"]
        if standing:
            store.execute(
                "INSERT INTO device (id, generation, standing, claimed, user) VALUES (?1, ?2, ?3, ?4, ?5)"
                " ON CONFLICT (id) DO UPDATE SET generation = ?2, standing = ?3, claimed = ?4, user = ?5"
                " WHERE generation < ?2",
                (device, generation, standing, facts.get("claimedDeviceId") or "",
                 (data.get("user") or {}).get("principalName") or ""))
        account = data.get("account") or {}
        if kind == "enrolled" and self._open_account and account.get("secrets", "omitted") != "omitted":
            try:
                secrets = self._open_account(account["secrets"])
                if secrets["device"] != device:
                    raise ValueError("the secrets of another device")
            except Exception as error:
                raise Unopened(f"the account secrets of {device}") from error
            store.execute(
                "INSERT INTO account VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (device) DO UPDATE SET"
                " generation = ?2, provider = ?3, client_name = ?4, client_secret = ?5, client_nonce = ?6,"
                " server_secret = ?7, server_nonce = ?8 WHERE generation < ?2",
                (device, generation, account["providerId"], account["clientName"], secrets["clientSecret"],
                 account["clientNonce"], secrets["serverSecret"], account["serverNonce"]))

    def device(self, device):
        """Standing and claimed DeviceID of a device, or None."""
        with self._lock:
            row = self._store.execute("SELECT standing, claimed FROM device WHERE id = ?", (device,)).fetchone()
        return row and {"standing": row[0], "claimed": row[1]}

    def account(self, device):
        """Names, secrets and nonces of a device's account, or None where they were not told."""
        names = ("provider", "client_name", "client_secret", "client_nonce", "server_secret", "server_nonce")
        with self._lock:
            row = self._store.execute(
                f"SELECT {', '.join(names)} FROM account WHERE device = ?", (device,)).fetchone()
        return row and dict(zip(names, row))

    def keep_nonces(self, device, client=None, server=None):
        """Nonces for the next session; a nonce is good for one digest."""
        with self._transaction() as store:
            store.execute(
                "UPDATE account SET client_nonce = coalesce(?2, client_nonce), server_nonce = coalesce(?3, server_nonce)"
                " WHERE device = ?1", (device, client, server))

    def note_contact(self, device, standing, facts):
        """What came of a session: what the authority said to its report, and what the device said of itself."""
        with self._transaction() as store:
            store.execute("UPDATE device SET contact = ?2 WHERE id = ?1", (device, standing))
            self._keep(store, device, facts)

    def note_facts(self, device, facts):
        with self._transaction() as store:
            self._keep(store, device, facts)

    @staticmethod
    def _keep(store, device, facts):
        for node, value in facts.items():
            store.execute(
                "INSERT INTO fact VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET value = ?3", (device, node, value))

    def cursor(self):
        """Where to go on reading the feed; None at first."""
        with self._lock:
            row = self._store.execute("SELECT after FROM cursor").fetchone()
        return row[0] if row else None

    def move_cursor(self, after):
        with self._transaction() as store:
            store.execute("INSERT INTO cursor VALUES (1, ?1) ON CONFLICT DO UPDATE SET after = ?1", (str(after),))

    def summary(self):
        """Everything worth showing; no secret."""
        with self._lock:
            events = self._store.execute(
                "SELECT id, type, device, generation, came_by FROM event ORDER BY device, generation").fetchall()
            devices = self._store.execute(
                "SELECT id, generation, standing, claimed, user, contact FROM device ORDER BY id").fetchall()
            facts = self._store.execute("SELECT device, node, value FROM fact ORDER BY device, node").fetchall()
            accounts = self._store.execute("SELECT device FROM account").fetchall()
        known = {row[0] for row in accounts}
        return {
            "events": [dict(zip(("id", "type", "device", "generation", "cameBy"), row)) for row in events],
            "devices": [
                dict(zip(("id", "generation", "standing", "deviceId", "user", "contact"), row))
                | {"hasSecrets": row[0] in known, "facts": {node: value for at, node, value in facts if at == row[0]}}
                for row in devices],
        }
