import EnrollmentCore
import Foundation
import Testing

@testable import EnrollmentWire

/// What devices read, octet by octet: a change here is a change on the wire and wants a look at a real client.
@Suite("Golden answers")
struct GoldenTests {
    private func golden(_ name: String) throws -> String {
        let text = try String(contentsOf: Corpus.folder.appending(path: "Golden/\(name).xml"), encoding: .utf8)
        return text.split(separator: "\n").map { $0.drop { $0 == " " } }.joined()
    }

    private func answer(_ name: String, to operation: String) async throws -> String {
        let message = try #require(Corpus.messages.first { $0.operation == operation && $0.name == name })
        return String(decoding: await Journal().answer(message.octets, to: operation).octets, as: UTF8.self)
    }

    @Test(
        "answers are what was agreed",
        arguments: [
            ("discovery", "windows-11-25h2", "discover-response"),
            ("discovery", "email-in-partner-domain", "discover-response-federated"),
            ("policy", "on-premise", "policies-response"),
            ("enrollment", "device-cap-reached", "fault-device-cap-reached"),
            ("policy", "password-wrong", "fault-authentication"),
        ]
    )
    func answers(_ operation: String, _ message: String, _ golden: String) async throws {
        #expect(try await self.answer(message, to: operation) == self.golden(golden))
    }

    @Test(
        "provisioning documents are what was agreed, for the user's store and the machine's",
        arguments: [
            ("enrollment", "windows-11-25h2", "provisioning-user"),
            ("enrollment", "device-enrollment", "provisioning-device"),
            ("renewal", "automatic-without-header", "renewal-user"), ("renewal", "device-store", "renewal-device"),
        ]
    )
    func provisioning(_ operation: String, _ message: String, _ golden: String) async throws {
        let answer = try await self.answer(message, to: operation)
        let start = try #require(answer.range(of: "wssecurity-secext-1.0.xsd\">")).upperBound
        let end = try #require(answer.range(of: "</BinarySecurityToken>")).lowerBound
        let document = try #require(Base64.decode(Array(answer[start..<end].utf8)[...]))
        #expect(try String(decoding: document, as: UTF8.self) == self.golden(golden))
        #expect(try answer.replacing(answer[start..<end], with: "TOKEN") == self.golden("token-response"))
    }
}
