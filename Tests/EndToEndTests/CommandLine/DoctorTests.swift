import EnrollmentTestKit
import Foundation
import SQLText
import SQLiteKit
import Testing

@Suite("gatehouse doctor", .timeLimit(.minutes(25)))
struct DoctorTests {
    private func statuses(_ document: JSONDocument) -> [String: String] {
        guard case .array(let checks)? = document["checks"] else { return [:] }
        let pairs = checks.compactMap { check in check["name"]?.text.map { ($0, check["status"]?.text ?? "") } }
        return Dictionary(pairs) { first, _ in first }
    }

    @Test("looks at certificates, keys, store, directory and settings of a running service")
    func running() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            let run = try await place.run(["doctor", "--json"])
            let document = try JSONDocument(parsing: run.output)
            #expect(try DocumentSchema("doctor").findings(in: document) == [])
            let found = self.statuses(document)
            let issuer = try #require(found.keys.first { $0.hasPrefix("certificate issuer ") }).dropFirst(19)
            for name in [
                "config", "profiles", "store", "keys R1", "keys \(issuer)", "certificate root R1",
                "certificate issuer \(issuer)", "certificate tls", "directory \(place.directory.tlsURL)",
                "config.device-url", "config.fault-status", "config.modes", "falling-out", "intents",
            ] {
                #expect(found[name] == "ok", "\(name): \(run.output)")
            }
            let directory = try #require(found.first { $0.key.hasPrefix("certificate directory ") })
            #expect(["ok", "warning", "failure"].contains(directory.value))
            #expect(found["clock store"] == "skipped")
        }
    }

    @Test("tells one thing alone, knows what it can tell, and lists what is in order only when asked")
    func only() async throws {
        let place = try await CommandPlace.founded()
        let keys = try await place.runHere("doctor", "--only", "keys", "--json")
        #expect(keys.status == 0, "\(keys.output)")
        let document = try JSONDocument(parsing: keys.output)
        #expect(self.statuses(document).keys.allSatisfy { $0.hasPrefix("keys ") })
        let unknown = try await place.runHere("doctor", "--only", "weather", "--json")
        #expect(unknown.status == 3)
        let problem = try JSONDocument(parsing: unknown.output)
        #expect(try DocumentSchema("problem").findings(in: problem) == [])
        #expect(problem["problem"]?["details"]?["there are"]?.text?.contains("certificate") == true)
        #expect(try await place.runHere("doctor").output.contains("more ok (--all)"))
        #expect(try await place.runHere("doctor", "--all").output.contains("  ok    certificate root R1"))
    }

    @Test(
        "ends with 1 when something needs a person, and says what to do",
        arguments: [
            ("directory", "mend the server"), ("keys", "chmod 600"), ("profiles", "gatehouse config check"),
            ("config.modes", "chmod 600"), ("store", "restore a backup"),
        ]
    )
    func broken(check: String, remedy: String) async throws {
        let place = try await CommandPlace.founded()
        switch check {
        case "keys": try place.setMode(0o644, of: "var/passphrase")
        case "profiles": try place.edit("profiles/device.json5", ("validityDays: 365,", "validityDays: 5000,"))
        case "config.modes": try place.setMode(0o646, of: "gatehouse.json5")
        case "store":
            try place.setMode(0o600, of: "var/gatehouse.db")
            let file = try FileHandle(forUpdating: URL(filePath: place.path("var/gatehouse.db")))
            // Behind the header and the schema's first page.
            for page in 1...40 {
                try file.seek(toOffset: UInt64(page * 4_096))
                try file.write(contentsOf: Data(repeating: 0xA5, count: 512))
            }
            try file.close()
        default: break  // Nothing listens where the new configuration says that the directory is.
        }
        let run = try await place.runHere("doctor", "--only", check, "--json")
        #expect(run.status == 1, "\(run.output)")
        let document = try JSONDocument(parsing: run.output)
        #expect(try DocumentSchema("doctor").findings(in: document) == [])
        #expect(document["needsPerson"] == .boolean(true))
        #expect(run.output.contains(remedy) || check == "store", "\(run.output)")
        #expect(run.output.contains("\"failure\""))
    }

    @Test("counts a warning only when it is to be strict")
    func strict() async throws {
        let place = try await CommandPlace.founded()
        try place.edit("gatehouse.json5", ("management: {", "enrollment: { faultStatus: 200 },\n    management: {"))
        #expect(try await place.runHere("doctor", "--only", "config.fault-status").status == 0)
        let strict = try await place.runHere("doctor", "--only", "config.fault-status", "--strict")
        #expect(strict.status == 1)
        #expect(strict.output.contains("WARN  config.fault-status"))
        #expect(strict.output.contains("enrollment.faultStatus in "))
    }

    @Test("says that a certificate has ended or is about to")
    func ending() async throws {
        let place = try await CommandPlace.founded()
        let connection = try SQLiteConnection(path: place.path("var/gatehouse.db"), access: .readWrite)
        try connection.execute("UPDATE service_certificate SET not_after = 1000000 WHERE use = 'tls'")
        let run = try await place.runHere("doctor", "--only", "certificate tls")
        #expect(run.status == 1)
        #expect(run.output.contains("FAIL  certificate tls"), "\(run.output)")
        #expect(run.output.contains("ended "))
    }

    @Test("asks for no CRL of an issuer that makes none any more")
    func retired() async throws {
        let place = try await CommandPlace.founded()
        let connection = try SQLiteConnection(path: place.path("var/gatehouse.db"), access: .readWrite)
        try connection.execute("INSERT INTO crl_shard (issuer_id, shard) SELECT id, 0 FROM issuer")
        func found() async throws -> [String: String] {
            self.statuses(
                try JSONDocument(parsing: try await place.runHere("doctor", "--only", "crl", "--json").output)
            )
        }
        #expect(try await found()["crl R1/0"] == "failure")
        try connection.execute("UPDATE issuer SET state = 'retired' WHERE id = 'R1'")
        let left = try await found()
        #expect(!left.isEmpty)
        #expect(!left.keys.contains { $0.hasPrefix("crl R1") })
    }

    @Test("cannot be stopped by a configuration or a store that is not there")
    func nothing() async throws {
        let place = try CommandPlace()
        let run = try await place.run(["doctor", "--config", place.path("absent.json5")])
        #expect(run.status == 1)
        #expect(run.output.contains("FAIL  config"))
        let founded = try await CommandPlace.founded()
        try FileManager.default.removeItem(atPath: founded.path("var/gatehouse.db"))
        let empty = try await founded.runHere("doctor", "--json")
        #expect(empty.status == 1)
        #expect(self.statuses(try JSONDocument(parsing: empty.output))["store"] == "failure")
    }
}
