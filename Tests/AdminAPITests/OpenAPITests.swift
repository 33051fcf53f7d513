import AdminAPI
import EnrollmentCore
import EnrollmentTestKit
import Foundation
import Testing

@Suite("The OpenAPI document")
struct OpenAPITests {
    private static func document(_ rig: Rig) async throws -> OpenAPIDocument {
        let answer = await rig.answer(rig.request("GET", "/api/v1/openapi.json", facts: Rig.Facts()))
        #expect(answer.status == 200)
        #expect(answer["Content-Type"] == "application/json")
        return try OpenAPIDocument(answer.text)
    }

    @Test("describes every route and no other one: paths, methods, names, parameters, bodies and scopes")
    func routes() async throws {
        let rig = try await Rig()
        let operations = try await Self.document(rig).operations
        let routes = rig.interface.table.routes
        #expect(Set(operations.map(\.id)) == Set(routes.map(\.operationID)))
        #expect(operations.count == routes.count)
        for route in routes {
            let operation = try #require(operations.first { $0.id == route.operationID })
            let path = route.path.text.replacing("/*", with: "/{path}")
            #expect(operation.path == path)
            #expect(operation.method == route.method, "\(path)")
            #expect(operation.takesBody == route.takesBody, "\(path)")
            #expect(operation.parameters == Set(route.parameters ?? []), "\(path)")
            switch route.access {
            case .open: #expect(operation.ways.isEmpty, "\(path)")
            case .scope(let scope):
                #expect(operation.ways == [["token"], ["clientCertificate"]], "\(path)")
                #expect(operation.scopes == [[scope.rawValue], [scope.rawValue]], "\(path)")
            case .verifier(let scope):
                #expect(operation.ways == [["token"], ["clientCertificate"], []], "\(path)")
                #expect(operation.scopes == [[scope.rawValue], [scope.rawValue], []], "\(path)")
            }
        }
    }

    @Test("describes the kinds of events, and every problem that there is")
    func words() async throws {
        let document = try await Self.document(try await Rig())
        let schemas = (document.root["components"] as? [String: Any])?["schemas"] as? [String: [String: Any]]
        let order = schemas?["ReplayOrder"]?["properties"] as? [String: [String: Any]]
        let kinds = (order?["kinds"]?["items"] as? [String: Any])?["enum"] as? [String]
        #expect(Set(kinds ?? []) == Set(HandOffEvent.Kind.allCases.map(\.rawValue)))
        let identity =
            (schemas?["Identity"]?["properties"] as? [String: [String: Any]])?["identity"]?["enum"] as? [String]
        #expect(Set(identity ?? []) == Set(IdentityVerdict.allCases.map(\.rawValue)))
        for kind in Problem.Kind.allCases {
            #expect(kind.type.firstMatch(of: /^urn:gatehouse:problem:[a-z-]+$/) != nil)
            #expect((400...599).contains(kind.status))
        }
    }

    @Test("describes for every operation what any other refusal looks like")
    func refusals() async throws {
        for operation in try await Self.document(try await Rig()).operations {
            let content = operation.responses["default"]?["content"] as? [String: [String: Any]]
            let schema = content?["application/problem+json"]?["schema"] as? [String: Any]
            #expect(schema?["$ref"] as? String == "#/components/schemas/Problem", "\(operation.id)")
        }
    }

