import DeviceSimulator
import EnrollmentTestKit
import Foundation
import SQLText
import SQLiteKit
import Testing

@Suite("gatehouse cert revoke", .timeLimit(.minutes(25)))
struct RevokeTests {
    private let order = ["--reason", "test"]

    @Test(
        "revokes one certificate at once, says so the second time, and does not know others",
        arguments: StoreKind.allCases
    )
    func one(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(on: store) { gatehouse in
            let place = gatehouse.place
            let enrolled = try await gatehouse.simulation("kim").enroll()
            let serial = enrolled.serialNumber.lowercased()
            let revoke = ["cert", "revoke", "--serial", "0x\(enrolled.serialNumber)"] + self.order
            let done = try await place.document("revocation", revoke)
            #expect(done["state"]?.text == "done")
            #expect(done["revoked"]?.texts == [serial])
            #expect(done["endedDevices"]?.texts == [enrolled.entDMID])
            #expect(done["traces"]?.count == 1)
            let certificate = try await place.document("cert", ["cert", "show", serial])
            #expect(certificate["revocation"]?["reason"]?.text == "unspecified")

            let again = try await place.document("revocation", revoke)
            #expect(again["revoked"]?.count == 0)
            #expect(again["already"]?[0] == certificate["revocation"])
            #expect(again["traces"]?.count == 0 || again["traces"]?.count == 1)
            #expect(try await place.run(revoke).output.contains("already revoked at "))

            let graver = try await place.document("revocation", revoke + ["--revocation-reason", "keycompromise"])
            #expect(graver["revoked"]?.texts == [serial])
            for unknown in ["0102030405060708090a0b0c0d0e0f1011", "no number"] {
                let problem = try await place.problem(["cert", "revoke", "--serial", unknown] + self.order, status: 3)
                #expect(problem["code"]?.text == "GH-FIND-001")
            }
        }
    }

    @Test(
        "rehearses when it is about more than one, and --plan holds only as long as the facts do",
        arguments: StoreKind.allCases
    )
    func plan(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(on: store) { gatehouse in
            let place = gatehouse.place
            let first = try await gatehouse.simulation("kim").enroll()
            let second = try await gatehouse.simulation("kim").enroll()
            let revoke = ["cert", "revoke", "--user", "kim@corp.example"] + self.order
            let rehearsed = try await place.document("revocation", revoke)
            let serials = Set([first, second].map { $0.serialNumber.lowercased() })
            #expect(rehearsed["state"]?.text == "rehearsed")
            #expect(Set(rehearsed["revoked"]?.texts ?? []) == serials)
            #expect(Set(rehearsed["endedDevices"]?.texts ?? []) == [first.entDMID, second.entDMID])
            let plan = try #require(rehearsed["plan"]?.text)
            #expect(try await place.document("revocation", revoke)["plan"]?.text == plan)
            #expect(try await place.devices().allSatisfy { $0.state != "revoked" })
            let screen = try await place.run(revoke)
            #expect(screen.output.hasPrefix("Rehearsal. Nothing will be changed."))
            #expect(screen.output.contains("--commit --plan \(plan)"))

            let third = try await gatehouse.simulation("kim").enroll().serialNumber.lowercased()
            let refused = try await place.problem(revoke + ["--commit", "--plan", plan], status: 4)
            #expect(refused["details"]?["new"]?.text?.contains(third) == true)
            #expect(refused["details"]?["gone"] == nil)
            #expect(try await place.devices().allSatisfy { $0.state != "revoked" })
            let foreign = try await place.problem(revoke + ["--commit", "--plan", "P-0000-0000"], status: 4)
            #expect(foreign["details"]?["plan"]?.text?.contains("not known") == true)

            let next = try #require(try await place.document("revocation", revoke)["plan"]?.text)
            let spoken = next.lowercased().replacingOccurrences(of: "-", with: " ")
            let done = try await place.document("revocation", revoke + ["--commit", "--plan", spoken])
            #expect(Set(done["revoked"]?.texts ?? []) == serials.union([third]))
            #expect(try await place.devices().allSatisfy { $0.state == "revoked" })
            let idle = try await place.document("revocation", revoke)
            #expect(idle["state"]?.text == "done" && idle["revoked"]?.count == 0)
        }
    }

    @Test("blocks a key by --key, whether or not a certificate has it")
    func key() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            let enrolled = try await gatehouse.simulation("kim").enroll()
            let file = place.folder.appending(path: "leaf.pem")
            try Data(enrolled.certificatePEM.utf8).write(to: file)
            let made = try await ExternalCommand.run(
                "bash",
                ["-c", "openssl x509 -in \"$1\" -noout -pubkey > \"$1.pub\" && openssl pkey -pubin -in \"$1.pub\""]
                    + ["key", file.path] + ["-outform", "DER"]
            )
            #expect(made.status == 0)
            let digest = try await ExternalCommand.run(
                "bash",
                ["-c", "openssl pkey -pubin -in \"$1.pub\" -outform DER | sha256sum | cut -c1-64", "key", file.path]
            ).output.trimmingCharacters(in: .whitespacesAndNewlines)
            let certificate = try await place.document("cert", ["cert", "show", enrolled.serialNumber])
            #expect(certificate["certificate"]?["keySha256"]?.text == digest)

