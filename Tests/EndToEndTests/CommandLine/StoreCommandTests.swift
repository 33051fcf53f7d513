import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Glibc
import Testing

@Suite("store check and store copy", .timeLimit(.minutes(25)))
struct StoreCommandTests {
    /// Options that name the database as a copy's source or destination.
    private static func options(_ option: String, _ database: PostgresDatabase, at place: Place) throws -> [String] {
        [
            "--\(option)", database.connectionString, "--\(option)-password-file",
            try place.keep(secret: database.password, as: "\(option).password"),
        ]
    }

    /// Lets the place keep its ledger elsewhere from now on.
    private static func move(_ place: Place, to database: PostgresDatabase) throws {
        let text = try String(contentsOf: place.configuration, encoding: .utf8)
        let file = try place.keep(secret: database.password, as: "store.password")
        let former = "{ kind: \"sqlite\", path: \"gatehouse.db\" }"
        #expect(text.contains(former))
        try place.write(
            text.replacing(
                former,
                with: "{ kind: \"postgres\", url: \"\(database.connectionString)\", password: { file: \"\(file)\" } }"
            )
        )
    }

    @Test("a device that enrolled on SQLite renews on PostgreSQL, and back on SQLite, as if nothing had happened")
    func move() async throws {
        try await RunningGatehouse.serve(.renewable) { gatehouse in
            let place = gatehouse.place
            var identity = try await gatehouse.device(of: "kim")
            _ = try await gatehouse.device(of: "lee")
            let check = try await place.document("store-check", ["store", "check"])
            #expect(check["sound"] == .boolean(true))
            try await RunningGatehouse.databases.get().withDatabase { (database) async throws -> Void in
                let there = ["store", "copy", "--from", "config"] + (try Self.options("to", database, at: place))
                let busy = try await place.document("store-copy", there + ["--commit"], status: 4)
                #expect(busy["stage"]?.text == "rehearsed")
                #expect(busy["refused"]?.texts.first?.contains("another process") == true)
                #expect(try await gatehouse.stop() == 0)

                let rehearsal = try await place.document("store-copy", there)
                #expect(rehearsal["stage"]?.text == "rehearsed")
                #expect(rehearsal["refused"]?.count == 0)
                #expect(try await database.psql("SELECT count(*) FROM pg_class WHERE relname = 'device'") == "0")
                let copy = try await place.document("store-copy", there + ["--commit"])
                #expect(copy["stage"]?.text == "finished")

                try Self.move(place, to: database)
                #expect(
                    try await place.document("store-check", ["store", "check", "--full"])["sound"] == .boolean(true)
                )
                try await gatehouse.start()
                identity = try await gatehouse.renew(identity)
                _ = try await gatehouse.device(of: "sam")
                #expect(try await place.devices().count == 3)
                let used = try await place.document(
                    "store-copy",
                    ["store", "copy", "--from", "config", "--to", "x.db"],
                    status: 4
                )
                #expect(used["refused"]?.texts.first?.contains("every replica") == true)
                #expect(try await gatehouse.stop() == 0)
                #expect(
                    try await place.document("store-check", ["store", "check", "--full"])["sound"] == .boolean(true)
                )

                let last = place.folder.appending(path: "back.db").path
                let back = ["store", "copy", "--from", "config", "--to", last]
                #expect(try await place.document("store-copy", back + ["--commit"])["stage"]?.text == "finished")
                let text = try String(contentsOf: place.configuration, encoding: .utf8)
                let store = try #require(text.firstRange(of: /{ kind: "postgres"[^}]*}[^}]*}/))
                try place.write(text.replacingCharacters(in: store, with: "{ kind: \"sqlite\", path: \"back.db\" }"))
            }
            try await gatehouse.start()
            identity = try await gatehouse.renew(identity)
            #expect(identity.renewals == 2)
            #expect(try await place.devices().count == 3)
            #expect(try await gatehouse.stop() == 0)
            let screen = try await place.run(["store", "check", "--all"])
            #expect(screen.status == 0)
            #expect(screen.output.contains("ok    certificate.octets"))
            // The first file is as it was: it knows nothing of what came later.
            #expect(try await place.query("SELECT count(*) FROM device") == ["2"])
        }
    }

    @Test("a copy that is killed again and again goes on, and ends with every row", arguments: StoreKind.allCases)
    func killed(_ kind: StoreKind) async throws {
        let directory = try RunningGatehouse.directory.get()
        let place = try await Place(Place.Settings(), directory: directory)
        try await place.query(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
            INSERT INTO attempt (trace_id, operation, outcome, started, microseconds, source_address, detail)
            SELECT printf('T-%08d', i), 'discovery', 'succeeded', i, 1, '10.0.0.1', hex(randomblob(100)) FROM n
            """
        )
        try await Self.withTarget(kind, place) { target in
            let words =
                place.line(["store", "copy", "--from", "config"] + target)
                + ["--config", place.configuration.path, "--commit", "--json"]
            let file = place.folder.appending(path: "copy.json")
            var kills = 0
            var code: Int32?
            // Longer each time, so that it comes to its end on the slowest machine.
            var patience = 0.15
            while code == nil, kills < 14 {
                // Killed by another process: this one may be kept waiting for longer than a copy takes.
                let process = try FixtureProcess(
                    ["timeout", "-s", "KILL", "\(patience)"] + words,
                    outputFile: file.path
                )
                let end = ContinuousClock.now + .seconds(patience + 120)
                while code == nil, ContinuousClock.now < end {
                    try await Task.sleep(for: .milliseconds(20))
                    code = process.poll()
                }
                // What timeout says of a program that it killed, and what becomes of itself with it.
                guard code == 137 || code == -1 else { break }
                code = nil
                kills += 1
                patience *= 1.6
            }
            let text = try String(contentsOf: file, encoding: .utf8)
            let document = try JSONDocument(parsing: text)
            if code == 4 {
                // Killed after its last step, and before it could say so: the store is complete, and that is what it says.
                #expect(kills > 0)
                #expect(text.contains("it holds a finished copy of this source"), "\(text)")
                return
            }
            #expect(code == 0, "\(text)")
            #expect(kills > 0)
            // Whether a kill hit the copy or only its beginning is chance here; `StoreCopyTests` break it at every step.
            #expect(document["stage"]?.text == "finished")
        }
    }

    private static func withTarget(
        _ kind: StoreKind,
        _ place: Place,
        _ body: ([String]) async throws -> Void
    ) async throws {
        switch kind {
        case .sqlite: try await body(["--to", place.folder.appending(path: "copy.db").path])
        case .postgres:
            try await RunningGatehouse.databases.get().withDatabase { (database) async throws -> Void in
                try await body(try Self.options("to", database, at: place))
                #expect(try await database.psql("SELECT count(*) FROM attempt") == "12000")
            }
        }
    }

    @Test("Ctrl-C ends a copy with the command that goes on, and a half copied store is not served")
    func interrupted() async throws {
        let place = try await Place(Place.Settings(), directory: try RunningGatehouse.directory.get())
        try await place.query(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 120000)
            INSERT INTO attempt (trace_id, operation, outcome, started, microseconds, source_address)
            SELECT printf('T-%08d', i), 'discovery', 'succeeded', i, 1, '10.0.0.1' FROM n
            """
        )
        let target = place.folder.appending(path: "copy.db").path
        let copy = ["store", "copy", "--from", "config", "--to", target, "--config", place.configuration.path]
        let file = place.folder.appending(path: "copy.txt")
        let process = try FixtureProcess(place.line(copy + ["--commit"]), outputFile: file.path)
        for _ in 0..<3_000 where !FileManager.default.fileExists(atPath: target + "-wal") {
            try await Task.sleep(for: .milliseconds(10))
        }
        try await Task.sleep(for: .milliseconds(100))
        kill(process.identifier, SIGINT)
        #expect(process.wait() == 1)
        let screen = try String(contentsOf: file, encoding: .utf8)
        #expect(screen.hasPrefix("Stopped on request"))
        #expect(screen.contains("To go on:  gatehouse store copy --from config --to \(target) --config "))

        let text = try String(contentsOf: place.configuration, encoding: .utf8)
        try place.write(text.replacing("\"gatehouse.db\"", with: "\"copy.db\""))
        for command in [["serve"], ["device", "list"], ["doctor", "--only", "store"]] {
            let run = try await place.run(command)
            #expect(run.status != 0)
            #expect((run.output + run.errors).contains("unfinished copy"), "\(command): \(run.output)\(run.errors)")
        }
        #expect(
            try await place.problem(["store", "check"], status: 1)["details"]?["rule"]?.text == "ledger.unfinishedCopy"
        )
        try place.write(text)
        #expect(try await place.document("store-copy", copy.dropLast(2) + ["--commit"])["stage"]?.text == "finished")
    }

    @Test("a password in an address is refused and not repeated; so is what makes no sense")
    func usage() async throws {
        let place = try await Place(Place.Settings(), directory: try RunningGatehouse.directory.get())
        for address in ["postgresql://kim:s3cret@db/x", "host=db password=s3cret", "postgresql://db/x?password=s3cret"]
        {
            let run = try await place.run(["store", "copy", "--from", "config", "--to", address, "--json"])
            #expect(run.status == 2)
            #expect(run.output.contains("GH-STORE-003"))
            #expect(!run.output.contains("s3cret") && !run.errors.contains("s3cret"))
        }
        for arguments in [
            ["--from", "config", "--to", "x.db", "--start-over"],
            ["--from", "config", "--to", "x.db", "--to-password-env", "X"],
            ["--from", "config", "--to", "host=db", "--to-password-env", "X", "--to-password-file", "y"],
            ["--from", "config"],
        ] {
            #expect(try await place.problem(["store", "copy"] + arguments, status: 2)["exit"] == .number(2))
        }
        #expect(
            try await place.problem(["store", "copy", "--from", "gone.db", "--to", "x.db"], status: 5)["code"] != nil
        )
        let away = ["store", "copy", "--from", "config", "--to", "host=127.0.0.1 port=1 dbname=x"]
        #expect(try await place.problem(away, status: 5)["details"]?["rule"]?.text == "ledger.unreachable")
    }

    @Test("check ends with 1 for what is broken, names it, and shows what to do")
    func broken() async throws {
        let place = try await Place(Place.Settings(), directory: try RunningGatehouse.directory.get())
        #expect(try await place.run(["store", "check"]).status == 0)
        try await place.query("UPDATE certificate SET digest = zeroblob(32) WHERE ordinal = 1")
        let run = try await place.run(["store", "check"])
        #expect(run.status == 1)
        #expect(run.output.contains("FAIL  certificate.digest"))
        #expect(run.output.contains("Exit 1."))
        let document = try await place.document("store-check", ["store", "check", "--examples", "0"], status: 1)
        #expect(document["sound"] == .boolean(false))
    }
}