    @Test("its schemas are those of real answers, refusals among them")
    func answers() async throws {
        let rig = try await Rig()
        let document = try await Self.document(rig)
        rig.ledger.set { state in
            state.identities[Sample.thumbprint(1)] = Sample.identity(1)
            state.identities[Sample.thumbprint(2)] = Sample.identity(2, state: .revoked, reason: .keyCompromise)
            state.devices = (1...3).map { Sample.device($0) }
            state.events = (5...7).map { Sample.event($0) }
            state.standings = [Sample.standing("old")]
            state.silent = [SilentDevice(device: Sample.device(1), issued: Sample.now.adding(days: -1), isTold: true)]
            state.contactOutcome = .noted(device: Sample.deviceID(1), isFirst: false)
        }
        let identities = "/api/v1/identities"
        let reason = #"{"reason": "x", "from": "2026-11-18T09:12:44Z"}"#
        func digest(_ number: UInt8) -> String { Hexadecimal.encode(Sample.thumbprint(number)) }
        let questions: [(String, String, String, String?, String, Int)] = [
            ("getIdentity", "GET", "\(identities)/\(digest(1))", nil, "", 200),
            ("getIdentity", "GET", "\(identities)/\(digest(2))", nil, "", 200),
            ("getIdentity", "GET", "\(identities)/\(digest(3))", nil, "", 200),
            ("getIdentity", "GET", "\(identities)/x", nil, "", 400),
            ("confirmContact", "POST", "\(identities)/\(digest(1))/contact", nil, "", 200),
            ("listEvents", "GET", "/api/v1/events", "limit=2", "", 200),
            ("listEvents", "GET", "/api/v1/events", "after=1", "", 410),
            ("listDevices", "GET", "/api/v1/devices", "limit=2", "", 200),
            ("getDevice", "GET", "/api/v1/devices/\(Sample.deviceID(1))", nil, "", 200),
            ("getDevice", "GET", "/api/v1/devices/\(Sample.deviceID(9))", nil, "", 404),
            ("listSilentDevices", "GET", "/api/v1/silent", nil, "", 200),
            ("listDestinations", "GET", "/api/v1/destinations", nil, "", 200),
            ("replayEvents", "POST", "/api/v1/destinations/mdm/replay", nil, reason, 200),
            ("replayEvents", "POST", "/api/v1/destinations/mdm/replay", nil, "{}", 400),
            ("resumeDestination", "POST", "/api/v1/destinations/mdm/resume", nil, #"{"reason": "x"}"#, 200),
            ("getDescription", "GET", "/api/v1/openapi.json", nil, "", 200),
            ("verify", "GET", "/verify", nil, "", 401),
        ]
        for (operation, method, path, query, body, status) in questions {
            let answer = await rig.ask(method, path, query: query, body: body)
            #expect(answer.status == status, "\(operation) \(path): \(answer.text)")
            #expect(document.findings(answer, to: operation) == [], "\(operation) \(path)")
        }
        rig.ledger.set { $0.contactOutcome = .notCurrent(device: Sample.deviceID(1)) }
        let conflict = await rig.ask("POST", "\(identities)/\(digest(1))/contact")
        #expect(document.findings(conflict, to: "confirmContact") == [])
        let stranger = await rig.answer(rig.request("GET", "/api/v1/devices", facts: Rig.Facts()))
        #expect(document.findings(stranger, to: "listDevices") == [])
        let asked = Set(questions.map(\.0))
        let described = rig.interface.table.routes.filter { route in
            if case .elsewhere = route.answer { return false }
            return !route.operationID.hasPrefix("verify")
        }
        #expect(asked.isSuperset(of: described.map(\.operationID)))
    }

    @Test("is what others take for OpenAPI 3.1", .enabled(if: OpenAPIJudge.path != nil))
    func valid() async throws {
        let rig = try await Rig()
        let answer = await rig.answer(rig.request("GET", "/api/v1/openapi.json", facts: Rig.Facts()))
        let file = FileManager.default.temporaryDirectory.appending(path: "openapi-\(UUID().uuidString).json")
        try Data(answer.text.utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }  // Left behind at worst.
        let outcome = try await ExternalCommand.run(try #require(OpenAPIJudge.path), [file.path], seconds: 60)
        #expect(outcome.status == 0, "\(outcome.output)")
    }

    @Test("a finding is found")
    func judge() async throws {
        let document = try await Self.document(try await Rig())
        let good = #"{"schema":"gatehouse.events/1","events":[],"next":"1","more":false}"#
        for (text, isGood) in [
            (good, true), (good.replacing("false", with: "0"), false), (good.replacing("\"1\"", with: "1"), false),
            (good.replacing("\"more\":false", with: "\"less\":false"), false),
            (good.replacing("events/1", with: "x"), false),
            (good.replacing("[]", with: "[{}]"), false), ("[]", false),
        ] {
            let answer = Answer(APIResponse.json(Array(text.utf8)))
            #expect(document.findings(answer, to: "listEvents").isEmpty == isGood, "\(text)")
        }
    }
}

/// `openapi-spec-validator`, where the setup script puts it.
private enum OpenAPIJudge {
    static let path: String? = {
        let environment = ProcessInfo.processInfo.environment
        let caches = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "") + "/.cache"
        let path = (environment["GATEHOUSE_CACHE"] ?? caches + "/gatehouse") + "/readers/bin/openapi-spec-validator"
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()
}
