import EnrollmentTestKit
import Foundation
import Testing

@Suite("gatehouse serve, where it cannot start", .timeLimit(.minutes(25)))
struct CommandLineServeTests {
    private func problem(_ place: CommandPlace) async throws -> (status: Int32, problem: JSONDocument?, errors: String)
    {
        let run = try await place.runHere("serve", "--json")
        let document = try JSONDocument(parsing: run.output)
        #expect(try DocumentSchema("problem").findings(in: document).isEmpty)
        #expect(document["problem"]?["exit"] == .number(Double(run.status)))
        return (run.status, document["problem"], run.errors)
    }

    @Test("because a port is taken names the key and the address", arguments: ["device", "plain"])
    func portInUse(listener: String) async throws {
        let taken = SilentListener()
        let place = try await CommandPlace.founded()
        try place.edit(
            "gatehouse.json5",
            ("\"127.0.0.1\", port: 8443", "\"127.0.0.1\", port: \(listener == "device" ? taken.port : 0)"),
            ("\"127.0.0.1\", port: 8080", "\"127.0.0.1\", port: \(listener == "plain" ? taken.port : 0)")
        )
        let (status, problem, errors) = try await self.problem(place)
        #expect(status == 5)
        #expect(problem?["details"]?["key"]?.text == "listeners.\(listener) in \(place.configuration)")
        #expect(errors.contains("127.0.0.1, port \(taken.port)"))
        #expect(errors.contains("in use"))
    }

    @Test("because the passphrase is wrong says so and shows neither of them")
    func wrongPassphrase() async throws {
        let place = try await CommandPlace.founded()
        let right = try String(contentsOfFile: place.path("var/passphrase"), encoding: .utf8).dropLast()
        try place.write("incorrect horse\n", to: "var/passphrase")
        let (status, problem, errors) = try await self.problem(place)
        #expect(status == 2)
        #expect(problem?["message"]?.text?.contains("passphrase does not open") == true)
        #expect(!errors.contains("incorrect horse") && !errors.contains(right))
    }

    @Test("because a secret is missing or open to others says which")
    func secrets() async throws {
        let place = try await CommandPlace.founded()
        try place.setMode(0o644, of: "var/passphrase")
        #expect(try await self.problem(place).errors.contains("chmod 600 "))
        try FileManager.default.removeItem(atPath: place.path("var/passphrase"))
        let (status, _, errors) = try await self.problem(place)
        #expect(status == 2)
        #expect(errors.contains("var/passphrase: No such file or directory"))
    }

    @Test(
        "because there is no store names the command that makes one",
        arguments: [
            ["serve"], ["device", "list"], ["device", "show", "x"], ["cert", "list"], ["attempt", "list"],
            ["user", "show", "x"],
        ]
    )
    func noStore(command: [String]) async throws {
        let place = try await CommandPlace.founded()
        try FileManager.default.removeItem(atPath: place.path("var/gatehouse.db"))
        let run = try await place.run(command + ["--json", "--config", place.configuration])
        #expect(run.status == 5)
        #expect(try DocumentSchema("problem").findings(in: try JSONDocument(parsing: run.output)).isEmpty)
        #expect(run.errors.contains("there is no store at "))
        #expect(run.errors.contains("gatehouse init --config \(place.configuration)"))
        #expect(!FileManager.default.fileExists(atPath: place.path("var/gatehouse.db")))
    }

    @Test("because the store is open to others, or is none, says so instead of making another")
    func brokenStore() async throws {
        let place = try await CommandPlace.founded()
        try place.setMode(0o644, of: "var/gatehouse.db")
        #expect(try await self.problem(place).errors.contains("chmod 600 "))
        try place.write(String(repeating: "This is no database. ", count: 500), to: "var/gatehouse.db")
        let (status, _, errors) = try await self.problem(place)
        #expect(status == 5)
        #expect(errors.contains("database is damaged"), "\(errors)")
        #expect(try String(contentsOfFile: place.path("var/gatehouse.db"), encoding: .utf8).hasPrefix("This is no"))
    }
}
