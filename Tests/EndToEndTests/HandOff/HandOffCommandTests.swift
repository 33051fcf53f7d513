import DeviceSimulator
import EnrollmentCore
import EnrollmentTestKit
import Foundation
import Ledger
import Logging
import Testing

@Suite("The commands of the hand-off", .timeLimit(.minutes(25)))
struct HandOffCommandTests {
    private static let destination = "fleet-eu"

    /// Three events of two devices, all told to a destination that then said it was gone; the first of them in vain.
    ///
    /// Where the second device renews there are more.
    private static func tell(
        _ gatehouse: RunningGatehouse,
        renewing: Bool = false
    ) async throws -> (kim: String, lee: String) {
        let place = gatehouse.place
        let kim = try await gatehouse.device(of: "kim")
        let lee = try await gatehouse.device(of: "lee")
        if renewing { _ = try await gatehouse.renew(lee) }
        let held = try await place.run(["device", "hold", kim.entDMID, "--reason", "lost"])
        #expect(held.status == 0, "\(held.errors)")
        #expect(try await gatehouse.stop() == 0)
        let ledger = try await SQLiteLedger.open(
            LedgerSettings(path: place.database),
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        )
        _ = try await ledger.placeEvents(limit: 100)
        let range = try #require(try await ledger.feedExtent().kept)
        let now = Timestamp(seconds: Int64(Date().timeIntervalSince1970))
        _ = try await ledger.destination(Self.destination)
        #expect(try await ledger.takeDestination(Self.destination, holder: "test", for: 60))
        let first = try #require(try await ledger.events(at: [range.lowerBound]).first)
        let isRecorded = try await ledger.record(
            DeliveryReport(
                destination: Self.destination,
                holder: "test",
                cursor: range.upperBound,
                open: [
                    Delivery(
                        position: first.position,
                        device: first.event.device,
                        state: .dead,
                        attempts: 12,
                        since: now.adding(days: -3),
                        nextTry: now,
                        lastError: "status 422"
                    )
                ],
                settled: [],
                handedOff: [],
                standing: DeliveryReport.Change(state: .stopped, lastError: "status 410", lastDelivered: now),
                now: now
            )
        )
        #expect(isRecorded)
        try await ledger.leaveDestination(Self.destination, holder: "test")
        await ledger.close()
        return (kim.entDMID, lee.entDMID)
    }

    /// Names the destination in the configuration, with what it takes.
    private static func configure(_ place: Place, _ members: String) throws {
        let secret = try place.keep(
            secret: "whsec_\(Data(repeating: 7, count: 32).base64EncodedString())",
            as: "webhook"
        )
        let destination =
            "name: \"\(Self.destination)\", url: \"https://mdm.example/events\", secrets: [{ file: \"\(secret)\" }]"
        let text = try String(contentsOf: place.configuration, encoding: .utf8)
        let section = "handOff: { destinations: [{ \(destination), \(members) }] }, management: {"
        try place.write(text.replacingOccurrences(of: "management: {", with: section))
    }

    @Test("show where destinations stand, list events, and send them again")
    func replays() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            let none = try await place.document("handoff-status", ["handoff", "status", "--exit-code"])
            #expect(none["destinations"]?.count == 0)
            _ = try await place.document(
                "problem",
                ["handoff", "resume", Self.destination, "--reason", "moved"],
                status: 3
            )
            let devices = try await Self.tell(gatehouse)

            let status = try await place.document("handoff-status", ["handoff", "status", "--exit-code"], status: 1)
            #expect(status["destinations"]?[0]?["state"]?.text == "stopped")
            #expect(status["destinations"]?[0]?["dead"] == .number(1))
            #expect(status["destinations"]?[0]?["behind"] == .number(0))
            let screen = try await place.run(["handoff", "status"])
            #expect(screen.status == 0)
            #expect(screen.output.contains("gatehouse handoff resume \(Self.destination)"), "\(screen.output)")
            #expect(screen.output.contains("status 410"))

