import EnrollmentTestKit
import Foundation
import Testing

@Suite("gatehouse ca, at a place where nobody serves", .timeLimit(.minutes(25)))
struct CAStepTests {
    /// Runs a command with `--json` and holds its document to the schema of that name.
    private func document(
        _ schema: String,
        _ place: CommandPlace,
        _ arguments: [String],
        status: Int32 = 0
    ) async throws -> JSONDocument {
        let run = try await place.run(arguments + ["--json", "--config", place.configuration])
        #expect(run.status == status, "\(arguments): \(run.output)\(run.errors)")
        let document = try JSONDocument(parsing: run.output)
        let findings = try DocumentSchema(schema).findings(in: document)
        #expect(findings == [], "\(arguments)")
        if schema != "problem" { #expect(document["schema"]?.text == "gatehouse.\(schema)/1") }
        return document
    }

    private func problem(_ place: CommandPlace, _ arguments: [String], status: Int32) async throws -> JSONDocument {
        try #require(try await self.document("problem", place, arguments, status: status)["problem"])
    }

    /// Rehearses a step, and carries it out by the plan that it gave.
    @discardableResult
    private func carryOut(_ schema: String, _ place: CommandPlace, _ arguments: [String]) async throws -> JSONDocument {
        let rehearsed = try await self.document(schema, place, arguments)
        #expect(rehearsed["outcome"]?.text == "rehearsed")
        let plan = try #require(rehearsed["plan"]?.text)
        let done = try await self.document(schema, place, arguments + ["--commit", "--plan", plan])
        #expect(done["outcome"]?.text == "done")
        #expect(done["trace"]?.text != nil)
        return done
    }

    private func states(_ place: CommandPlace) async throws -> [String: String] {
        let status = try await self.document("ca-status", place, ["ca", "status", "--all"])
        guard case .array(let issuers)? = status["issuers"] else { return [:] }
        return Dictionary(
            uniqueKeysWithValues: issuers.compactMap { issuer in
                guard let id = issuer["id"]?.text, let state = issuer["state"]?.text else { return nil }
                return (id, state)
            }
        )
    }

    private func compromise(_ place: CommandPlace, _ command: [String]) async throws {
        let plan = try #require(try await self.document("ca-compromise", place, command)["plan"]?.text)
        let done = try await self.document("ca-compromise", place, command + ["--commit", "--plan", plan])
        #expect(done["outcome"]?.text == "done")
    }

    /// What the store of a place where nobody serves answers.
    private func sql(_ place: CommandPlace, _ statement: String) async throws -> String {
        let run = try await place.shell("sqlite3 \"$@\"", [place.path("var/gatehouse.db"), statement], seconds: 30)
        #expect(run.status == 0, "\(run.errors)")
        return run.output
    }

    /// The issuing authority that `init` made.
    private func first(_ place: CommandPlace) async throws -> String {
        try #require(try await self.states(place).keys.first { $0 != "R1" })
    }

    @Test("status of a new place fits on a screen and says that all is well; the plan has nothing to say")
    func fresh() async throws {
        let place = try await CommandPlace.founded()
        let status = try await self.document("ca-status", place, ["ca", "status"])
        #expect(status["organization"]?.text == "Gatehouse")
        #expect(status["store"]?.text == "sqlite")
        #expect(status["liveDevices"] == .number(0))
        #expect(status["needsSomebody"] == .boolean(false))
        #expect(status["issuers"]?.count == 2)
        #expect(status["issuers"]?[0]?["id"]?.text == "R1")
        #expect(status["issuers"]?[0]?["algorithm"]?.text == "P-256")
        #expect(status["issuers"]?[0]?["key"]?.text == "sealed")
        #expect(status["issuers"]?[1]?["signedBy"]?.text == "R1")
        #expect(status["issuers"]?[1]?["state"]?.text == "active")
        let screen = try await place.runHere("ca", "status", "--exit-code")
        #expect(screen.status == 0)
        #expect(screen.output.contains("Gatehouse, store sqlite, "), "\(screen.output)")
        #expect(screen.output.contains("all promises kept"))
        #expect(screen.output.split(separator: "\n").count < 20)
        let plan = try await self.document("ca-plan", place, ["ca", "plan"])
        #expect(plan["issuers"]?.count == 2)
        #expect(plan["warnings"]?.count == 0)
        #expect(try await place.runHere("ca", "plan").status == 0)
    }

    @Test("a rehearsal leaves nothing, its plan stays the same, and only its id carries it out")
    func rehearsal() async throws {
        let place = try await CommandPlace.founded()
        let before = try await place.runHere("cert", "list", "--json").output
        let prepare = ["ca", "prepare", "--id", "next-1"]
        let rehearsed = try await self.document("ca-prepare", place, prepare)
        #expect(rehearsed["outcome"]?.text == "rehearsed")
        #expect(rehearsed["signedBy"]?.text == "R1")
        let plan = try #require(rehearsed["plan"]?.text)
        #expect(try await self.document("ca-prepare", place, prepare)["plan"]?.text == plan)
        let screen = try await place.run(prepare + ["--config", place.configuration])
        #expect(screen.output.hasPrefix("Rehearsal. Nothing will be changed."))
        #expect(screen.output.contains("--commit --plan \(plan)"))
        #expect(try await place.runHere("cert", "list", "--json").output == before)
        #expect(try await self.states(place).count == 2)

        let unread = try await self.problem(place, prepare + ["--commit"], status: 4)
        #expect(unread["code"]?.text == "GH-CA-003")
        let other = try await self.problem(place, prepare + ["--commit", "--plan", "P-0000-0000"], status: 4)
        #expect(other["code"]?.text == "GH-CA-002")
        #expect(other["details"]?["plan"]?.text?.contains("not known") == true)
        let changed = prepare + ["--algorithm", "ecdsa-p384", "--commit", "--plan", plan]
        let difference = try await self.problem(place, changed, status: 4)
        #expect(difference["details"]?["new"]?.text?.contains("ecdsa-p384") == true)
        #expect(difference["details"]?["gone"]?.text?.contains("ecdsa-p256") == true)
        let loose = try await self.problem(place, prepare + ["--plan", plan], status: 2)
        #expect(loose["code"]?.text == "GH-USAGE-008")
        #expect(try await place.runHere("cert", "list", "--json").output == before)

        let spoken = plan.lowercased().replacingOccurrences(of: "-", with: " ")
        let done = try await self.document("ca-prepare", place, prepare + ["--commit", "--plan", spoken])
        #expect(done["outcome"]?.text == "done")
        #expect(done["pem"]?.text?.hasPrefix("-----BEGIN CERTIFICATE-----") == true)
        #expect(try await self.states(place)["next-1"] == "prepared")
    }

    @Test("the id, the algorithm and the names of what comes next are chosen where nobody says them")
    func defaults() async throws {
        let place = try await CommandPlace.founded()
        let first = try await self.first(place)
        let issuer = try await self.document("ca-prepare", place, ["ca", "prepare"])
        #expect(issuer["issuer"]?.text == String(first.dropLast()) + "B")
        #expect(issuer["algorithm"]?.text == "ecdsa-p256")
        let root = try await self.document("ca-prepare", place, ["ca", "prepare", "--role", "root"])
        #expect(root["issuer"]?.text == "R2")
        #expect(root["signedBy"]?.text == "R2")
        for (option, value) in [("--id", "no blanks"), ("--id", "a-name-that-is-too-long"), ("--role", "leaf")] {
            #expect(try await place.runHere("ca", "prepare", option, value).status == 2)
        }
    }

    @Test("the configured kind of key goes before that of the present one, and --algorithm before both")
    func configuredAlgorithm() async throws {
        let place = try await CommandPlace.founded()
        try place.edit(
            "gatehouse.json5",
            (
                "tokens: [],",
                "rotation: { issuing: { algorithm: \"ecdsa-p384\" }, root: { algorithm: \"rsa-3072\" } }, tokens: [],"
            )
        )
        let prepare = ["ca", "prepare", "--id", "B"]
        #expect(try await self.document("ca-prepare", place, prepare)["algorithm"]?.text == "ecdsa-p384")
        let root = try await self.document("ca-prepare", place, ["ca", "prepare", "--role", "root"])
        #expect(root["algorithm"]?.text == "rsa-3072")
        let said = try await self.document("ca-prepare", place, prepare + ["--algorithm", "ed25519"])
        #expect(said["algorithm"]?.text == "ed25519")
        try await self.carryOut("ca-prepare", place, prepare)
        let status = try await self.document("ca-status", place, ["ca", "status"])
        #expect(status["issuers"]?[2]?["algorithm"]?.text == "P-384")
    }

    @Test("an issuer goes from prepared to active, its predecessor drains, and each step says so when done twice")
    func routine() async throws {
        let place = try await CommandPlace.founded()
        let first = try await self.first(place)
        try await self.carryOut("ca-prepare", place, ["ca", "prepare", "--id", "B"])
        #expect(try await self.states(place)["B"] == "prepared")
        let early = try await self.problem(place, ["ca", "activate", "B"], status: 4)
        #expect(early["code"]?.text == "GH-CA-001")
        #expect(early["details"]?["rule"]?.text == "rotation.state")
        #expect(early["details"]?["try"]?.text == "gatehouse ca publish B")

        let published = try await self.carryOut("ca-step", place, ["ca", "publish", "B", "--ticket", "CHG1"])
        #expect(published["announcements"]?[0]?["event"]?.text == "trust-published")
        #expect(published["ticket"]?.text == "CHG1")
        #expect(published["reason"]?.text == "key rotation")
        let again = try await self.document("ca-step", place, ["ca", "publish", "B"])
        #expect(again["outcome"]?.text == "already")
        #expect(again["since"]?.text != nil)
        #expect(try await place.runHere("ca", "publish", "B").output.contains("Nothing to do."))

        let second = try await self.problem(place, ["ca", "prepare", "--id", "C"], status: 4)
        #expect(second["details"]?["rule"]?.text == "rotation.next-exists")

        let activated = try await self.carryOut("ca-step", place, ["ca", "activate", "B"])
        #expect(activated["moves"]?.count == 2)
        #expect(activated["command"]?.text?.contains("ca drain \(first)") == true)
        #expect(try await self.states(place) == ["R1": "active", first: "draining", "B": "active"])
        #expect(try await place.runHere("ca", "status").output.contains("\(first)  draining"))
        let drain = try await self.document("ca-drain", place, ["ca", "drain", first])
        #expect(drain["state"]?.text == "draining")
        #expect(drain["devices"]?.count == 0)
        let hurried = try await self.carryOut("ca-step", place, ["ca", "drain", first, "--hurry"])
        #expect(hurried["opensRenewal"] == .boolean(true))
        #expect(
            try await self.document("ca-step", place, ["ca", "drain", first, "--hurry"])["outcome"]?.text == "already"
        )
        let adoption = try await self.document("ca-adoption", place, ["ca", "adoption", "B", "--missing"])
        #expect(adoption["devices"]?.count == 0)

        // The act is on record, and says what it did.
        let trace = try #require(activated["trace"]?.text)
        let act = try await self.document("act", place, ["attempt", "show", trace])
        #expect(act["act"]?["act"]?["verb"]?.text == "activate-issuer")
    }

