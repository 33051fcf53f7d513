import AdminAPI
import EnrollmentCore
import EnrollmentTestKit
import Synchronization
import Testing

@Suite("Devices, contacts and destinations over the interface")
struct OperatorRoutesTests {
    private func contact(_ rig: Rig) async -> Answer {
        await rig.ask("POST", "/api/v1/identities/\(Hexadecimal.encode(Sample.thumbprint(1)))/contact")
    }

    @Test("a contact is noted as the management server's, and the answer says what it came to")
    func contacts() async throws {
        let rig = try await Rig()
        #expect(await self.contact(rig).status == 404)
        rig.ledger.set { $0.contactOutcome = .noted(device: Sample.deviceID(1), isFirst: true) }
        let noted = await self.contact(rig)
        #expect(noted.status == 200)
        #expect(noted.json?["first"] as? Bool == true)
        #expect(noted.json?["device"] as? String == "\(Sample.deviceID(1))")
        rig.ledger.set { $0.contactOutcome = .notCurrent(device: Sample.deviceID(1)) }
        let refused = await self.contact(rig)
        #expect(refused.status == 409)
        #expect(refused.json?["device"] as? String == "\(Sample.deviceID(1))")
        let seen = rig.ledger.state.withLock { $0.contacts }
        #expect(seen.count == 3)
        #expect(seen.allSatisfy { $0.witness == .managementServer && $0.thumbprint == Sample.thumbprint(1) })
    }

    @Test("devices are listed page by page, by user and by state")
    func devices() async throws {
        let rig = try await Rig()
        rig.ledger.set { $0.devices = (1...5).map { Sample.device($0, state: $0 == 5 ? .held : .active) } }
        var names: [String] = []
        var query: String? = "limit=2&state=active"
        while let asked = query {
            let answer = await rig.ask("GET", "/api/v1/devices", query: asked)
            names += (answer.json?["devices"] as? [[String: Any]])?.compactMap { $0["name"] as? String } ?? []
            let link = answer["Link"]
            #expect((link == nil) == (answer.json?["next"] is String == false))
            query = link.flatMap { $0.split(separator: "?").last?.split(separator: ">").first.map(String.init) }
        }
        #expect(names == (1...4).map { "DESKTOP-\($0)" })
        let own = await rig.ask("GET", "/api/v1/devices", query: "user=user3%40corp.example")
        #expect((own.json?["devices"] as? [[String: Any]])?.count == 1)
        let none = await rig.ask("GET", "/api/v1/devices", query: "user=nobody")
        #expect((none.json?["devices"] as? [[String: Any]])?.isEmpty == true)
        for query in ["state=gone", "after=broken", "userId=1"] {
            #expect(await rig.ask("GET", "/api/v1/devices", query: query).status == 400, "\(query)")
        }
        #expect(await rig.ask("GET", "/api/v1/devices/\(Sample.deviceID(2))").status == 200)
        #expect(await rig.ask("GET", "/api/v1/devices/\(Sample.deviceID(99))").status == 404)
        #expect(await rig.ask("GET", "/api/v1/devices/x").status == 400)
    }

    @Test("silent devices are those of the configured time, or of the time asked for")
    func silent() async throws {
        let rig = try await Rig()
        rig.ledger.set { state in
            state.silent = [
                SilentDevice(device: Sample.device(1), issued: Sample.now.adding(seconds: -7_200), isTold: true),
                SilentDevice(device: Sample.device(2), issued: Sample.now.adding(seconds: -600), isTold: false),
            ]
        }
        let usual = await rig.ask("GET", "/api/v1/silent")
        #expect((usual.json?["devices"] as? [[String: Any]])?.compactMap { $0["told"] as? Bool } == [true])
        #expect(usual["Link"] == "</api/v1/silent?after=k%201>; rel=\"next\"")
        let soon = await rig.ask("GET", "/api/v1/silent", query: "minutes=5")
        #expect((soon.json?["devices"] as? [[String: Any]])?.count == 2)
    }

    @Test("destinations are those that are configured and those that once were")
    func destinations() async throws {
        let rig = try await Rig()
        rig.ledger.set { $0.standings = [Sample.standing("old")] }
        let answer = await rig.ask("GET", "/api/v1/destinations")
        let list = try #require(answer.json?["destinations"] as? [[String: Any]])
        #expect(list.compactMap { $0["name"] as? String } == ["mdm", "old"])
        #expect(list.compactMap { $0["configured"] as? Bool } == [true, false])
        #expect(list.compactMap { $0["dead"] as? Int } == [0, 1])
        #expect(list.first?["state"] as? String == "active")
        // Asking makes nothing of it.
        #expect(rig.ledger.state.withLock { $0.standings.map(\.name) } == ["old"])
    }

    @Test("a replay is ordered in the caller's name with a reason, and is never of everything by accident")
    func replay() async throws {
        let rig = try await Rig()
        let path = "/api/v1/destinations/mdm/replay"
        let id = "\(Sample.deviceID(1))"
        let body = """
            {"reason": "receiver lost its disk", "ticket": "INC1", "kinds": ["enrolled"], "ids": ["\(id)"],
             "from": "2026-11-18T09:12:44Z", "until": "2026-11-18T09:12:44.5Z"}
            """
        let answer = await rig.ask("POST", path, body: body)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json?["events"] as? Int == 7)
        let (selection, name, act) = try #require(rig.ledger.state.withLock { $0.replays.first })
        #expect(name == "mdm")
        #expect(selection.ids == [Sample.deviceID(1)])
        #expect(selection.kinds == [.enrolled])
        #expect(selection.from == Timestamp(seconds: 1_794_993_164))
        #expect(selection.until == Timestamp(microseconds: 1_794_993_164_500_000))
        #expect(act.verb == .replay)
        #expect(act.actor == "token token-100")
        #expect(act.reason == "receiver lost its disk")
        #expect(answer.json?["trace"] as? String == "\(act.traceID)")

        for body in [
            #"{"reason": "x"}"#, #"{"reason": "x", "kinds": ["enrolled"]}"#, #"{"from": "2026-11-18T09:12:44Z"}"#,
            #"{"reason": " ", "from": "2026-11-18T09:12:44Z"}"#, #"{"reason": "x", "from": "yesterday"}"#,
            #"{"reason": "x", "from": "2026-11-18T09:12:44Z", "all": true}"#, "[]", "{",
            #"{"reason": "x", "ids": ["1"]}"#,
        ] {
            let answer = await rig.ask("POST", path, body: body)
            #expect(answer.problem == "bad-request", "\(body)")
        }
        let elsewhere = await rig.ask(
            "POST",
            "/api/v1/destinations/nowhere/replay",
            body: #"{"reason": "x", "from": "2026-11-18T09:12:44Z"}"#
        )
        #expect(elsewhere.status == 404)
        #expect(rig.ledger.state.withLock { $0.replays.count } == 1)
    }

    @Test("a destination is resumed with a reason and nothing else")
    func resume() async throws {
        let rig = try await Rig()
        let path = "/api/v1/destinations/mdm/resume"
        #expect(await rig.ask("POST", path, body: #"{"reason": "mended"}"#).json?["wasStopped"] as? Bool == true)
        #expect(await rig.ask("POST", path, body: #"{"reason": "mended", "from": "now"}"#).status == 400)
        #expect(rig.ledger.state.withLock { $0.resumed.first?.1.verb } == .resumeDestination)
    }
}
