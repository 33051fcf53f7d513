import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing

@Suite("The admin interface", .timeLimit(.minutes(25)))
struct AdminInterfaceTests {
    /// Tests ask often until a token counts.
    private static let settings = Place.Settings(more: "admin: { failuresPerMinute: 100000 },", tellsStatus: true)

    private static func digest(of device: DeviceIdentity, at place: Place) async throws -> String {
        let file = try place.keep(device.certificate, as: "\(UUID().uuidString).der")
        let outcome = try await ExternalCommand.run("sha256sum", [file])
        return String(outcome.output.prefix(64))
    }

    @Test(
        "a management server asks whose a certificate is, and says that its device was seen",
        arguments: StoreKind.allCases
    )
    func life(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(Self.settings, on: store) { gatehouse in
            let place = gatehouse.place
            let client = try await gatehouse.client("identities:read", "contacts:write", "devices:read")
            let device = try await gatehouse.device(of: "kim")
            let digest = try await Self.digest(of: device, at: place)

            let identity = try await client.get("/api/v1/identities/\(digest)").json
            #expect(identity["identity"] == .string("current"))
            #expect(identity["device"]?["user"] == .string("kim@corp.example"))
            #expect(identity["certificate"]?["issuer"]?.text?.isEmpty == false)
            let id = try #require(identity["device"]?["id"]?.text)

            let silent = try await client.get("/api/v1/silent?minutes=1").json
            #expect(silent["devices"]?.count == 0)
            let contact = try await client.post("/api/v1/identities/\(digest)/contact")
            #expect(contact.status == 200, "\(contact)")
            #expect(try contact.json["first"] == .boolean(true))
            #expect(try contact.json["device"] == .string(id))
            #expect(try await client.post("/api/v1/identities/\(digest)/contact").json["first"] == .boolean(false))
            #expect(try await client.get("/api/v1/devices/\(id)").json["device"]?["state"] == .string("active"))
            let list = try await client.get("/api/v1/devices?user=kim@corp.example&limit=1").json
            #expect(list["devices"]?[0]?["id"] == .string(id))

            _ = try await place.command(["device", "retire", id, "--reason", "a test"])
            try await gatehouse.wait("revoked") {
                try await client.get("/api/v1/identities/\(digest)").json["identity"] == .string("revoked")
            }
            #expect(try await client.post("/api/v1/identities/\(digest)/contact").status == 409)
            let unknown = String(repeating: "0", count: 64)
            #expect(try await client.post("/api/v1/identities/\(unknown)/contact").status == 404)
            #expect(try await client.get("/api/v1/identities/\(unknown)").json["identity"] == .string("unknown"))
            let figures = try await gatehouse.figures("gatehouse_identity_answers_total")
            #expect(figures.values.reduce(0, +) > 0)
        }
    }

    @Test("tokens open what they are for until they are revoked; their secrets are shown once and kept nowhere")
    func tokens() async throws {
        try await RunningGatehouse.serve(Self.settings) { gatehouse in
            let place = gatehouse.place
            let made = try await place.document(
                "token",
                ["token", "create", "web", "--scope", "identities:read", "--owner", "web team"]
            )
            let secret = try #require(made["secret"]?.text)
            let client = AdminClient(gatehouse: gatehouse, token: secret)
            let path = "/api/v1/identities/\(String(repeating: "a", count: 64))"
            try await gatehouse.wait("the token counts") { try await client.get(path).status == 200 }
            #expect(try await client.get("/api/v1/devices").status == 403)

            let again = try await place.problem(
                ["token", "create", "web", "--scope", "events:read", "--owner", "web team"],
                status: 4
            )
            #expect(again["code"]?.text == "GH-TOKEN-001")
            let list = try await place.document("token-list", ["token", "list"])
            #expect(list["tokens"]?[0]?["standing"] == .string("valid"))
            #expect(list["tokens"]?[0]?["scopes"] == .array([.string("identities:read")]))
            try await gatehouse.wait("its use is noted") {
                try await place.document("token-list", ["token", "list"])["tokens"]?[0]?["lastUsed"]?.text != nil
            }

            let ended = try await place.document("token-revocation", ["token", "revoke", "web", "--reason", "a test"])
            #expect(ended["new"] == .boolean(true))
            try await gatehouse.wait("the token is dead") { try await client.get(path).status == 401 }
            let id = try #require(made["token"]?["id"]?.text)
            let twice = try await place.document("token-revocation", ["token", "revoke", id, "--reason", "again"])
            #expect(twice["new"] == .boolean(false))
            #expect(try await place.problem(["token", "revoke", "web", "--reason", "x"], status: 3)["code"] != nil)

            let trace = try #require(made["act"]?["trace"]?.text)
            let act = try await place.document("act", ["attempt", "show", trace])
            #expect(act["act"]?["act"]?["verb"] == .string("create-token"))
            let tail = try #require(secret.split(separator: "_").last)
            #expect(!(gatehouse.log + "\(list)").contains(tail))
            #expect(try await place.storedOctets().range(of: Data(tail.utf8)) == nil)
        }
    }

