import EnrollmentTestKit
import Foundation
import Testing

@Suite("A test event", .timeLimit(.minutes(25)))
struct HandOffProbeTests {
    private static func place(_ sink: EventSink, more: String = "") async throws -> CommandPlace {
        let place = try await CommandPlace.founded()
        let section = try sink.section(in: place.folder, more: more)
        try place.edit("gatehouse.json5", ("  listeners:", "  \(section)\n  listeners:"))
        return place
    }

    private static func document(_ place: CommandPlace, status: Int32) async throws -> JSONDocument {
        let run = try await place.runHere("handoff", "test", "sink", "--json")
        #expect(run.status == status, "\(run.output)\(run.errors)")
        let document = try JSONDocument(parsing: run.output)
        #expect(try DocumentSchema("handoff-test").findings(in: document) == [])
        return document
    }

    @Test("is signed and taken, and recorded nowhere here")
    func taken() async throws {
        let sink = try await EventSink()
        let place = try await Self.place(sink)
        let document = try await Self.document(place, status: 0)
        #expect(document["accepted"] == .boolean(true))
        #expect(document["status"] == .number(200))
        #expect(document["try"] == .null)
        let taken = try sink.taken()
        #expect(taken.map(\.type) == ["gatehouse.test"])
        #expect(taken.first?.id == document["event"]?.text)
        let screen = try await place.runHere("handoff", "test", "sink")
        #expect(screen.status == 0)
        #expect(screen.output.contains("It takes events."), "\(screen.output)")
        let status = try await place.runHere("handoff", "status")
        #expect(status.output.contains("Nothing was sent to any destination yet."))
    }

    @Test(
        "that is not taken says why, and what to do",
        arguments: [
            (302, "https://localhost/elsewhere"), (404, "path of url"), (410, "handoff resume"),
            (422, "receiver's log"), (500, "receiver's log"),
        ]
    )
    func refused(_ answer: Int, _ remedy: String) async throws {
        let sink = try await EventSink()
        let place = try await Self.place(sink)
        try sink.behave(.status(answer))
        let document = try await Self.document(place, status: 1)
        #expect(document["accepted"] == .boolean(false))
        #expect(document["status"] == .number(Double(answer)))
        #expect(document["try"]?.text?.contains(remedy) == true)
    }

    @Test("says what is wrong with secret, address, authority and certificate")
    func misconfigured() async throws {
        let sink = try await EventSink()
        let wrongSecret = try await Self.place(sink)
        try wrongSecret.write("whsec_\(Data(repeating: 77, count: 32).base64EncodedString())", to: "webhook-0.secret")
        #expect(try await Self.document(wrongSecret, status: 1)["status"] == .number(401))

        let guarded = try await Self.place(sink)
        try guarded.edit("gatehouse.json5", ("allowedAddresses: [\"loopback\"]", "allowedAddresses: []"))
        #expect(try await Self.document(guarded, status: 1)["error"]?.text?.hasPrefix("forbiddenAddress") == true)

        let stranger = try await Self.place(sink)
        try stranger.edit("gatehouse.json5", ("ca: \"\(sink.folder.appending(path: "cert.pem").path)\",", ""))
        let untrusted = try await Self.document(stranger, status: 1)
        #expect(untrusted["error"]?.text?.hasPrefix("untrustedServer") == true)
        #expect(untrusted["try"]?.text?.hasPrefix("ca: ") == true)

        let closed = try await Self.place(sink)
        try closed.edit("gatehouse.json5", (":\(sink.port)/events", ":\(FreePort.find())/events"))
        #expect(try await Self.document(closed, status: 1)["error"]?.text?.hasPrefix("cannotConnect") == true)
    }

    @Test("goes to no destination that the configuration does not have, and not without its secret")
    func unknown() async throws {
        let sink = try await EventSink()
        let place = try await Self.place(sink)
        let unknown = try await place.runHere("handoff", "test", "other")
        #expect(unknown.status == 3)
        #expect(unknown.errors.contains("sink"))
        try place.write("not a secret", to: "webhook-0.secret")
        let unsigned = try await place.runHere("handoff", "test", "sink")
        #expect(unsigned.status == 2)
        #expect(!unsigned.errors.contains("not a secret"))
        #expect(try sink.taken().isEmpty)
    }
}
