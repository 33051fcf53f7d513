import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing

@testable import ManagementLink

@Suite("An event's body")
struct CloudEventTests {
    private static func owner() throws -> SigningKey { try SigningKey.generate(.ecdsaP256) }

    private static func recipient(_ owner: SigningKey) throws -> RecipientKey {
        try RecipientKey(owner.verifyingKey())
    }

    private static func document(_ octets: [UInt8]) throws -> JSONDocument {
        try JSONDocument(parsing: String(decoding: octets, as: UTF8.self))
    }

    private static func data(_ octets: [UInt8]) throws -> JSONDocument {
        try #require(try Self.document(octets)["data"])
    }

    /// The envelope as its schema has it: with nothing inside.
    static func findings(in document: JSONDocument, kind: String) throws -> [String] {
        guard case .object(var members) = document, let data = members["data"] else { return ["no data"] }
        members["data"] = .object([:])
        return try DocumentSchema("events/envelope").findings(in: .object(members))
            + DocumentSchema("events/\(kind)").findings(in: data)
    }

    @Test("is what its schema says, and says nothing that no schema describes", arguments: HandOffEvent.Kind.allCases)
    func schema(kind: HandOffEvent.Kind) throws {
        let disclosures: [AccountDisclosure] = [.omitted, .encrypted(to: try Self.recipient(try Self.owner()))]
        for disclosure in disclosures {
            let body = try ExampleEvents.body(disclosure).octets(of: ExampleEvents.event(kind))
            let document = try Self.document(body)
            #expect(try Self.findings(in: document, kind: kind.rawValue).isEmpty)
            #expect(document["dataschema"]?.text == "urn:gatehouse:schema:\(kind.rawValue):1")
            #expect(document["data"]?["kind"]?.text == kind.rawValue)
        }
    }

    @Test("is the example beside its schema", arguments: HandOffEvent.Kind.allCases)
    func example(kind: HandOffEvent.Kind) throws {
        let body = try ExampleEvents.body().octets(of: ExampleEvents.event(kind))
        #expect(try Self.document(body) == JSONDocument(parsing: try DocumentSchema.example(kind.rawValue)))
    }

    @Test("every kind has a type of its own, under its subject")
    func types() throws {
        var types: Set<String> = []
        for kind in HandOffEvent.Kind.allCases {
            let event = ExampleEvents.event(kind)
            let document = try Self.document(try ExampleEvents.body().octets(of: event))
            types.insert(try #require(document["type"]?.text))
            #expect(document["id"]?.text == "\(event.event.id)")
            #expect(document["source"]?.text == ExampleEvents.source)
            let subject: String? =
                switch kind {
                case .limitRefused: "0f8f1c2e-6f0c-4c2e-9f6f-0a51d7f0a5c1"
                case .trustPublished, .trustActivated, .trustRetired: "2027-a"
                default: "\(ExampleEvents.device)"
                }
            #expect(document["subject"]?.text == subject)
            #expect(document["time"]?.text == "2026-11-20T09:12:44.250017Z")
        }
        #expect(types.count == HandOffEvent.Kind.allCases.count)
        #expect(
            types.isSuperset(of: ["gatehouse.device.enrolled", "gatehouse.limit.refused", "gatehouse.trust.retired"])
        )
    }

    @Test("is the same each time, but for encrypted secrets", arguments: HandOffEvent.Kind.allCases)
    func deterministic(kind: HandOffEvent.Kind) throws {
        let event = ExampleEvents.event(kind)
        #expect(try ExampleEvents.body().octets(of: event) == ExampleEvents.body().octets(of: event))
    }

    @Test("keeps context items in order, repeated names and odd characters included")
    func context() throws {
        let data = try Self.data(try ExampleEvents.body().octets(of: ExampleEvents.event(.enrolled)))
        guard case .array(let items)? = data["context"] else {
            Issue.record("no context")
            return
        }
        let read = items.map { DeviceClaims.Item(name: $0["name"]?.text ?? "", value: $0["value"]?.text ?? "") }
        #expect(read == ExampleEvents.claims.items)
    }