            let events = try await place.document("handoff-list", ["handoff", "list", "--from", "1h"])
            #expect(events["events"]?.count == 3)
            #expect(events["events"]?[0]?["kind"]?.text == "held")
            let earlier = try await place.document("handoff-list", ["handoff", "list", "--until", "1h"])
            #expect(earlier["events"]?.count == 0)
            let ofKim = try await place.document("handoff-list", ["handoff", "list", "--device", devices.kim])
            #expect(ofKim["events"]?.count == 2)
            let held = try await place.document("handoff-list", ["handoff", "list", "--kind", "held"])
            let heldID = try #require(held["events"]?[0]?["id"]?.text)
            let dead = try await place.document("handoff-deliveries", ["handoff", "list", "--dead"])
            #expect(dead["deliveries"]?[0]?["lastError"]?.text == "status 422")
            #expect(dead["deliveries"]?[0]?["event"]?["kind"]?.text == "enrolled")
            let silent = try await place.document("handoff-silent", ["handoff", "list", "--silent", "--minutes", "60"])
            #expect(silent["devices"]?.count == 0)

            let order = ["--reason", "was restored", "--ticket", "INC0048812"]
            let replay = ["handoff", "replay", Self.destination]
            let one = try await place.document("handoff-replay", replay + ["--id", heldID] + order)
            #expect(one["outcome"]?.text == "done")
            #expect(one["replayed"] == .number(1))
            #expect(one["acts"]?[0]?["ticket"]?.text == "INC0048812")
            let trace = try #require(one["acts"]?[0]?["trace"]?.text)
            let act = try await place.document("act", ["attempt", "show", trace])
            #expect(act["act"]?["act"]?["verb"]?.text == "replay")

            let rehearsal = try await place.document("handoff-replay", replay + ["--all"] + order)
            #expect(rehearsal["outcome"]?.text == "rehearsed")
            #expect(rehearsal["events"] == .number(3))
            #expect(rehearsal["devices"] == .number(2))
            let words = try await place.run(replay + ["--all"] + order)
            #expect(words.output.contains("Rehearsal. Nothing will be changed."))
            #expect(words.output.contains("--all --reason 'was restored' --ticket INC0048812"), "\(words.output)")
            let waiting = ["handoff", "list", "--waiting", "--destination", Self.destination]
            #expect(try await place.document("handoff-deliveries", waiting)["deliveries"]?.count == 1)
            let revived = try await place.document("handoff-replay", replay + ["--dead"] + order)
            #expect(revived["replayed"] == .number(1))
            _ = try await place.document("problem", replay + ["--dead"] + order, status: 3)
            let all = try await place.document("handoff-replay", replay + ["--all", "--commit"] + order)
            #expect(all["replayed"] == .number(3))
            #expect(try await place.document("handoff-deliveries", waiting)["deliveries"]?.count == 3)

            try Self.configure(place, "events: [\"enrolled\"]")
            let fewer = try await place.document("handoff-replay", replay + ["--all"] + order)
            #expect(fewer["events"] == .number(2))
            #expect(fewer["leftOut"] == .number(1))
            let taken = try await place.document("handoff-replay", replay + ["--all", "--commit"] + order)
            #expect(taken["replayed"] == .number(2))
            _ = try await place.document("problem", replay + ["--id", heldID] + order, status: 3)

