import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Glibc
import Testing

@Suite("A restore that is killed", .timeLimit(.minutes(25)))
struct BrokenRestoreTests {
    private static var settings: Place.Settings {
        var settings = Place.Settings(
            more: """
                renewal: { windowDays: 400 },
                backup: { passphrase: { file: "backup.passphrase" }, maxAgeHours: 24 },
                """
        )
        settings.tellsStatus = true
        return settings
    }

    /// Keeps SQLite out of a file while it is held: its lock octets are taken.
    private struct Hold: ~Copyable {
        /// Where every SQLite that opens the file locks it, whatever is in it.
        private static let lockOctets: off_t = 0x4000_0000
        private let descriptor: Int32

        init(_ path: String) throws {
            self.descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            var range = flock()
            range.l_type = Int16(F_WRLCK)
            range.l_whence = Int16(SEEK_SET)
            range.l_start = Self.lockOctets
            range.l_len = 512
            guard self.descriptor >= 0, fcntl(self.descriptor, F_SETLK, &range) == 0 else {
                throw Place.Failure(description: "\(path) cannot be locked: \(String(cString: strerror(errno)))")
            }
        }

        deinit { close(self.descriptor) }
    }

    private static func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    /// Starts a restore and kills it when the image is written beside the store, and not yet made fit for now.
    private static func kill(_ restore: [String], at gatehouse: RunningGatehouse) async throws {
        let place = gatehouse.place
        let partial = place.database + ".restoring"
        let hold = try Hold(partial)
        let process = try FixtureProcess(place.line(restore + ["--config", place.configuration.path]))
        do {
            try await gatehouse.wait("the image") { Self.size(partial) > 100_000 }
        } catch {
            process.kill()
            throw error
        }
        #expect(Glibc.kill(process.identifier, SIGKILL) == 0)
        #expect(process.wait() == -1)
        #expect(Self.size(partial) > 100_000)
        withExtendedLifetime(hold) {}
    }

    @Test("leaves no store behind that serves, says what to do, and succeeds when it is run again")
    func killed() async throws {
        try await RunningGatehouse.serve(Self.settings) { gatehouse in
            let place = gatehouse.place
            _ = try place.keep(secret: "the backup's own passphrase", as: "backup.passphrase")
            #expect(try await gatehouse.figures("gatehouse_backup_age_seconds").isEmpty)
            let kim = try await gatehouse.device(of: "kim")
            let file = place.folder.appending(path: "one.ghbackup").path
            _ = try await place.document("backup", ["backup", "create", "--to", file])
            try await gatehouse.wait("the age of the backup") {
                let age = try await gatehouse.figures("gatehouse_backup_age_seconds")[""]
                return age.map { (0..<3_600).contains($0) } ?? false
            }
            // What is too old for the one is too old for the other.
            try await place.query("UPDATE act SET recorded = recorded - 25 * 3600000000 WHERE verb = 'back-up'")
            try await gatehouse.wait("the age of an old backup") {
                try await gatehouse.figures("gatehouse_backup_age_seconds")[""] ?? 0 >= 25 * 3_600
            }
            #expect(try await place.run(["doctor", "--only", "backup"]).status == 1)
            #expect(try await gatehouse.stop() == 0)

            // Beside a store that is to be replaced: it is what it was.
            let restore = ["backup", "restore", file, "--accept-lost-crls", "--accept-unknown", "--commit"]
            try await Self.kill(restore + ["--replace"], at: gatehouse)
            #expect(try await place.document("store-check", ["store", "check", "--full"])["sound"] == .boolean(true))

            for ending in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: place.database + ending) {
                try FileManager.default.removeItem(atPath: place.database + ending)
            }
            try await Self.kill(restore, at: gatehouse)
            #expect(!FileManager.default.fileExists(atPath: place.database))
            for command in [["serve"], ["ca", "status"], ["init"]] {
                let refused = try await place.problem(command, status: 4)
                #expect(refused["code"]?.text == "GH-STORE-004", "\(command)")
                #expect(refused["details"]?["try"]?.text?.hasPrefix("gatehouse backup restore FILE --commit") == true)
            }
            #expect(!FileManager.default.fileExists(atPath: place.database))

            let done = try await place.document("restore", restore)
            #expect(done["stage"]?.text == "restored")
            #expect(!FileManager.default.fileExists(atPath: place.database + ".restoring"))
            #expect(try await place.document("store-check", ["store", "check", "--full"])["sound"] == .boolean(true))
            try await gatehouse.start()
            #expect(try await gatehouse.renew(kim).renewals == 1)
        }
    }

    /// Has whoever fills the table wait in the middle of its transaction.
    private static let brake = """
        CREATE FUNCTION brake() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(300); RETURN NEW; END';
        CREATE TRIGGER brake BEFORE INSERT ON device FOR EACH ROW EXECUTE FUNCTION brake()
        """
    /// The server does not notice by itself that whoever waits is gone.
    private static let release = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE wait_event = 'PgSleep' AND datname = current_database();
        DROP TRIGGER brake ON device; DROP FUNCTION brake
        """

    @Test("leaves a database empty that was, which serves nobody, and succeeds when it is run again")
    func database() async throws {
        try await RunningGatehouse.serve(Self.settings, on: .postgres) { gatehouse in
            let place = gatehouse.place
            let database = try #require(place.store.access?.database)
            _ = try place.keep(secret: "the backup's own passphrase", as: "backup.passphrase")
            let kim = try await gatehouse.device(of: "kim")
            let file = place.folder.appending(path: "one.ghbackup").path
            _ = try await place.document("backup", ["backup", "create", "--to", file])
            #expect(try await gatehouse.stop() == 0)
            let tables = try await database.psql(
                "SELECT string_agg(quote_ident(tablename), ', ') FROM pg_tables WHERE schemaname = 'public'"
                    + " AND tablename <> 'schema_version'"
            )
            _ = try await database.psql("TRUNCATE \(tables)")
            _ = try await database.psql(Self.brake)

            let restore = ["backup", "restore", file, "--accept-lost-crls", "--accept-unknown", "--commit"]
            let process = try FixtureProcess(place.line(restore + ["--config", place.configuration.path]))
            do {
                try await gatehouse.wait("the middle of it") {
                    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
                    return try await database.psql(waiting) == "1"
                }
            } catch {
                process.kill()
                throw error
            }
            #expect(Glibc.kill(process.identifier, SIGKILL) == 0)
            #expect(process.wait() == -1)
            _ = try await database.psql(Self.release)
            #expect(try await database.psql("SELECT count(*) FROM certificate") == "0")

            let refused = try await place.run(["serve", "--json"])
            #expect(refused.status != 0)
            #expect(refused.output.contains("gatehouse backup restore"), "\(refused.output)\(refused.errors)")
            let done = try await place.document("restore", restore)
            #expect(done["stage"]?.text == "restored")
            #expect(try await place.document("store-check", ["store", "check", "--full"])["sound"] == .boolean(true))
            try await gatehouse.start()
            #expect(try await gatehouse.renew(kim).renewals == 1)
        }
    }
}