    @Test("what was prepared or published is taken back, without a trace but the record; what signs is not")
    func abort() async throws {
        let place = try await CommandPlace.founded()
        let first = try await self.first(place)
        for (id, isPublished) in [("B", false), ("C", true)] {
            try await self.carryOut("ca-prepare", place, ["ca", "prepare", "--id", id])
            if isPublished { try await self.carryOut("ca-step", place, ["ca", "publish", id]) }
            let taken = try await self.carryOut("ca-step", place, ["ca", "abort", id, "--reason", "wrong algorithm"])
            #expect(taken["destroyedKeys"]?.texts == [id])
            #expect(taken["announcements"]?.count == (isPublished ? 1 : 0))
            #expect(try await self.states(place)[id] == "aborted")
            #expect(try await place.runHere("ca", "status").output.contains("\(id) ") == false)
            #expect(try await self.document("ca-step", place, ["ca", "abort", id])["outcome"]?.text == "already")
        }
        let status = try await self.document("ca-status", place, ["ca", "status", "--all"])
        #expect(status["issuers"]?[2]?["key"]?.text == "destroyed")
        let signs = try await self.problem(place, ["ca", "abort", first], status: 4)
        #expect(signs["details"]?["rule"]?.text == "rotation.state")
        let used = try await self.problem(place, ["ca", "prepare", "--id", "B"], status: 4)
        #expect(used["details"]?["rule"]?.text == "rotation.id")
        let unknown = try await self.problem(place, ["ca", "publish", "nobody"], status: 3)
        #expect(unknown["code"]?.text == "GH-FIND-001")
        #expect(unknown["details"]?["try"]?.text?.contains("R1") == true)
    }