    @Test("tells an account's secrets to their receiver and nobody else", .enabled(if: EventReaders.python != nil))
    func encryptsSecrets() async throws {
        let owner = try Self.owner()
        let event = ExampleEvents.event(.enrolled)
        let body = try ExampleEvents.body(.encrypted(to: try Self.recipient(owner))).octets(of: event)
        let text = String(decoding: body, as: UTF8.self)
        let account = ExampleEvents.account
        #expect(!text.contains(account.clientSecret.reveal()))
        #expect(!text.contains(account.serverSecret.reveal()))
        let told = try #require(try Self.data(body)["account"])
        #expect(told["clientNonce"]?.text == account.clientNonce)
        #expect(told["serverNonce"]?.text == account.serverNonce)
        #expect(told["name"]?.text == "Corp management")
        let der = try owner.privateKeyInfo().withOctets { Base64.encode(Array($0)) }
        let outcome = try await EventReaders.run(
            """
            import sys
            from jwcrypto import jwe, jwk
            key = jwk.JWK.from_pem(sys.stdin.buffer.read())
            token = jwe.JWE()
            token.deserialize(sys.argv[1], key)
            print(token.payload.decode())
            """,
            [try #require(told["secrets"]?.text)],
            input: "-----BEGIN PRIVATE KEY-----\n\(der)\n-----END PRIVATE KEY-----\n"
        )
        let secrets = try JSONDocument(parsing: outcome.output)
        #expect(secrets["device"]?.text == "\(ExampleEvents.device)")
        #expect(secrets["event"]?.text == "\(event.event.id)")
        #expect(secrets["clientSecret"]?.text == account.clientSecret.reveal())
        #expect(secrets["serverSecret"]?.text == account.serverSecret.reveal())
    }

    @Test("says that secrets are left out where that is agreed")
    func omitsSecrets() throws {
        let body = try ExampleEvents.body().octets(of: ExampleEvents.event(.enrolled))
        #expect(try Self.data(body)["account"]?["secrets"]?.text == "omitted")
        #expect(!String(decoding: body, as: UTF8.self).contains(ExampleEvents.account.clientSecret.reveal()))
    }

    @Test("is not written when an account cannot be opened, or is not one")
    func unopened() throws {
        let refusing = CloudEventBody(
            source: ExampleEvents.source,
            servers: [:],
            disclosure: .omitted,
            open: { (_, _) throws(EnrollmentError) in
                throw EnrollmentError(.internalService, "damaged", rule: "vault.open")
            }
        )
        #expect(throws: EnrollmentError.self) { try refusing.octets(of: ExampleEvents.event(.enrolled)) }
        let odd = CloudEventBody(
            source: ExampleEvents.source,
            servers: [:],
            disclosure: .omitted,
            open: { (_, _) throws(EnrollmentError) in SecretOctets(Array("one\ntwo".utf8)) }
        )
        let error = #expect(throws: EnrollmentError.self) { try odd.octets(of: ExampleEvents.event(.enrolled)) }
        #expect(error?.rule == "handoff.account")
    }

    @Test("has what is known where facts are no longer kept")
    func withoutFacts() throws {
        for kind in HandOffEvent.Kind.allCases where ExampleEvents.event(kind).event.device != nil {
            let full = ExampleEvents.event(kind)
            let bare = FeedEvent(
                position: full.position,
                event: full.event,
                recorded: full.recorded,
                traceID: nil,
                certificate: full.certificate
            )
            let document = try Self.document(try ExampleEvents.body().octets(of: bare))
            #expect(try Self.findings(in: document, kind: kind.rawValue).isEmpty)
        }
        let refusal = ExampleEvents.event(.limitRefused)
        let bare = FeedEvent(position: 1, event: refusal.event, recorded: refusal.recorded, traceID: nil)
        let document = try Self.document(try ExampleEvents.body().octets(of: bare))
        #expect(try Self.findings(in: document, kind: "limit-refused").isEmpty)
        #expect(document["subject"] == nil)
        let trust = ExampleEvents.event(.trustRetired)
        let error = #expect(throws: EnrollmentError.self) {
            try ExampleEvents.body().octets(
                of: FeedEvent(position: 1, event: trust.event, recorded: trust.recorded, traceID: nil)
            )
        }
        #expect(error?.rule == "handoff.details")
    }

    @Test("of a test is marked as one")
    func test() throws {
        let signer = try WebhookSigner(secrets: [Redacted("whsec_" + Base64.encode([UInt8](repeating: 1, count: 32)))])
        let renderer = CloudEventRenderer(ExampleEvents.body(), signer: signer)
        let id = DeviceID(random: [UInt8](repeating: 9, count: 16))
        let message = try renderer.test(id, to: "fleet-eu", by: "root@node-1", at: ExampleEvents.recorded)
        let document = try Self.document(message.body)
        #expect(try Self.findings(in: document, kind: "test").isEmpty)
        #expect(document == (try JSONDocument(parsing: try DocumentSchema.example("test"))))
        #expect(message.headers.first { $0.name == "webhook-id" }?.value == "\(id)")
    }

    @Test("is read by others' libraries, and valid by others' validators", .enabled(if: EventReaders.python != nil))
    func otherReaders() async throws {
        var lines: [String] = []
        for kind in HandOffEvent.Kind.allCases {
            let body = try ExampleEvents.body().octets(of: ExampleEvents.event(kind))
            lines.append(String(decoding: body, as: UTF8.self))
        }
        let outcome = try await EventReaders.run(
            """
            import json, pathlib, sys
            from cloudevents.core.bindings.http import from_http, HTTPMessage
            from cloudevents.core.formats.json import JSONFormat
            from jsonschema import Draft202012Validator
            from referencing import Registry, Resource
            folder = pathlib.Path(sys.argv[1])
            schemas = [json.loads(file.read_text()) for file in folder.glob("*.schema.json")]
            registry = Registry().with_resources((s["$id"], Resource.from_contents(s)) for s in schemas)
            by_id = {s["$id"]: s for s in schemas}
            for schema in schemas:
                Draft202012Validator.check_schema(schema)
            def check(event):
                for schema, value in (("urn:gatehouse:schema:envelope:1", event), (event["dataschema"], event["data"])):
                    Draft202012Validator(by_id[schema], registry=registry).validate(value)
            count = 0
            for line in sys.stdin.read().splitlines():
                check(json.loads(line))
                headers = {"content-type": "application/cloudevents+json"}
                event = from_http(HTTPMessage(headers, line.encode()), JSONFormat())
                assert event.get_id() == json.loads(line)["id"]
                assert event.get_data() == json.loads(line)["data"]
                count += 1
            for file in (folder / "examples").glob("*.json"):
                example = json.loads(file.read_text())
                if "specversion" in example:
                    check(example)
                else:
                    Draft202012Validator(by_id[f"urn:gatehouse:schema:{file.stem}:1"], registry=registry).validate(example)
            print(count)
            """,
            [DocumentSchema.eventFolder],
            input: lines.joined(separator: "\n")
        )
        #expect(outcome.output == "\(HandOffEvent.Kind.allCases.count)\n")
        #expect(outcome.status == 0)
    }
}
