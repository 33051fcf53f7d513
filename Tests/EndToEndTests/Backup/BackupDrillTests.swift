import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing

@Suite("Backup and restore", .timeLimit(.minutes(25)))
struct BackupDrillTests {
    private static var settings: Place.Settings {
        Place.Settings(
            more: """
                renewal: { windowDays: 400 },
                backup: { passphrase: { file: "backup.passphrase" }, folder: "backups", keep: 2, maxAgeHours: 24 },
                """
        )
    }

    private static func prepare(_ place: Place) throws {
        _ = try place.keep(secret: "the backup's own passphrase", as: "backup.passphrase")
        try FileManager.default.createDirectory(
            at: place.folder.appending(path: "backups"),
            withIntermediateDirectories: false
        )
    }

    /// What everybody could have fetched by now.
    private static func publishedCRLs(of place: Place) async throws -> [(crl: String, number: Double, file: String)] {
        #expect(try await place.run(["crl", "publish"]).status == 0)
        let list = try await place.document("crl-list", ["crl", "show"])
        var crls: [(crl: String, number: Double, file: String)] = []
        for entry in list["crls"]?.elements ?? [] {
            guard case .number(let number)? = entry["published"]?["number"], let name = Self.name(of: entry) else {
                continue
            }
            let one = try await place.document("crl", ["crl", "show", name])
            let file = place.folder.appending(path: "seen-\(crls.count).crl").path
            try Data(try #require(one["pem"]?.text).utf8).write(to: URL(filePath: file))
            crls.append((name, number, file))
        }
        return crls
    }

    /// As commands take it: `2026-A/3`.
    private static func name(of entry: JSONDocument) -> String? {
        guard let issuer = entry["issuer"]?.text, case .number(let shard)? = entry["shard"] else { return nil }
        return "\(issuer)/\(Int(shard))"
    }

    private static func lose(_ place: Place) async throws {
        guard let access = place.store.access else {
            for ending in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: place.database + ending) {
                try FileManager.default.removeItem(atPath: place.database + ending)
            }
            return
        }
        _ = try await access.database.psql("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    }

    @Test(
        "the drill: enroll, back up, enroll more and revoke, lose everything, restore: CRLs never go back, old devices renew",
        arguments: StoreKind.allCases
    )
    func drill(_ kind: StoreKind) async throws {
        try await RunningGatehouse.serve(Self.settings, on: kind) { gatehouse in
            let place = gatehouse.place
            try Self.prepare(place)
            var kim = try await gatehouse.device(of: "kim")
            let sam = try await gatehouse.device(of: "sam")

            // Others go on enrolling meanwhile.
            async let crowd = gatehouse.simulation((11...14).map { Person.numbered($0) }).run()
            let made = try await place.document("backup", ["backup", "create"])
            #expect(try await crowd.enrolled == 4)
            let file = try #require(made["file"]?.text)
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let folder = try FileManager.default.contentsOfDirectory(
                atPath: URL(filePath: file).deletingLastPathComponent().path
            )
            #expect(folder.count == 1, "\(folder)")
            let verified = try await place.document(
                "backup-verification",
                ["backup", "verify", file, "--root", place.rootFile.path]
            )
            #expect(verified["sound"] == .boolean(true))
            #expect(verified["vouchedFor"] == .boolean(true))
            #expect(verified["root"]?.text == made["root"]?.text)
            #expect(try await place.run(["doctor", "--only", "backup"]).status == 0)

            // What the backup does not know.
            let lee = try await gatehouse.device(of: "lee")
            let device = try #require(try await place.devices().first { $0.owner.hasPrefix("sam") })
            let reset = ["device", "reset", device.id, "--reason", "stolen"]
            #expect(try await place.run(reset).status == 0)
            let seen = try await Self.publishedCRLs(of: place)
            #expect(!seen.isEmpty)
            #expect(try await gatehouse.stop() == 0)
            try await Self.lose(place)

            // Seeing nothing is not knowing that nothing was lost.
            let blind = ["backup", "restore", file, "--root", place.rootFile.path, "--commit"]
            let unknown = try await place.document("restore", blind, status: 4)
            #expect(unknown["notAccepted"]?.texts == ["unknown"])
            #expect(unknown["lost"]?["unknown"] == .boolean(true))

            let restore =
                ["backup", "restore", file, "--root", place.rootFile.path] + seen.flatMap { ["--published", $0.file] }
            let refused = try await place.document("restore", restore + ["--commit"], status: 4)
            #expect(refused["stage"]?.text == "refused")
            #expect(refused["notAccepted"]?.texts == ["crls", "revocations"])
            #expect(refused["lost"]?["revocationsToRepeat"] == .number(1))
            #expect(refused["lost"]?["crls"]?.count == seen.count)
            let screen = try await place.run(restore)
            #expect(screen.status == 4)
            #expect(screen.output.contains("--accept-lost-crls --accept-lost-revocations --commit"))

            let accepting = restore + ["--accept-lost-crls", "--accept-lost-revocations"]
            #expect(try await place.document("restore", accepting)["stage"]?.text == "rehearsed")
            let done = try await place.document("restore", accepting + ["--commit"])
            #expect(done["stage"]?.text == "restored")
            #expect(done["done"]?["revoked"] == .number(1))
            #expect(try await place.document("store-check", ["store", "check", "--full"])["sound"] == .boolean(true))
            #expect(try await place.document("restore", accepting + ["--commit"], status: 4)["refused"]?.count == 1)

            try await gatehouse.start()
            try await gatehouse.wait("a CRL above each that was seen") {
                let list = try await place.document("crl-list", ["crl", "show"])
                return seen.allSatisfy { former in
                    let now = list["crls"]?.elements.first { Self.name(of: $0) == former.crl }
                    guard case .number(let number)? = now?["published"]?["number"] else { return false }
                    return number > former.number
                }
            }
            kim = try await gatehouse.renew(kim)
            #expect(kim.renewals == 1)
            // One that was revoked again, and one that this store has never heard of.
            for identity in [sam, lee] {
                let outcome = try await gatehouse.outcome(of: identity)
                guard case .failure(.refused) = outcome else {
                    Issue.record("not refused: \(outcome)")
                    continue
                }
            }
            let again = try await gatehouse.device(of: "lee")
            #expect(again.renewals == 0)
            #expect(try await gatehouse.stop() == 0)
            #expect(try await place.document("store-check", ["store", "check", "--full"])["sound"] == .boolean(true))
        }
    }

    @Test("a backup of one kind of store is restored into the other")
    func across() async throws {
        try await RunningGatehouse.serve(Self.settings) { gatehouse in
            let place = gatehouse.place
            try Self.prepare(place)
            _ = try await gatehouse.device(of: "kim")
            let file = place.folder.appending(path: "one.ghbackup").path
            _ = try await place.document("backup", ["backup", "create", "--to", file])
            try await RunningGatehouse.databases.get().withDatabase { (database) async throws -> Void in
                let there = [
                    "--store", database.connectionString, "--store-password-file",
                    try place.keep(secret: database.password, as: "to.password"),
                    "--accept-unknown",
                ]
                let rehearsed = try await place.document("restore", ["backup", "restore", file] + there)
                #expect(rehearsed["stage"]?.text == "rehearsed")
                #expect(rehearsed["vouchedFor"] == .boolean(false))
                #expect(try await database.psql("SELECT count(*) FROM pg_class WHERE relname = 'device'") == "0")
                let done = try await place.document("restore", ["backup", "restore", file] + there + ["--commit"])
                #expect(done["stage"]?.text == "restored")
                #expect(try await database.psql("SELECT count(*) FROM device") == "1")
            }
        }
    }

    @Test(
        "what is wrong with a backup, or with where it should go, is refused in clear words, and nothing is half made"
    )
    func refusals() async throws {
        try await RunningGatehouse.serve(Self.settings) { gatehouse in
            let place = gatehouse.place
            try Self.prepare(place)
            let file = place.folder.appending(path: "one.ghbackup").path
            _ = try await place.document("backup", ["backup", "create", "--to", file])
            let twice = try await place.problem(["backup", "create", "--to", file], status: 4)
            #expect(twice["code"]?.text == "GH-BACKUP-004")
            let wrong = try place.keep(secret: "another passphrase", as: "wrong.passphrase")
            let passphrase = try await place.problem(["backup", "verify", file, "--passphrase-file", wrong], status: 2)
            #expect(passphrase["details"]?["rule"]?.text == "backup.passphrase")
            _ = try await place.problem(["backup", "verify", file + ".not"], status: 3)

            let octets = try Data(contentsOf: URL(filePath: file))
            let damaged = place.folder.appending(path: "damaged.ghbackup")
            var changed = octets
            changed[octets.count / 2] ^= 0x10
            try changed.write(to: damaged)
            let problem = try await place.problem(
                ["backup", "restore", damaged.path, "--commit", "--replace"],
                status: 1
            )
            #expect(problem["details"]?["rule"]?.text == "backup.damaged")
            try octets.prefix(octets.count - 70_000).write(to: damaged)
            _ = try await place.problem(["backup", "verify", damaged.path], status: 1)

            // Another place's root does not vouch for it.
            let directory = try RunningGatehouse.directory.get()
            let other = try await Place(Place.Settings(), directory: directory)
            let root = try await place.problem(["backup", "verify", file, "--root", other.rootFile.path], status: 1)
            #expect(root["details"]?["rule"]?.text == "backup.root")
            // Nor is its store replaced.
            let foreign = ["backup", "restore", file, "--store", other.database, "--replace"]
            let refused = try await place.problem(foreign, status: 4)
            #expect(refused["details"]?["rule"]?.text == "backup.otherAuthority")

            let here = try await place.document("restore", ["backup", "restore", file, "--commit"], status: 4)
            #expect(here["refused"]?.texts.first?.contains("--replace") == true)
            let busy = try await place.document(
                "restore",
                ["backup", "restore", file, "--commit", "--replace"],
                status: 4
            )
            #expect(busy["refused"]?.texts.first?.contains("another process") == true)

            // A disk that takes no more.
            let script = "trap '' XFSZ; ulimit -f 64; exec \"$@\""
            let full = place.folder.appending(path: "full.ghbackup").path
            let line = place.line(["backup", "create", "--to", full, "--config", place.configuration.path])
            let outcome = try await ExternalCommand.run("bash", ["-c", script, "bash"] + line)
            #expect(outcome.status == 5, "\(outcome.output)")
            let left = try FileManager.default.contentsOfDirectory(atPath: place.folder.path)
            #expect(
                !left.contains { $0.hasPrefix("full") || $0.contains("restoring") || $0.contains("image") },
                "\(left)"
            )
        }
    }

    @Test("a store that is not sound is backed up and said to be, and restored only when that is accepted")
    func unsound() async throws {
        let place = try await Place(Self.settings, directory: try RunningGatehouse.directory.get())
        try Self.prepare(place)
        _ = try await place.run(["token", "create", "mdm", "--owner", "device team", "--scope", "events:read"])
        let file = place.folder.appending(path: "one.ghbackup").path
        try await place.query("UPDATE certificate SET state = 'superseded' WHERE profile LIKE 'server/%'")
        let made = try await place.document("backup", ["backup", "create", "--to", file])
        #expect(made["findings"]?.texts.first?.hasPrefix("certificate.revocation: 1 not so") == true)
        let screen = try await place.run(["backup", "create", "--to", file + ".2"])
        #expect(screen.status == 0)
        #expect(screen.output.contains("! not sound"))
        let verified = try await place.document("backup-verification", ["backup", "verify", file], status: 1)
        #expect(verified["sound"] == .boolean(false))
        #expect(verified["restorable"] == .boolean(true))

        let restore = ["backup", "restore", file, "--store", place.folder.appending(path: "other.sqlite").path]
        let refused = try await place.problem(restore + ["--accept-unknown"], status: 1)
        #expect(refused["code"]?.text == "GH-BACKUP-009")
        #expect(refused["details"]?["try"]?.text?.contains("--accept-findings") == true)
        // Nor does anybody know whether the token was still good.
        let asked = try await place.document("restore", restore + ["--accept-findings"], status: 4)
        #expect(asked["notAccepted"]?.texts == ["access", "unknown"])
        #expect(asked["lost"]?["tokensUncertain"] == .number(1))
        let accepting = ["--accept-findings", "--accept-lost-access", "--accept-unknown", "--commit"]
        let done = try await place.document("restore", restore + accepting)
        #expect(done["stage"]?.text == "restored")
        #expect(done["findings"]?.texts == made["findings"]?.texts)
    }

    @Test("only the newest are kept, as many as the configuration says, and doctor misses one that is too old")
    func keep() async throws {
        let directory = try RunningGatehouse.directory.get()
        let place = try await Place(Self.settings, directory: directory)
        try Self.prepare(place)
        let missing = try await place.run(["doctor", "--only", "backup"])
        #expect(missing.status == 1)
        #expect(missing.output.contains("none was ever made"))
        let folder = place.folder.appending(path: "backups")
        for name in ["gatehouse-20200101T000000Z.ghbackup", "gatehouse-20210101T000000Z.ghbackup", "by-hand.ghbackup"] {
            try Data("x".utf8).write(to: folder.appending(path: name))
        }
        let made = try await place.document("backup", ["backup", "create"])
        #expect(
            made["removed"]?.texts.map { URL(filePath: $0).lastPathComponent } == [
                "gatehouse-20200101T000000Z.ghbackup"
            ]
        )
        let left = Set(try FileManager.default.contentsOfDirectory(atPath: folder.path))
        #expect(left.count == 3)
        #expect(left.isSuperset(of: ["gatehouse-20210101T000000Z.ghbackup", "by-hand.ghbackup"]))
        #expect(try await place.run(["doctor", "--only", "backup"]).status == 0)
        try await place.query("UPDATE act SET recorded = recorded - 25 * 3600000000 WHERE verb = 'back-up'")
        #expect(try await place.run(["doctor", "--only", "backup"]).status == 1)
    }
}

extension JSONDocument {
    fileprivate var elements: [JSONDocument] {
        if case .array(let elements) = self { elements } else { [] }
    }
}