    @Test("taking back what a schedule made says when the schedule makes another one, and how to end that")
    func scheduledAbort() async throws {
        let place = try await CommandPlace.founded()
        try await self.carryOut("ca-prepare", place, ["ca", "prepare", "--id", "B"])
        #expect(try await !place.runHere("ca", "abort", "B").output.contains("schedule"))
        try place.edit(
            "gatehouse.json5",
            ("management: {", "rotation: { issuing: { everyMonths: 12 } }, management: {")
        )
        let screen = try await place.runHere("ca", "abort", "B")
        #expect(
            screen.output.contains("after a day at the earliest; rotation.issuing"),
            "\(screen.output)\(screen.errors)"
        )
    }

    @Test("links to a root whose compromise broke off right behind the deed are revoked by the next run")
    func leftLinks() async throws {
        let place = try await CommandPlace.founded()
        try await self.carryOut("ca-prepare", place, ["ca", "prepare", "--role", "root"])
        try await self.carryOut("ca-step", place, ["ca", "publish", "R2"])
        _ = try await self.sql(place, "UPDATE issuer SET state = 'compromised', ended = published + 1 WHERE id = 'R2'")
        let command = ["ca", "compromise", "R2", "--reason", "copied"]
        let screen = try await place.run(command + ["--config", place.configuration])
        #expect(screen.output.contains("1 link certificate, by which another root vouches for it"), "\(screen.output)")
        try await self.compromise(place, command)
        let links = "SELECT l.subject_id, r.reason FROM link_certificate l JOIN revocation r ON r.serial = l.serial"
        #expect(try await self.sql(place, links) == "R2|2\n")
        #expect(try await self.document("ca-compromise", place, command)["outcome"]?.text == "already")
    }

    @Test(
        "what a stopped issuer signed and nobody has begun to revoke shows in status and doctor; the next run does it"
    )
    func unrevoked() async throws {
        let place = try await CommandPlace.founded()
        let first = try await self.first(place)
        try await self.carryOut("ca-prepare", place, ["ca", "prepare", "--id", "B"])
        for verb in ["publish", "activate"] { try await self.carryOut("ca-step", place, ["ca", verb, "B"]) }
        // As a run leaves it that breaks off right behind the deed.
        _ = try await self.sql(place, "UPDATE issuer SET state = 'compromised', ended = deposed WHERE id = '\(first)'")
        let status = try await self.document("ca-status", place, ["ca", "status"])
        #expect(status["needsSomebody"] == .boolean(true))
        #expect(try await place.runHere("ca", "status").output.contains("nobody has begun to"))
        let doctor = try await place.runHere("doctor", "--only", "rotation")
        #expect(doctor.status == 1)
        #expect(doctor.output.contains("FAIL  rotation \(first)"), "\(doctor.output)")
        try await self.compromise(place, ["ca", "compromise", first, "--reason", "copied"])
        #expect(try await self.sql(place, "SELECT issuer_id, successor FROM compromise") == "\(first)|B\n")
        #expect(try await !place.runHere("ca", "status").output.contains("not revoked yet"))
        #expect(try await place.runHere("doctor", "--only", "rotation").status == 0)
    }

    @Test("a plan is void when an issuer has moved since; the difference names it")
    func stale() async throws {
        let place = try await CommandPlace.founded()
        try await self.carryOut("ca-prepare", place, ["ca", "prepare", "--id", "B"])
        let abort = ["ca", "abort", "B"]
        let plan = try #require(try await self.document("ca-step", place, abort)["plan"]?.text)
        try await self.carryOut("ca-step", place, ["ca", "publish", "B"])
        let refused = try await self.problem(place, abort + ["--commit", "--plan", plan], status: 4)
        #expect(refused["code"]?.text == "GH-CA-002")
        #expect(refused["details"]?["new"]?.text?.contains("B is issuing, published") == true)
        #expect(refused["details"]?["gone"]?.text?.contains("B is issuing, prepared") == true)
        #expect(try await self.states(place)["B"] == "published")
    }

    @Test("a root is followed by another one, with links between them, and an issuer below the new one")
    func root() async throws {
        let place = try await CommandPlace.founded()
        try await self.carryOut("ca-prepare", place, ["ca", "prepare", "--role", "root"])
        try await self.carryOut("ca-step", place, ["ca", "publish", "R2"])
        // Nobody is enrolled, so nobody is missing.
        try await self.carryOut("ca-step", place, ["ca", "activate", "R2"])
        #expect(try await self.states(place)["R1"] == "draining")
        let below = try await self.carryOut("ca-prepare", place, ["ca", "prepare", "--id", "B"])
        #expect(below["signedBy"]?.text == "R2")
        let held = try await self.problem(place, ["ca", "retire", "R1"], status: 4)
        #expect(held["details"]?["rule"]?.text == "rotation.in-use")
        #expect(held["details"]?["used by"]?.text?.hasPrefix("issuer ") == true)
        #expect(held["details"]?["try"]?.text?.contains("gatehouse ca retire") == true)
    }

    @Test(
        "where the listeners' certificate is what hangs on a former issuer, status has its end, and retire who replaces it"
    )
    func listeners() async throws {
        let place = try await CommandPlace.founded()
        let first = try await self.first(place)
        try await self.carryOut("ca-prepare", place, ["ca", "prepare", "--id", "B"])
        for verb in ["publish", "activate"] { try await self.carryOut("ca-step", place, ["ca", verb, "B"]) }
        let held = try await self.problem(place, ["ca", "retire", first], status: 4)
        let user = try #require(held["details"]?["used by"]?.text)
        let end = try #require(user.split(separator: " ").last)
        #expect(user.hasPrefix("server/"))
        #expect(held["details"]?["and"]?.text?.hasPrefix("gatehouse serve") == true)
        #expect(try await place.runHere("ca", "status").output.contains("the last ones until \(end)"))
    }

    @Test("publishing a root says which devices its links are of no use to, and is silent where they lead far enough")
    func shortLinks() async throws {
        let place = try await CommandPlace.founded()
        let command = ["ca", "publish", "R2"]
        try await self.carryOut("ca-prepare", place, ["ca", "prepare", "--role", "root"])
        #expect(try await self.document("ca-step", place, command)["warnings"]?.count == 0)
        try await self.carryOut("ca-step", place, ["ca", "abort", "R2"])

        // As roots were made before: one authority below them, and so none behind a link of theirs.
        try place.edit("profiles/root.json5", ("version: 2,", "version: 1,"), ("pathLength: 2,", "pathLength: 1,"))
        try await self.carryOut("ca-prepare", place, ["ca", "prepare", "--role", "root"])
        let new = try await self.carryOut("ca-step", place, ["ca", "publish", "R3"])
        let warning = try #require(new["warnings"]?[0]?.text)
        #expect(new["warnings"]?.count == 1)
        #expect(warning.hasPrefix("a device that trusts R3 alone cannot build a chain to what is signed below R1"))
        try await self.carryOut("ca-step", place, ["ca", "activate", "R3"])

        // Now it is the former root whose links are short: who has it alone has to adopt the next one first.
        try place.edit("profiles/root.json5", ("version: 1,", "version: 2,"), ("pathLength: 1,", "pathLength: 2,"))
        try await self.carryOut("ca-prepare", place, ["ca", "prepare", "--role", "root"])
        let rehearsed = try await self.document("ca-step", place, ["ca", "publish", "R4"])
        #expect(rehearsed["warnings"]?.count == 1)
        #expect(
            rehearsed["warnings"]?[0]?.text?.hasPrefix(
                "a device that trusts R3 alone cannot build a chain to what is signed below R4"
            ) == true
        )
        let screen = try await place.runHere("ca", "publish", "R4")
        #expect(screen.output.contains("! links            a device that trusts R3 alone"), "\(screen.output)")
        let plan = try #require(rehearsed["plan"]?.text)
        let done = try await place.runHere("ca", "publish", "R4", "--commit", "--plan", plan)
        #expect(done.output.contains("warning       a device that trusts R3 alone"), "\(done.output)")
        // Which is what the verifiers say, too.
        let activation = try await self.document("ca-step", place, ["ca", "activate", "R4"])
        #expect(activation["warnings"]?.count == 1)
    }

    @Test(
        "what is asked for wrongly is told before the store is opened",
        arguments: [
            ["ca", "drain", "X", "--commit"], ["ca", "drain", "X", "--hurry", "--never"], ["ca", "publish"],
            ["ca", "adoption", "X", "--after", "1"], ["ca", "compromise", "X"],
            ["ca", "compromise", "X", "--reason", "r", "--rate", "0"],
            ["ca", "activate", "X", "--despite-adoption", " "],
        ]
    )
    func usage(_ arguments: [String]) async throws {
        let place = try CommandPlace()
        let run = try await place.run(arguments)
        #expect(run.status == 2, "\(run.errors)")
        #expect(!run.errors.contains("GH-CONFIG"), "\(run.errors)")
    }
}