            let resume = ["handoff", "resume", Self.destination, "--reason", "moved back"]
            #expect(try await place.document("handoff-resume", resume)["outcome"]?.text == "done")
            #expect(try await place.document("handoff-resume", resume)["outcome"]?.text == "already")
        }
    }

    private static let misuses = [
        ["replay", "fleet-eu", "--reason", "x"], ["replay", "fleet-eu", "--all", "--dead", "--reason", "x"],
        ["replay", "fleet-eu", "--from", "2026-02-30", "--reason", "x"],
        ["replay", "fleet-eu", "--from", "2026-11-20", "--until", "2026-11-19", "--reason", "x"],
        ["replay", "fleet-eu", "--device", "6b1f0f0e", "--reason", "x"], ["list", "--dead", "--waiting"],
        ["list", "--silent", "--minutes", "0"], ["list", "--dead", "--kind", "held"], ["list", "--kind", "lost"],
        ["reconcile", "--file", "nowhere.jsonl"], ["reconcile", "--file", "x", "--commit"],
        ["reconcile", "--file", "x", "--reason", "y"], ["reconcile"],
        ["reconcile", "--file", "x", "--url", "https://y"],
        ["reconcile", "--file", "x", "--token-file", "y"], ["reconcile", "--url", "http://mdm.corp.example/list"],
        ["reconcile", "--url", "http://127.0.0.1:@mdm.corp.example/list"],
        ["reconcile", "--url", "http://localhost:80@mdm.corp.example/list"],
        ["reconcile", "--url", "http://127.0.0.1.corp.example/list"],
        ["reconcile", "--url", "https://kim:secret@mdm.corp.example/list"],
    ]

    @Test("refuse what they cannot make sense of")
    func misuse() async throws {
        let place = try await CommandPlace.founded()
        for arguments in Self.misuses {
            let run = try await place.run(["handoff"] + arguments + ["--json", "--config", place.configuration])
            #expect(run.status == 2, "\(arguments): \(run.errors)")
            #expect(try DocumentSchema("problem").findings(in: JSONDocument(parsing: run.output)).isEmpty)
        }
    }

    @Test("compare ledger, directory and a management server's list, and send what it lacks")
    func reconciles() async throws {
        try await RunningGatehouse.serve(.renewable) { gatehouse in
            let place = gatehouse.place
            let devices = try await Self.tell(gatehouse, renewing: true)
            let shown = try await place.document("device", ["device", "show", devices.kim])
            let sha256 = try #require(shown["certificates"]?[0]?["sha256"]?.text)
            let stranger = "6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1"
            let export = """
                \u{FEFF}{"sha256": "\(sha256.uppercased())", "user": "SAM@corp.example", "shoeSize": [43]}

                {"device": "\(stranger)", "lastSeen": "2026-01-02T03:04:05.678+01:00"}
                {"device": "\(devices.kim)", "sha256": "\(String(repeating: "0a", count: 32))", "lastSeen": 1767323045}
                """
            let file = place.folder.appending(path: "export.jsonl").path
            try Data(export.utf8).write(to: URL(filePath: file))
            let compare = ["handoff", "reconcile", "--file", file, "--grace", "0"]
            let found = try await place.document("handoff-reconcile", compare + ["--exit-code"], status: 1)
            // What a screen proposes is what it has shown.
            let proposal = try await place.run(compare)
            #expect(proposal.output.contains("--grace 0"), "\(proposal.output)")
            let lenient = try await place.run(["handoff", "reconcile", "--file", file])
            #expect(lenient.output.contains("15 minutes ago or less are not missed yet"), "\(lenient.output)")
            #expect(found["live"] == .number(2))
            #expect(found["told"] == .number(3))
            #expect(found["asked"] == .number(2))
            let counts = try #require(found["counts"])
            let expected = ["missing", "unknown", "other-certificate", "other-user", "repeated"]
            for kind in expected { #expect(counts[kind] == .number(1), "\(kind)") }
            for kind in ["ended", "elsewhere", "user-gone", "user-disabled", "silent"] {
                #expect(counts[kind] == .number(0), "\(kind)")
            }
            guard case .array(let findings)? = found["findings"] else {
                Issue.record("no findings")
                return
            }
            let missing = try #require(findings.first { $0["kind"]?.text == "missing" })
            #expect(missing["device"]?.text == devices.lee)
            #expect(
                missing["mend"]?.text?.hasPrefix("gatehouse handoff replay fleet-eu --device \(devices.lee)") == true
            )
            #expect(findings.first { $0["kind"]?.text == "unknown" }?["device"]?.text == stranger)
            #expect(found["sent"] == .null)

            let screen = try await place.run(compare + ["--skip-directory"])
            #expect(screen.status == 0)
            #expect(screen.output.contains("Nothing was changed. To send what is missing:"), "\(screen.output)")

            let sent = try await place.document(
                "handoff-reconcile",
                compare + ["--skip-directory", "--commit", "--reason", "restored"]
            )
            // The enrollment, which alone brings an account, and the renewal.
            #expect(sent["sent"]?["events"] == .number(2))
            #expect(sent["sent"]?["forgotten"]?.count == 0)
            let waiting = try await place.document("handoff-deliveries", ["handoff", "list", "--waiting"])
            for (number, kind) in ["enrolled", "renewed"].enumerated() {
                #expect(waiting["deliveries"]?[number]?["event"]?["device"]?.text == devices.lee)
                #expect(waiting["deliveries"]?[number]?["event"]?["kind"]?.text == kind)
            }
        }
    }

    private static let unreadable = [
        ("{\"device\": \"x\"}", 1), ("\n{\"deviceId\": \"a\"}\nnonsense\n", 3), ("[]", 1), ("{}", 1),
        ("{\"deviceId\": 1}", 1), ("{\"deviceId\": \"a\", \"lastSeen\": \"today\"}", 1), ("{\"sha256\": \"0a\"}", 1),
        ("{\"deviceId\": \"a\"} {}", 1),
    ]

    @Test("miss a device from before there were several accounts at the standard account's server")
    func formerDevices() async throws {
        let sink = try await EventSink()
        var settings = Place.Settings.renewable
        settings.more += try sink.section(in: sink.folder, more: "providers: [\"Gatehouse\"],")
        try await RunningGatehouse.serve(settings) { gatehouse in
            let place = gatehouse.place
            _ = try await gatehouse.device(of: "kim")
            let telling = Telling(gatehouse, sink)
            try await gatehouse.wait("it is told") { try await telling.isComplete() }
            try await place.query("UPDATE device SET provider = ''")
            try await place.query("UPDATE outbox SET provider = NULL")
            let file = place.folder.appending(path: "empty.jsonl").path
            try Data().write(to: URL(filePath: file))
            let found = try await place.document(
                "handoff-reconcile",
                ["handoff", "reconcile", "--file", file, "--grace", "0", "--skip-directory"]
            )
            #expect(found["counts"]?["missing"] == .number(1))
            #expect(found["counts"]?["elsewhere"] == .number(0))
        }
    }

    @Test("name the line of a list that cannot be read")
    func unreadable() async throws {
        let place = try await CommandPlace.founded()
        for (export, line) in Self.unreadable {
            try place.write(export, to: "export.jsonl")
            let file = place.path("export.jsonl")
            let run = try await place.runHere("handoff", "reconcile", "--file", file, "--skip-directory")
            #expect(run.status == 2)
            #expect(run.errors.contains("export.jsonl, line \(line), "), "\(export): \(run.errors)")
        }
    }

    @Test("fetch a list, with a token, and say when the server does not give it")
    func fetches() async throws {
        let place = try await CommandPlace.founded()
        try place.write("t0ken\n", to: "token.txt")
        try place.write(Self.listServer, to: "server.py")
        let output = place.path("port")
        let server = try FixtureProcess(["python3", place.path("server.py")], outputFile: output)
        defer { server.kill() }
        let port = try server.firstLine(of: output)
        let url = "http://127.0.0.1:\(port)/list?secret=1"
        let common = [
            "handoff", "reconcile", "--skip-directory", "--json", "--config", place.configuration, "--url", url,
        ]
        let run = try await place.run(common + ["--token-file", place.path("token.txt")])
        #expect(run.status == 0, "\(run.errors)")
        let document = try JSONDocument(parsing: run.output)
        #expect(document["told"] == .number(30_000))
        #expect(document["counts"]?["unknown"] == .number(30_000))
        #expect(document["source"]?.text == "http://127.0.0.1:\(port)/list")
        let refused = try await place.run(common)
        #expect(refused.status == 5)
        #expect(refused.errors.contains("status 401"))
        #expect(!refused.errors.contains("secret=1"))
    }

    /// Gives a list of 30 000 devices to whoever has the token.
    private static let listServer = """
        import json
        from http.server import BaseHTTPRequestHandler, HTTPServer

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                allowed = self.headers["authorization"] == "Bearer t0ken"
                self.send_response(200 if allowed else 401)
                self.end_headers()
                if allowed:
                    for number in range(30000):
                        self.wfile.write(json.dumps({"deviceId": f"client-{number}"}).encode() + b"\\n")

            def log_message(self, *arguments):
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        print(server.server_address[1], flush=True)
        server.serve_forever()
        """

    @Test("read a list from standard input, and agree on an empty fleet")
    func standardInput() async throws {
        let place = try await CommandPlace.founded()
        let outcome = try await ExternalCommand.run(
            CommandPlace.binary,
            [
                "handoff", "reconcile", "--file", "-", "--skip-directory", "--exit-code", "--config",
                place.configuration,
            ],
            input: "\n"
        )
        #expect(outcome.status == 0, "\(outcome.output)")
        #expect(outcome.output.contains("They agree."))
    }
}
