import EnrollmentTestKit
import Foundation
import Testing

@Suite("The store in the configuration", .timeLimit(.minutes(25)))
struct StoreSectionTests {
    private static let present = "{ kind: \"sqlite\", path: \"var/gatehouse.db\" }"

    /// A founded place whose configuration then says another store; nothing connects to it.
    private func place(_ section: String) async throws -> CommandPlace {
        let place = try await CommandPlace.founded()
        try place.edit("gatehouse.json5", (Self.present, section))
        return place
    }

    @Test(
        "of a server is refused where it says too much or too little, by path and line, and no secret is shown",
        arguments: [
            ("url: \"postgresql://gatehouse:hunter2@db.example/gatehouse\"", "store.url: holds a secret (password)"),
            ("url: \"postgresql://db.example/gatehouse?password=hunter2\"", "store.url: holds a secret (password)"),
            ("url: \"postgres://db.example/g?user=x&pass%77ord=hunter2\"", "store.url: holds a secret (password)"),
            ("url: \"host=db.example password = 'hunter2 and more'\"", "store.url: holds a secret (password)"),
            ("url: \"host=db.example sslpassword=hunter2\"", "store.url: holds a secret (sslpassword)"),
            ("url: \"https://db.example/gatehouse\"", "store.url: is neither postgresql://user@host/database"),
            ("url: \"gatehouse\"", "store.url: is neither postgresql://"),
            ("url: \"host='db.example\"", "store.url: has a quotation mark or a percent sign that does not end"),
            ("url: \"postgresql://db%2/g\"", "store.url: has a quotation mark or a percent sign that does not end"),
            ("url: \"\"", "store.url: is empty"),
            ("password: \"hunter2\"", "store.password: an object is expected here, not a string"),
            ("password: { file: \"a\", env: \"B\" }", "exactly one of file, env and credential"),
            ("connections: 0", "store.connections: 0 is outside 2 … 256"),
            ("connections: 100000", "store.connections: 100000 is outside 2 … 256"),
            ("waitSeconds: 0", "store.waitSeconds: 0 is outside 1 … 30"),
            ("connectSeconds: 90", "store.connectSeconds: 90 is outside 1 … 60"),
            ("statementSeconds: 1000", "store.statementSeconds: 1000 is outside 1 … 600"),
            ("largestClockSkewSeconds: 0", "store.largestClockSkewSeconds: 0 is outside 1 … 3600"),
            ("path: \"gatehouse.db\"", "store.path: unknown key"),
            ("conections: 4", "store.conections: unknown key; did you mean connections?"),
        ]
    )
    func mistakes(member: String, words: String) async throws {
        let place = try await self.place("{ kind: \"postgres\", \(member) }")
        for arguments in [["config", "check"], ["config", "show"], ["serve"], ["doctor"], ["device", "list"]] {
            let run = try await place.run(arguments + ["--config", place.configuration])
            #expect(run.status == (arguments == ["doctor"] ? 1 : 2), "\(arguments): \(run.errors)")
            let text = run.output + run.errors
            #expect(text.contains(words), "\(arguments): \(text)")
            #expect(text.contains("gatehouse.json5, line "), "\(arguments): \(text)")
            #expect(!text.contains("hunter2"), "\(arguments): \(text)")
        }
    }

    @Test("of either kind does not take the other's keys", arguments: ["url: \"host=x\"", "connections: 4"])
    func otherKeys(member: String) async throws {
        let place = try await self.place("{ kind: \"sqlite\", path: \"var/gatehouse.db\", \(member) }")
        let run = try await place.runHere("config", "check")
        #expect(run.status == 2)
        #expect(run.errors.contains(": unknown key"), "\(run.errors)")
    }

    @Test(
        "of a server takes what its client library takes, and shows all of it but the password",
        arguments: [
            "postgresql://gatehouse@db1.example,db2.example:5433/gatehouse?target_session_attrs=read-write",
            "postgres://[2001:db8::1]:5432/gate%68ouse?sslmode=verify-full&sslrootcert=/etc/ca.pem",
            "postgresql:///gatehouse",
            "host=/run/postgresql dbname=gatehouse user = 'gate house' options='-c search_path=x'",
        ]
    )
    func accepted(url: String) async throws {
        let section = "{ kind: \"postgres\", url: \"\(url)\", password: { file: \"secret\" }, connections: 12 }"
        let place = try await self.place(section)
        try place.write("hunter2\n", to: "secret")
        #expect(try await place.runHere("config", "check").status == 0)
        let shown = try await place.runHere("config", "show", "--json")
        let document = try JSONDocument(parsing: shown.output)
        #expect(try DocumentSchema("config").findings(in: document).isEmpty)
        let settings = document["settings"]
        #expect(settings?["store"]?.text == "postgres")
        #expect(settings?["store.url"]?.text == url)
        #expect(settings?["store.password"]?.text?.hasSuffix("/secret") == true)
        #expect(settings?["store.connections"]?.text == "12")
        #expect(settings?["store.waitSeconds"]?.text == "2")
        #expect(!shown.output.contains("hunter2"))
        try place.setMode(0o644, of: "secret")
        let open = try await place.runHere("config", "check")
        #expect(open.status == 2)
        #expect(open.errors.contains("can be read or written by others"))
    }

    @Test("of a server may be left to the environment, as every client takes it")
    func environment() async throws {
        try await RunningGatehouse.databases.get().withDatabase { database in
            let place = try await self.place("{ kind: \"postgres\" }")
            let variables =
                "PGHOST=127.0.0.1 PGPORT=\(database.server.port) PGUSER=\(database.server.user) PGDATABASE=\(database.name)"
            try place.write("*:*:*:*:\(database.password)\n", to: "passes")
            let script = "\(variables) PGPASSFILE=$PWD/passes \"$@\""
            let arguments = ["cert", "list", "--config", place.configuration]
            let empty = try await place.shell(script, [CommandPlace.binary] + arguments, seconds: 60)
            #expect(empty.status == 5)
            #expect(empty.errors.contains("The database is empty; run gatehouse init"), "\(empty.errors)")
        }
    }
}