            let terms = ["--revocation-reason", "keyCompromise"] + self.order
            let done = try await place.document("revocation", ["cert", "revoke", "--key", "\(file.path).pub"] + terms)
            #expect(done["revoked"]?.texts == [enrolled.serialNumber.lowercased()])
            #expect(done["key"]?["sha256"]?.text == digest)
            #expect(done["key"]?["newlyBlocked"] == .boolean(true))
            for spelling in [digest.uppercased(), file.path] {
                let again = try await place.document("revocation", ["cert", "revoke", "--key", spelling] + terms)
                #expect(again["key"]?["sha256"]?.text == digest)
                #expect(again["key"]?["newlyBlocked"] == .boolean(false))
                #expect(again["revoked"]?.count == 0)
            }
            let nobodys = String(repeating: "5a", count: 32)
            let other = try await place.document("revocation", ["cert", "revoke", "--key", nobodys] + terms)
            #expect(other["key"]?["newlyBlocked"] == .boolean(true))
            let database = try SQLiteConnection(path: place.database, access: .readOnly)
            #expect(try database.integer("SELECT count(*) FROM blocked_key") == 2)
            _ = try await place.problem(["cert", "revoke", "--key", "absent.pem"] + terms, status: 2)
            let configuration = place.configuration.path
            _ = try await place.problem(["cert", "revoke", "--key", configuration] + terms, status: 2)
        }
    }

    @Test("takes a file of serial numbers, does what is known of it and ends with 3 for what is not")
    func file() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            let enrolled = try await gatehouse.simulation("kim", "zoe").run().enrolledDevices
            let known = enrolled.map { $0.serialNumber.lowercased() }
            let unknown = "0102030405060708090a0b0c0d0e0f1011"
            let file = place.folder.appending(path: "serials.txt").path
            let text =
                "# from the ticket\n\n\(known[0])  # kim's\n0x\(known[1].uppercased())\r\n\(unknown)\n\(known[0])\n"
            try Data(text.utf8).write(to: URL(filePath: file))
            let revoke = ["cert", "revoke", "--file", file] + self.order
            let rehearsed = try await place.document("revocation", revoke)
            #expect(rehearsed["unknown"]?.texts == [unknown])
            let done = try await place.document("revocation", revoke + ["--commit"], status: 3)
            #expect(Set(done["revoked"]?.texts ?? []) == Set(known))
            #expect(done["unknown"]?.texts == [unknown])

            try Data("\(known[0])\nnonsense\n".utf8).write(to: URL(filePath: file))
            let problem = try await place.problem(revoke, status: 2)
            #expect(problem["message"]?.text?.contains("line 2: nonsense") == true)
            try Data("# nothing\n".utf8).write(to: URL(filePath: file))
            _ = try await place.problem(revoke, status: 2)
        }
    }

    @Test("rehearses for a certificate of the service's own, and refuses a root's")
    func own() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            let certificates = try await place.certificates()
            let tls = try #require(certificates.first { $0.profile == "server/1" }?.serialNumber)
            let root = try #require(certificates.first { $0.profile == "root/2" }?.serialNumber)
            let rehearsed = try await place.document("revocation", ["cert", "revoke", "--serial", tls] + self.order)
            #expect(rehearsed["state"]?.text == "rehearsed")
            let refused = try await place.problem(
                ["cert", "revoke", "--serial", root, "--commit"] + self.order,
                status: 4
            )
            #expect(refused["code"]?.text == "GH-REVOKE-003")
            // Of a root's, its own certificate stays out; the issuer's is not to be revoked by one word.
            let below = try await place.document("revocation", ["cert", "revoke", "--issuer", "R1"] + self.order)
            let issuer = try #require(certificates.first { $0.profile == "issuing/1" }?.serialNumber)
            #expect(below["state"]?.text == "rehearsed")
            #expect(below["revoked"]?.texts.contains(issuer) == true)
            #expect(below["revoked"]?.texts.contains(root) == false)
        }
    }

    @Test(
        "is refused as a wrong use",
        arguments: [
            [], ["--serial", "01"], ["--reason", "r"], ["--serial", "01", "--user", "kim", "--reason", "r"],
            ["--serial", "01", "--reason", "r", "--plan", "P-0000-0000"],
            ["--serial", "01", "--reason", "r", "--revocation-reason", "removeFromCRL"],
        ]
    )
    func usage(arguments: [String]) async throws {
        let place = try CommandPlace()
        let run = try await place.run(["cert", "revoke"] + arguments + ["--json", "--config", place.configuration])
        #expect(run.status == 2, "\(run.output)")
        #expect(try DocumentSchema("problem").findings(in: try JSONDocument(parsing: run.output)) == [])
    }

    // MARK: - Many

    /// As many more devices with a certificate each as are asked for, copies of the one that has enrolled.
    static func multiply(_ place: Place, _ count: Int64) throws {
        let connection = try SQLiteConnection(path: place.database, access: .readWrite)
        try connection.begin()
        try connection.execute(
            """
            CREATE TEMP TABLE copy (number INTEGER PRIMARY KEY, device BLOB, serial BLOB);
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000)
            INSERT INTO copy SELECT i, randomblob(16), CAST(x'01' || randomblob(16) AS BLOB) FROM n LIMIT 10000;
            """
        )
        let trim = try connection.prepare("DELETE FROM copy WHERE number > ?1")
        try trim.bind(count, at: 1)
        try trim.run()
        try connection.execute(
            """
            INSERT INTO device (id, user_id, state, is_live, name, name_key, enrollment_type, claimed_device_id,
                    claimed_key, generation, first_enrolled, last_proven_contact, certificate_serial, certificate_ends)
                SELECT c.device, d.user_id, d.state, d.is_live, 'COPY-' || c.number, 'copy-' || c.number,
                    d.enrollment_type, 'copy-' || c.number, 'copy-' || c.number, d.generation, d.first_enrolled,
                    d.last_proven_contact, c.serial, d.certificate_ends
                FROM copy c CROSS JOIN (SELECT * FROM device LIMIT 1) d;
            INSERT INTO certificate (serial, issuer_id, state, profile, device, subject, not_before, not_after,
                    recorded, digest, key_digest, thumbprint, to_be_signed, der, evidence, crl_shard)
                SELECT c.serial, o.issuer_id, o.state, o.profile, c.device, o.subject, o.not_before, o.not_after,
                    o.recorded, o.digest, randomblob(32), randomblob(32), o.to_be_signed, o.der, o.evidence, o.crl_shard
                FROM copy c CROSS JOIN (SELECT * FROM certificate WHERE device IS NOT NULL LIMIT 1) o;
            DROP TABLE copy;
            """
        )
        try connection.commit()
    }

    /// From the screen: holding ten thousand numbers to a schema takes longer than revoking them.
    private static func plan(of command: [String], at place: Place) async throws -> String {
        let run = try await place.run(command)
        #expect(run.status == 0 && run.output.hasPrefix("Rehearsal. "), "\(run.output)\(run.errors)")
        return String(
            try #require(run.output.firstRange(of: "Plan      ").map { run.output[$0.upperBound...].prefix(11) })
        )
    }

    private static func revoked(_ place: Place) throws -> Int64 {
        let connection = try SQLiteConnection(path: place.database, access: .readOnly)
        return try connection.integer("SELECT count(*) FROM revocation") ?? 0
    }

    @Test("revokes ten thousand with progress, and wants to see a plan first")
    func many() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            _ = try await gatehouse.simulation("kim").enroll()
            try Self.multiply(place, 10_000)
            let revoke = ["cert", "revoke", "--user", "kim@corp.example"] + self.order
            let refused = try await place.problem(revoke + ["--commit"], status: 4)
            #expect(refused["code"]?.text == "GH-REVOKE-001")
            #expect(try Self.revoked(place) == 0)
            let plan = try await Self.plan(of: revoke, at: place)
            let run = try await place.run(revoke + ["--commit", "--plan", plan], seconds: 120)
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.output.hasPrefix("Done. Revoked 10,001 certificates of user kim@corp.example"), "\(run.output)")
            #expect(run.errors.contains("revoking 10,001 of 10,001 (100 %), "), "\(run.errors)")
            #expect(run.errors.hasSuffix(", 0 s left, 0 failed\n"), "\(run.errors)")
            #expect(try Self.revoked(place) == 10_001)
        }
    }

    @Test("stopped by Ctrl-C it ends the transaction in hand and prints the command that goes on")
    func interrupted() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            _ = try await gatehouse.simulation("kim").enroll()
            try Self.multiply(place, 10_000)
            let revoke = ["cert", "revoke", "--user", "kim@corp.example"] + self.order
            let plan = try await Self.plan(of: revoke, at: place)
            let arguments = revoke + ["--commit", "--plan", plan, "--config", place.configuration.path]
            let log = place.folder.appending(path: "stopped.log").path
            let process = try FixtureProcess(
                ["/bin/sh", "-c", "exec nice -n 19 \"$@\" 1>&2", "revoke", Place.program] + arguments,
                errorFile: log
            )
            let database = try SQLiteConnection(path: place.database, access: .readOnly)
            while try database.integer("SELECT count(*) FROM revocation") == 0 {
                try await Task.sleep(for: .milliseconds(2))
            }
            kill(process.identifier, SIGINT)
            #expect(process.wait() == 1)
            let text = try String(contentsOfFile: log, encoding: .utf8)
            let revoked = try Self.revoked(place)
            #expect(text.contains("Stopped. Revoked "), "\(text)")
            #expect((1...10_000).contains(revoked))
            let command = try #require(text.split(separator: "To go on:  ").last).trimmingCharacters(in: .newlines)
            let next = try await ExternalCommand.run(
                "bash",
                ["-c", command.replacing("gatehouse cert", with: "\(Place.program) cert", maxReplacements: 1)],
                seconds: 60
            )
            #expect(next.status == 0, "\(next.output)")
            #expect(try Self.revoked(place) == 10_001)
        }
    }
}
