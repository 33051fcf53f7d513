import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing
import X509Kit

@Suite("A place with an offline root", .timeLimit(.minutes(25)))
struct OfflineRootTests {
    private typealias Scene = OfflineRootScene

    private func withScene(_ store: StoreKind, _ body: (Scene) async throws -> Void) async throws {
        switch store {
        case .sqlite: try await body(try Scene(.sqlite))
        case .postgres:
            try await RunningGatehouse.databases.get().withDatabase { database in
                try await body(try Scene(.postgres(PostgresAccess(database))))
            }
        }
    }

    @Test("founded by a ceremony, it enrolls; nothing is served before", arguments: StoreKind.allCases)
    func founding(_ store: StoreKind) async throws {
        try await self.withScene(store) { scene in
            let place = scene.place
            let keys = ["--passphrase-file", scene.passphrase]
            try await scene.makeRoot(keys)
            let asked = try await place.document(
                "ceremony",
                ["init", "--offline-root", "\(scene.root)/root.cer", "--request", scene.path("request.txt")]
            )
            #expect(asked["kind"]?.text == "founding")
            let waiting = try await place.problem(["serve"], status: 4)
            #expect(waiting["code"]?.text == "GH-CEREMONY-006")
            // Once more: there is a store, and it is not taken for a founding that broke off.
            _ = try await place.problem(
                ["init", "--offline-root", "\(scene.root)/root.cer", "--request", scene.path("again.txt")],
                status: 4
            )
            try await scene.perform("request.txt", keys)
            let again = try await place.document("ceremony", ["ca", "import", scene.path("request.txt.answer")])
            #expect(again["status"]?.text == "already")
            try FileManager.default.copyItem(atPath: "\(scene.root)/root.pem", toPath: place.rootFile.path)
            let issuing = try #require(try await place.certificates().first { $0.profile.hasPrefix("issuing/") }?.pem)
            let issuingFile = try place.keep(secret: issuing, as: "issuing.pem")
            try await scene.openssl(["verify", "-x509_strict", "-CAfile", place.rootFile.path, issuingFile])

            let gatehouse = RunningGatehouse(place)
            try await gatehouse.start()
            let device = try await gatehouse.device(of: "kim")
            let leaf = try place.keep(secret: Place.pem(device.certificate), as: "leaf.pem")
            try await scene.openssl([
                "verify", "-x509_strict", "-CAfile", place.rootFile.path, "-untrusted", issuingFile, leaf,
            ])
            let url = try #require(
                try Certificate(der: Self.der(issuing)).extensionTexts().first { $0.name == "CRL" }?.text
            )
            let path = try #require(url.firstRange(of: "/pki/")).lowerBound
            let crl = try await gatehouse.get(String(url[path...]))
            #expect(crl.status == 200)
            let file = place.folder.appending(path: "root.crl")
            try Data(crl.body).write(to: file)
            try await scene.openssl([
                "crl", "-in", file.path, "-inform", "DER", "-noout", "-CAfile", place.rootFile.path,
            ])
            #expect(try await gatehouse.stop() == 0)
            #expect(!gatehouse.log.contains("tick tock"))
        }
    }

    @Test("offline roots follow one another: linked by ceremonies, verified with the old root, the new one, or both")
    func succession() async throws {
        try await self.withScene(.sqlite) { scene in
            let place = scene.place
            let keys = ["--passphrase-file", scene.passphrase]
            try await scene.found(keys)
            try FileManager.default.copyItem(atPath: "\(scene.root)/root.pem", toPath: place.rootFile.path)
            let gatehouse = RunningGatehouse(place)
            try await gatehouse.start()

            try await scene.makeRoot(keys, id: "R2")
            let new = scene.path("R2/root.cer")
            _ = try await place.problem(
                ["ca", "prepare", "--role", "root", "--id", "R3", "--certificate", new],
                status: 4
            )
            try await scene.step("ca-prepare", ["prepare", "--role", "root", "--certificate", new])
            let refused = try await place.problem(["ca", "publish", "R2"], status: 4)
            #expect(refused["message"]?.text?.contains("gatehouse ca links") ?? true)
            let links = try await place.document("ca-links", ["ca", "links", "R2", "--offline", scene.path("links")])
            #expect(links["requests"]?.count == 2)
            try await scene.perform("links/link-R2-by-R1.txt", by: "R1", keys)
            // The other root's machine does not sign what is not for it.
            try await scene.sign("links/link-R1-by-R2.txt", by: "R1", keys, status: 4)
            try await scene.perform("links/link-R1-by-R2.txt", by: "R2", keys)
            try await scene.step("ca-step", ["publish", "R2"])
            try await scene.step("ca-step", ["activate", "R2", "--despite-adoption", "a test without devices"])
            try await scene.rotate(to: "next-A", by: "R2", keys)

            // TLS by the new issuing authority, for a client that knows the old root alone, by the link in the chain.
            let device = try await gatehouse.device(of: "kim")
            let leaf = try place.keep(secret: Place.pem(device.certificate), as: "leaf.pem")
            let chain = try await place.certificates().filter { $0.profile.hasPrefix("issuing/") }.compactMap(\.pem)
            let issuers = try place.keep(secret: chain.joined(), as: "issuers.pem")
            // As clients find them: by the addresses in the issuing authority's certificate.
            let bundle = scene.path("R2.p7c")
            try Data(try await gatehouse.get("/pki/issuer/R2.p7c").body).write(to: URL(filePath: bundle))
            let link = scene.path("links.pem")
            try await scene.openssl(["pkcs7", "-in", bundle, "-inform", "DER", "-print_certs", "-out", link])
            let (old, next) = (place.rootFile.path, scene.path("R2/root.pem"))
            let both = try place.keep(
                secret: try String(contentsOfFile: old, encoding: .utf8)
                    + String(contentsOfFile: next, encoding: .utf8),
                as: "both.pem"
            )
            for trusted in [old, next, both] {
                try await scene.openssl([
                    "verify", "-x509_strict", "-CAfile", trusted, "-untrusted", issuers, "-untrusted", link, leaf,
                ])
            }
            #expect(try await gatehouse.stop() == 0)
        }
    }

    @Test("issuers below it have their keys on a token, waiting ones as well; what is withdrawn is destroyed there")
    func onToken() async throws {
        let token = try await ConfiguredToken()
        let scene = try Scene(.sqlite, more: token.section)
        let place = scene.place
        let keys = ["--passphrase-file", scene.passphrase]
        try await scene.makeRoot(keys)
        let founding = ["init", "--offline-root", "\(scene.root)/root.cer", "--request", scene.path("request.txt")]
        let asked = try await place.document("ceremony", founding + ["--token", "hsm", "--issuer", "A"])
        #expect(asked["kind"]?.text == "founding")
        #expect(try token.soft.objectCount() == 2)
        // While the token is away nothing is taken in, and afterwards all of it.
        try await scene.sign("request.txt", keys)
        try token.soft.pullOut()
        let taking = ["ca", "import", scene.path("request.txt.answer")]
        _ = try await place.problem(taking, status: 5)
        try token.soft.putBack()
        #expect(try await place.document("ceremony", taking)["status"]?.text == "imported")
        #expect(try await place.issuer("A")["key"]?.text == "token")
        try FileManager.default.copyItem(atPath: "\(scene.root)/root.pem", toPath: place.rootFile.path)

        let gatehouse = RunningGatehouse(place)
        try await gatehouse.start()
        let first = try await gatehouse.device(of: "kim")
        try await gatehouse.wait(for: "openssl to be content") { try await gatehouse.verifies(first) == nil }

        func prepare(_ id: String, _ file: String) async throws {
            let order = ["ca", "prepare", "--id", id, "--token", "hsm", "--offline", scene.path(file)]
            let rehearsed = try await place.document("ca-prepare", order)
            let plan = try #require(rehearsed["plan"]?.text)
            _ = try await place.document("ceremony", order + ["--commit", "--plan", plan])
        }
        try await prepare("B", "second.txt")
        #expect(try token.soft.objectCount() == 4)
        let examined = try await place.command("doctor", "--only", "pkcs11")
        #expect(examined.status == 0 && !examined.output.contains("no issuer in this store"), "\(examined.output)")
        let list = try await place.document("ceremonies", ["ca", "ceremonies"])
        let open = try #require(list["ceremonies"]?[1]?["id"]?.text)
        let withdraw = ["ca", "ceremonies", "--withdraw", open, "--reason", "another is wanted"]
        try token.soft.pullOut()
        _ = try await place.problem(withdraw, status: 5)
        try token.soft.putBack()
        _ = try await place.document("ceremonies", withdraw)
        #expect(try token.soft.objectCount() == 2, "done when asked for again")

        try await prepare("C", "third.txt")
        try await scene.perform("third.txt", keys)
        #expect(try await place.issuer("C")["state"]?.text == "prepared")
        try await place.rotate(["publish", "C"])
        try await place.rotate(["activate", "C"])
        try await gatehouse.wait(for: "the service to follow") {
            try await gatehouse.get("/pki/issuer/C.cer").status == 200
        }
        let issuer = try Certificate(der: try await gatehouse.get("/pki/issuer/C.cer").body).subject
        var device = first
        try await gatehouse.wait(for: "a certificate of C") {
            device = try await gatehouse.device(of: "kim")
            return try Certificate(der: device.certificate).issuer == issuer
        }
        try await gatehouse.wait(for: "openssl to be content") { try await gatehouse.verifies(device) == nil }
        #expect(try await gatehouse.stop() == 0)
    }

    @Test(
        "below an offline root a copied key is stopped at once upon demand; devices wait until a ceremony's successor signs"
    )
    func freeze() async throws {
        try await self.withScene(.sqlite) { scene in
            let place = scene.place
            let keys = ["--passphrase-file", scene.passphrase]
            try await scene.found(keys)
            try FileManager.default.copyItem(atPath: "\(scene.root)/root.pem", toPath: place.rootFile.path)
            let first = try #require(try await place.query("SELECT id FROM issuer WHERE role = 'issuing'").first)
            let gatehouse = RunningGatehouse(place)
            try await gatehouse.start()
            let device = try await gatehouse.simulation("kim").enroll()

            let command = ["ca", "compromise", first, "--reason", "key was copied"]
            let refused = try await place.problem(command, status: 4)
            #expect(refused["details"]?["rule"]?.text == "rotation.root-elsewhere")
            #expect(refused["details"]?["unless"]?.text?.contains("--freeze") == true)
            let rehearsed = try await place.document("ca-compromise", command + ["--freeze"])
            #expect(rehearsed["stops"]?[0]?["frozenFor"]?.text == "R1")
            #expect(rehearsed["command"]?.text?.contains("--freeze") == true)
            #expect(try await place.query("SELECT state FROM issuer WHERE id = '\(first)'") == ["active"])
            let plan = try #require(rehearsed["plan"]?.text)
            let done = try await place.document("ca-compromise", command + ["--freeze", "--commit", "--plan", plan])
            #expect(done["outcome"]?.text == "done")
            #expect(try await place.query("SELECT state FROM issuer WHERE id = '\(first)'") == ["compromised"])
            let certificate = try await place.document("cert", ["cert", "show", device.serialNumber])
            #expect(certificate["revocation"]?["reason"]?.text == "cACompromise")

            // Also once it was started anew: what is published goes on being served.
            for isRestarted in [false, true] {
                if isRestarted {
                    #expect(try await gatehouse.stop() == 0)
                    try await gatehouse.start()
                }
                let waiting = await #expect(throws: SimulationFailure.self) {
                    try await gatehouse.simulation("zoe").enroll()
                }
                #expect(waiting?.kind.hasSuffix("refused: InMaintenance") == true, "\(String(describing: waiting))")
                #expect(try await gatehouse.get("/pki/issuer/\(first).cer").status == 200)
            }
            #expect(try await place.query("SELECT count(*) FROM certificate WHERE state = 'intent'") == ["0"])
            let status = try await place.run(["ca", "status"])
            #expect(status.output.contains("Nothing is signed: \(first) is compromised"), "\(status.output)")
            #expect(status.output.contains("gatehouse ca prepare --offline FILE"), "\(status.output)")
            let doctor = try await place.run(["doctor", "--only", "rotation"])
            #expect(doctor.output.contains("FAIL  rotation \(first)"), "\(doctor.output)")
            #expect(try await place.run(["store", "check"]).status == 0)

            try await scene.rotate(to: "B", by: "R1", keys)
            try await gatehouse.wait("the successor") {
                (try? await gatehouse.simulation("zoe").enroll()) != nil
            }
            #expect(try await !place.run(["ca", "status"]).output.contains("Nothing is signed"))
            #expect(try await gatehouse.stop() == 0)
        }
    }

    @Test("a split root signs its CRLs by a ceremony; altered files are refused with exit 4")
    func lists() async throws {
        try await self.withScene(.sqlite) { scene in
            let place = scene.place
            try await scene.makeRoot(["--shares", "2/3"])
            let keys = [1, 3].flatMap { ["--share-file", "\(scene.root)/shares/share-\($0).txt"] }
            _ = try await place.document(
                "ceremony",
                ["init", "--offline-root", "\(scene.root)/root.cer", "--request", scene.path("request.txt")]
            )
            try await scene.sign("request.txt", Array(keys.prefix(2)), status: 2)
            try await scene.perform("request.txt", keys)
            _ = try await place.document("ceremony", ["crl", "publish", "R1", "--offline", scene.path("crl.txt")])
            var words = try String(contentsOfFile: scene.path("crl.txt"), encoding: .utf8)
            words = words.replacing("Gatehouse", with: "Watchhouse", maxReplacements: 1)
            try words.write(toFile: scene.path("altered.txt"), atomically: true, encoding: .utf8)
            try await scene.sign("altered.txt", keys, status: 4)
            try await scene.perform("crl.txt", keys)
            let document = try await place.document("ceremonies", ["ca", "ceremonies"])
            guard case .array(let ceremonies) = document["ceremonies"] else {
                Issue.record("no list")
                return
            }
            #expect(ceremonies.compactMap { $0["state"]?.text } == ["imported", "imported"])
            let transcript = try String(contentsOfFile: "\(scene.root)/transcript.txt", encoding: .utf8)
            #expect(transcript.contains("about to sign ceremony"))
            #expect(transcript.contains("sign what R1 has revoked"))
        }
    }

    @Test("Ctrl-C at the prompt for a passphrase leaves a terminal that shows what is typed")
    func interrupt() async throws {
        try await self.withScene(.sqlite) { scene in
            let line = scene.place.line(["ceremony", "root", "--organization", "Corp Ltd", "--out", scene.root])
            let run = try await TerminalRun.run(line, answers: [("Passphrase of root R1: ", "\u{3}")])
            #expect(run.wasHidden)
            #expect(run.shows)
            #expect(run.status == -SIGINT)
            #expect(!FileManager.default.fileExists(atPath: scene.root))
        }
    }

    @Test("a passphrase is typed twice without being shown, and a short one is not taken")
    func typed() async throws {
        try await self.withScene(.sqlite) { scene in
            let line = scene.place.line(["ceremony", "root", "--organization", "Corp Ltd", "--out", scene.root])
            let short = try await TerminalRun.run(line, answers: [("Passphrase of root R1: ", "tick tock t\n")])
            #expect(short.status == 2)
            #expect(short.shows)
            #expect(short.output.contains("GH-SECRET-003"), "\(short.output)")
            let answers = [("Passphrase of root R1: ", "tick tock tick tock\n"), ("Again: ", "tick tock tick tock\n")]
            let run = try await TerminalRun.run(line, answers: answers)
            #expect(run.status == 0, "\(run.output)")
            #expect(run.wasHidden)
            #expect(run.shows)
            #expect(!run.output.contains("tick"))
            let file = try scene.place.keep(secret: "tick tock t", as: "short.passphrase")
            let arguments = ["ceremony", "root", "--organization", "Corp Ltd", "--out", scene.path("R2")]
            let problem = try await scene.place.problem(arguments + ["--passphrase-file", file], status: 2)
            #expect(problem["code"]?.text == "GH-SECRET-003")
        }
    }

    @Test("after a restore the newest CRL of the root that was seen is served, not the backup's")
    func restored() async throws {
        try await self.withScene(.sqlite) { scene in
            let place = scene.place
            let keys = ["--passphrase-file", scene.passphrase]
            try await scene.found(keys)
            let passphrase = ["--passphrase-file", try place.keep(secret: "the backup's", as: "backup.passphrase")]
            let file = scene.path("one.ghbackup")
            _ = try await place.document("backup", ["backup", "create", "--to", file] + passphrase)
            _ = try await place.document("ceremony", ["crl", "publish", "R1", "--offline", scene.path("crl.txt")])
            try await scene.perform("crl.txt", keys)
            let shards = try await place.query("SELECT shard FROM crl_shard WHERE issuer_id = 'R1' AND published > 1")
            let seen = try await place.document("crl", ["crl", "show", "R1/\(try #require(shards.first))"])
            let crl = try place.keep(secret: try #require(seen["pem"]?.text), as: "seen.crl")

            let store = scene.path("restored.sqlite")
            let restore = ["backup", "restore", file, "--store", store, "--published", crl] + passphrase
            let done = try await place.document("restore", restore + ["--accept-lost-crls", "--commit"])
            #expect(done["done"]?["crlsShownAgain"]?.count == 1)
            let shown = try await ExternalCommand.run(
                "sqlite3",
                [
                    store,
                    "SELECT hex(c.der) FROM crl c JOIN crl_shard s ON s.issuer_id = c.issuer_id AND s.shard = c.shard"
                        + " AND s.published = c.number WHERE c.issuer_id = 'R1'",
                ]
            )
            let der = Self.der(try #require(seen["pem"]?.text))
            #expect(shown.output.lowercased().contains(der.map { String(format: "%02x", $0) }.joined()))

            // Without it the backup's is shown, and what to do is said.
            let other = [
                "backup", "restore", file, "--store", scene.path("other.sqlite"), "--accept-unknown", "--commit",
            ]
            let screen = try await place.run(other + passphrase)
            #expect(screen.status == 0)
            #expect(screen.output.contains("is the backup's"))
        }
    }

    private static func der(_ pem: String) -> [UInt8] {
        let lines = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") }
        return Array(Data(base64Encoded: lines.joined()) ?? Data())
    }
}
