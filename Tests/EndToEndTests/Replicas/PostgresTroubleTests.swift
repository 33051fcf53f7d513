import EnrollmentTestKit
import Foundation
import Testing

@Suite("A PostgreSQL that cannot be used", .timeLimit(.minutes(25)))
struct PostgresTroubleTests {
    /// What is wrong, and how the command tells it.
    struct Trouble: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// 2 for what the configuration says wrongly, 5 for whatever is wrong with the server or on the way to it.
        let status: Int32
        /// Words that tell a person what is wrong and what to do.
        let words: [String]
        let make: @Sendable (inout PostgresAccess, Server) async throws -> Void

        init(
            _ name: String,
            _ status: Int32,
            _ words: String...,
            make: @escaping @Sendable (inout PostgresAccess, Server) async throws -> Void
        ) {
            self.testDescription = name
            self.status = status
            self.words = words
            self.make = make
        }
    }

    /// A server with a certificate for a name, and an authority that did not issue it.
    struct Server: Sendable {
        let server: PostgresServer
        let authority: CommandLineAuthority
        /// The authority's certificates.
        let bundle: String
        let stranger: CommandLineAuthority
    }

    private static let tls = Task<Server, any Error> {
        let authority = try await CommandLineAuthority("Database")
        // Who trusts the authority has its issuer too: the server shows its own certificate alone.
        let bundle = authority.file("bundle.pem")
        try Data(authority.root.pem + authority.issuer.pem).write(to: URL(filePath: bundle))
        let certificate = try await authority.server("db.corp.example")
        return Server(
            server: try PostgresServer(credential: certificate),
            authority: authority,
            bundle: bundle,
            stranger: try await CommandLineAuthority("Stranger")
        )
    }

    private static func named(_ host: String, _ access: PostgresAccess, root: String) -> String {
        "host=\(host) hostaddr=127.0.0.1 port=\(access.database.server.port) user=gatehouse "
            + "dbname=\(access.database.name) sslmode=verify-full sslrootcert=\(root)"
    }

    static let troubles: [Trouble] = [
        Trouble("a wrong password", 5, "password") { access, _ in access.password = "not-the-password" },
        Trouble("no database of that name", 5, "does not exist") { access, _ in
            access.url = access.url.replacing(access.database.name, with: "nowhere")
        },
        Trouble("no such user", 5, "password") { access, _ in
            access.url = access.url.replacing("user=gatehouse", with: "user=nobody")
        },
        Trouble("nobody listens", 5, "127.0.0.1", "refused") { access, _ in
            access.url = "host=127.0.0.1 port=\(FreePort.find()) user=gatehouse dbname=x"
        },
        Trouble("a host without an address", 5, "nowhere.invalid") { access, _ in
            access.url = "host=nowhere.invalid user=gatehouse dbname=x"
        },
        Trouble("an authority that did not issue the server's certificate", 5, "certificate") { access, server in
            access.url = Self.named("db.corp.example", access, root: server.stranger.root.certificateFile)
        },
        Trouble("a certificate for another host", 5, "db.corp.example") { access, server in
            access.url = Self.named("other.corp.example", access, root: server.bundle)
        },
        Trouble("a file of authorities that is not there", 5, "/nowhere/root.pem") { access, _ in
            access.url = Self.named("db.corp.example", access, root: "/nowhere/root.pem")
        },
        Trouble("a server too old", 5, "12", "14") { access, _ in
            // Stays until the end of the tests.
            access.url = "host=127.0.0.1 port=\(try Self.old.get().port) user=gatehouse dbname=x"
        },
        Trouble("a database that only reads", 5, "read") { access, _ in
            let name = access.database.name
            try await access.database.psql("ALTER DATABASE \(name) SET default_transaction_read_only = on")
        },
        Trouble("somebody else's database", 5, "tables of another program") { access, _ in
            try await access.database.psql("CREATE TABLE invoice (number bigint)")
        },
        Trouble("a schema from a newer version", 5, "999", "newer program") { access, _ in
            try await access.database.psql(
                """
                CREATE TABLE schema_version (version bigint PRIMARY KEY, applied bigint NOT NULL);
                INSERT INTO schema_version VALUES (999, 0)
                """
            )
        },
        Trouble("a role that may not make tables", 5, "permission") { access, _ in
            let role = "guest_\(access.database.name.suffix(12))"
            try await access.database.psql("CREATE ROLE \(role) LOGIN PASSWORD 'guest-password'")
            access.password = "guest-password"
            access.url = access.url.replacing("user=gatehouse", with: "user=\(role)")
        },
        Trouble("a password in the address", 2, "store.password") { access, _ in
            access.url = "postgresql://gatehouse:in-the-clear@127.0.0.1/x"
        },
        Trouble("an address that is none", 2, "url") { access, _ in access.url = "127.0.0.1:5432" },
        Trouble("a parameter that libpq does not know", 5, "sslmoda") { access, _ in access.url += " sslmoda=require" },
        Trouble("no connections at all", 2, "connections") { access, _ in access.connections = 0 },
        Trouble("more connections than any server has", 2, "connections") { access, _ in access.connections = 100_000 },
        Trouble("no time to wait", 2, "waitSeconds") { access, _ in access.waitSeconds = -1 },
        Trouble("a key that is none", 2, "conections", "connections") { access, _ in access.more = "conections: 9," },
        Trouble("a path beside the address", 2, "path") { access, _ in access.more = "path: \"gatehouse.db\"," },
    ]

    private static let old = Result { try OldPostgres(version: "12.22") }

    @Test("is a clear refusal of init that says what to do and shows no secret", arguments: Self.troubles)
    func refused(_ trouble: Trouble) async throws {
        let server = try await Self.tls.value
        try await server.server.withDatabase { database in
            var access = PostgresAccess(database)
            try await trouble.make(&access, server)
            let place = try Place(
                unfounded: Place.Settings(),
                directory: try RunningGatehouse.directory.get(),
                store: .postgres(access)
            )
            let begin = ContinuousClock.now
            let run = try await place.run(["init"])
            #expect(run.status == trouble.status, "\(run)")
            // The bound is that on connecting, and some for a busy machine.
            #expect(ContinuousClock.now - begin < .seconds(20))
            for words in trouble.words { #expect(run.errors.contains(words), "\(run.errors)") }
            for secret in [access.password, database.password, "in-the-clear"] {
                #expect(!(run.errors + run.output).contains(secret), "a secret was shown")
            }
            // Ends with what a person can do.
            #expect(run.errors.contains("error GH-"), "\(run.errors)")
            #expect(run.errors.split(separator: "\n").count > 1, "\(run.errors)")
        }
    }

    @Test("since it does not answer at all is a refusal within the time for connecting")
    func silent() async throws {
        let server = try RunningGatehouse.databases.get()
        let proxy = TCPProxy(to: server.port)
        proxy.mode = .stall
        try await server.withDatabase { database in
            let place = try Place(
                unfounded: Place.Settings(),
                directory: try RunningGatehouse.directory.get(),
                store: .postgres(PostgresAccess(database, through: proxy))
            )
            let run = try await place.run(["init"], seconds: 30)
            #expect(run.status == 5, "\(run)")
            #expect(run.errors.contains("error GH-"), "\(run.errors)")
        }
    }

    @Test("since its schema is from a newer version stops no replica that runs, and lets none start")
    func newer() async throws {
        var settings = Replicas.Settings()
        settings.count = 2
        try await Replicas.serve(settings) { replicas in
            try await replicas.database.psql(
                "INSERT INTO schema_version SELECT max(version) + 1, 0 FROM schema_version"
            )
            _ = try await replicas[0].simulation("kim").enroll()
            #expect(try await replicas[1].stop() == 0)
            let run = try await replicas[1].place.run(["serve"])
            #expect(run.status != 0 && run.status != 124, "\(run)")
            #expect(run.errors.contains("newer"), "\(run.errors)")
            try await replicas.database.psql(
                "DELETE FROM schema_version WHERE version = (SELECT max(version) FROM schema_version)"
            )
            try await replicas[1].start()
            _ = try await replicas[1].simulation("zoe").enroll()
        }
    }

    @Test("for this machine's clock differs by minutes is a refusal that names both", arguments: [-300, 300])
    func clock(_ seconds: Int) async throws {
        var settings = Replicas.Settings()
        settings.count = 1
        try await Replicas.serve(settings) { replicas in
            let place = replicas[0].place
            let clock = try MovedClock(in: place.folder)
            try clock.advance(seconds: seconds)
            let late = try Place(
                unfounded: settings.place,
                directory: place.directory,
                store: place.store,
                seat: place.seat.replica(1),
                clock: clock
            )
            try late.join(place)
            let run = try await late.run(["serve"])
            #expect(run.status == 5, "\(run)")
            #expect(run.errors.contains("clock"), "\(run.errors)")
            #expect(
                run.errors.contains(seconds < 0 ? " behind " : " ahead of ") && run.errors.contains("NTP"),
                "\(run.errors)"
            )
        }
    }

    @Test("not reached at the start is a refusal to serve with status 5")
    func away() async throws {
        var settings = Replicas.Settings()
        settings.count = 1
        let server = try PostgresServer()
        settings.server = server
        try await Replicas.serve(settings) { replicas in
            #expect(try await replicas[0].stop() == 0)
            server.stop(.fast)
            for command in [["serve"], ["device", "list"], ["doctor"]] {
                let run = try await replicas[0].place.run(command)
                #expect(run.status == (command == ["doctor"] ? 1 : 5), "\(command): \(run)")
                #expect(!(run.errors + run.output).contains(server.password))
            }
            try server.start()
        }
    }
}
