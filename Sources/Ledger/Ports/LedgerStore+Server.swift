package import EnrollmentCore
internal import SQLText

extension LedgerStore {
    /// What the server says of itself; `nil` where the store is in this process.
    package func serverFacts() async throws(EnrollmentError) -> ServerFacts? {
        try await self.read { connection in
            guard connection.isOnServer else { return nil }
            let row = try connection.prepare(ServerQuestion.text)
            guard try row.step() else { throw EnrollmentError.unreadable("the server's settings") }
            return ServerFacts(
                version: row.text(0),
                tlsVersion: row.optionalText(1),
                address: row.optionalText(2),
                isStandby: row.boolean(3),
                isReceiving: row.boolean(4),
                replayed: row.optionalInteger(5),
                clock: row.integer(6),
                synchronousCommit: row.text(7),
                synchronousStandbys: row.text(8),
                syncsFiles: row.text(9) == "on",
                writesFullPages: row.text(10) == "on",
                hasChecksums: row.text(11) == "on",
                connections: Int(row.integer(12)),
                mostConnections: Int(row.integer(13)),
                octets: row.integer(14),
                isSuperuser: row.boolean(15)
            )
        }
    }
}

private enum ServerQuestion {
    static let text: SQL = """
        SELECT current_setting('server_version'),
            (SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND ssl),
            host(inet_server_addr()),
            pg_is_in_recovery()::int::bigint,
            (EXISTS (SELECT 1 FROM pg_stat_wal_receiver))::int::bigint,
            (extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000000)::bigint,
            (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
            current_setting('synchronous_commit'),
            current_setting('synchronous_standby_names'),
            current_setting('fsync'),
            current_setting('full_page_writes'),
            current_setting('data_checksums'),
            (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
            current_setting('max_connections')::bigint,
            pg_database_size(current_database()),
            (SELECT rolsuper::int::bigint FROM pg_roles WHERE rolname = current_user)
        """
}

extension LedgerConnection {
    fileprivate var isOnServer: Bool {
        if case .postgres = self.store { true } else { false }
    }
}
