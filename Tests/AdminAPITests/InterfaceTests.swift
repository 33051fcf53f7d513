import AdminAPI
import EnrollmentCore
import EnrollmentTestKit
import ServiceRuntime
import Testing

@Suite("The interface as a whole")
struct InterfaceTests {
    @Test("an unknown path is 404, a wrong method 405 with those that are right, and OPTIONS tells them")
    func wrong() async throws {
        let rig = try await Rig()
        for path in ["/", "/api/v1", "/api/v1/devices/", "/api/v1//devices", "/api/v2/devices", "/api/v1/devices/x/y"] {
            let answer = await rig.ask("GET", path)
            #expect(answer.status == 404, "\(path)")
            #expect(answer.problem == "not-found")
        }
        let refused = await rig.ask("DELETE", "/api/v1/devices")
        #expect(refused.status == 405)
        #expect(refused["Allow"] == "GET, HEAD, OPTIONS")
        let options = await rig.ask("OPTIONS", "/api/v1/destinations/mdm/replay")
        #expect(options.status == 204)
        #expect(options["Allow"] == "POST, OPTIONS")
        #expect(await rig.ask("HEAD", "/api/v1/devices").status == 200)
    }

    @Test("a body has to be JSON and no longer than it needs to be")
    func bodies() async throws {
        let rig = try await Rig()
        let path = "/api/v1/destinations/mdm/resume"
        var facts = Rig.Facts(fields: ["Authorization": [rig.bearer], "Content-Type": ["text/plain"]])
        #expect(await rig.answer(rig.request("POST", path, body: "{}", facts: facts)).problem == "unsupported-type")
        facts.fields["Content-Type"] = ["application/json; charset=utf-8"]
        let long = #"{"reason": ""# + String(repeating: "x", count: 70_000) + #""}"#
        #expect(await rig.answer(rig.request("POST", path, body: long, facts: facts)).problem == "too-large")
        let usual = rig.request("POST", path, body: #"{"reason": "x"}"#, facts: facts)
        #expect(await rig.answer(usual).status == 200)
    }

    @Test("a query is bounded, and what it means is said in plain words")
    func queries() async throws {
        let rig = try await Rig()
        let long = "user=" + String(repeating: "x", count: 2_100)
        #expect(await rig.ask("GET", "/api/v1/devices", query: long).problem == "bad-request")
        let unknown = await rig.ask("GET", "/api/v1/devices", query: "owner=kim")
        #expect((unknown.json?["detail"] as? String)?.contains("after, limit, user, state") == true)
    }

    @Test("a failure of the store is told to the log, and to the caller as much as helps")
    func failures() async throws {
        let rig = try await Rig()
        rig.ledger.set { $0.isAway = true }
        let facts = Rig.Facts(fields: ["Authorization": [rig.bearer]])
        let response = await rig.interface.answer(
            rig.request("GET", "/api/v1/devices", facts: facts),
            ending: .init()
        )
        #expect(response.status == 503)
        #expect(response.cause?.rule == "store.away")
        #expect(!Answer(response).text.contains("It is away."))
        #expect(Answer(response)["Retry-After"] == "5")
    }

    @Test(
        "text of any kind is a JSON string",
        arguments: ["", "a\"b\\c", "\u{0}\u{1f}\u{7f}\n\t", "Jörg 🦊", "\u{2028}"]
    )
    func texts(text: String) throws {
        var json = JSONText()
        json.object { json in
            json.member("text", text)
            json.member("none", optional: String?.none)
            json.member("list", array: [text, text]) { $0.value($1) }
            json.member("empty", array: [String]()) { $0.value($1) }
            json.member("inner") { $0.member("flag", true) }
        }
        let answer = Answer(APIResponse.json(json.octets))
        #expect(answer.json?["text"] as? String == text)
        #expect(answer.json?["list"] as? [String] == [text, text])
        #expect((answer.json?["inner"] as? [String: Any])?["flag"] as? Bool == true)
    }

    @Test(
        "moments are read as they are written",
        arguments: [
            ("2026-11-18T09:12:44Z", 1_794_993_164_000_000 as Int64), ("1970-01-01T00:00:00Z", 0),
            ("2024-02-29T23:59:59.000001Z", 1_709_251_199_000_001),
        ]
    )
    func moments(text: String, microseconds: Int64) {
        #expect(MomentText.read(text) == Timestamp(microseconds: microseconds))
        #expect(MomentText.read(text).map { "\($0)".dropLast() == text.prefix(19) } == true)
    }

    @Test(
        "and nothing else is",
        arguments: [
            "2026-11-18", "2026-11-18T09:12:44", "2026-11-18T09:12:44+01:00", "2023-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-11-31T00:00:00Z", "2026-11-18T24:00:00Z",
            "2026-11-18T09:12:60Z", "2026-11-18 09:12:44Z", "2026-11-18T09:12:44.Z", "2026-11-18T09:12:44.1234567Z",
            "1969-12-31T23:59:59Z", "x026-11-18T09:12:44Z", "",
        ]
    )
    func noMoments(text: String) {
        #expect(MomentText.read(text) == nil)
    }
}