    @Test("a client is let in by a certificate that the configuration names, and a reload takes it away")
    func clients() async throws {
        try await RunningGatehouse.serve(Self.settings) { gatehouse in
            let place = gatehouse.place
            let pair = try await place.selfSigned("mdm-1")
            let client = AdminClient(gatehouse: gatehouse, certificate: pair)
            #expect(try await client.get("/api/v1/devices").status == 401)
            var settings = Self.settings
            settings.more = """
                admin: { failuresPerMinute: 100000, clients: [{ name: "mdm-1", certificate: "\(pair.certificate)", scopes: ["devices:read"] }] },
                """
            try await gatehouse.reload(settings)
            #expect(try await client.get("/api/v1/devices").status == 200)
            #expect(try await client.get("/api/v1/destinations").status == 403)
            let other = AdminClient(gatehouse: gatehouse, certificate: try await place.selfSigned("mdm-1"))
            #expect(try await other.get("/api/v1/devices").status == 401)
            try await gatehouse.reload(Self.settings)
            #expect(try await client.get("/api/v1/devices").status == 401)
        }
    }

    @Test("the service's end ends a wait for events with an answer")
    func shutdown() async throws {
        try await RunningGatehouse.serve(Self.settings) { gatehouse in
            let client = try await gatehouse.client("events:read", "devices:read")
            let file = gatehouse.place.folder.appending(path: "waiting.txt").path
            let process = try FixtureProcess(
                ["curl"] + client.arguments("/api/v1/events?wait=60", []),
                outputFile: file
            )
            // The connection is there before it is in the log; what counts is that the end comes in either case.
            try await Task.sleep(for: .milliseconds(500))
            #expect(try await gatehouse.stop() == 0)
            #expect(process.wait() == 0)
            #expect(try CurlAnswer(String(contentsOfFile: file, encoding: .utf8)).status == 200)
        }
    }

    @Test("anything else is a problem with a type that stays, and the description is there for everybody")
    func problems() async throws {
        try await RunningGatehouse.serve(Self.settings) { gatehouse in
            let client = AdminClient(gatehouse: gatehouse)
            for (path, more, status) in [
                ("/", [], 404), ("/api/v1/devices", [], 401), ("/api/v1/devices", ["-X", "DELETE"], 405),
                ("/api/v1/nothing", ["-I"], 404), ("/api/v1/identities/%2e%2e", ["--path-as-is"], 400),
            ] as [(String, [String], Int)] {
                #expect(try await client.ask(path, more).status == status, "\(path)")
            }
            let problem = try await client.get("/api/v1/devices")
            #expect(problem.headers["content-type"] == "application/problem+json")
            #expect(problem.headers["cache-control"] == "no-store")
            #expect(try problem.json["type"] == .string("urn:gatehouse:problem:unauthenticated"))
            #expect(try await client.get("/api/v1/openapi.json").json["openapi"] == .string("3.1.0"))
            #expect(try await client.get("/livez").body == "alive\n")
            #expect(try await client.get("/readyz/reading").status == 200)
            #expect(try await client.ask("/api/v1/devices", ["-X", "OPTIONS"]).status == 204)
        }
    }
}
