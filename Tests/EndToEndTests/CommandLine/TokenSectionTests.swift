import EnrollmentTestKit
import Foundation
import Testing

@Suite("Tokens in the configuration", .timeLimit(.minutes(25)))
struct TokenSectionTests {
    private static let one = "name: \"hsm\", module: \"m.so\", label: \"Corp CA\", pin: { file: \"pin\" }"

    private func place(_ tokens: String) async throws -> CommandPlace {
        let place = try await CommandPlace.founded()
        try place.edit("gatehouse.json5", ("tokens: [],", "tokens: [\(tokens)],"))
        return place
    }

    @Test("are shown with their defaults, the PIN by its place")
    func shown() async throws {
        let place = try await self.place(
            "{ \(Self.one) }, { name: \"two\", module: \"/m.so\", label: \"b\", pin: { env: \"P\" }, sessions: 9, timeoutSeconds: 7 }"
        )
        let shown = try await place.runHere("config", "show", "--json")
        let document = try JSONDocument(parsing: shown.output)
        #expect(try DocumentSchema("config").findings(in: document).isEmpty)
        let settings = document["settings"]
        #expect(settings?["tokens"]?.text == "hsm, two")
        #expect(settings?["tokens.hsm.label"]?.text == "Corp CA")
        #expect(settings?["tokens.hsm.module"]?.text?.hasSuffix("/m.so") == true)
        #expect(settings?["tokens.hsm.pin"]?.text?.hasPrefix("file /") == true)
        #expect(settings?["tokens.hsm.sessions"]?.text == "4")
        #expect(settings?["tokens.hsm.timeoutSeconds"]?.text == "5")
        #expect(settings?["tokens.two.pin"]?.text == "environment variable P")
        #expect(settings?["tokens.two.sessions"]?.text == "9")
        #expect(settings?["tokens.two.timeoutSeconds"]?.text == "7")
    }

    @Test(
        "are refused where they cannot be meant, by path and line",
        arguments: [
            ("{ name: \"hsm\" }", "tokens[0].module: is missing"),
            ("{ \(one), slot: 3 }", "tokens[0].slot: unknown key"),
            ("{ \(one), sessions: 0 }", "tokens[0].sessions: 0 is outside 1 … 64"),
            ("{ \(one) }, { \(one) }", "tokens[1].name: hsm is the name of another token already"),
            (
                "{ \(one) }, { name: \"b\", module: \"m.so\", label: \"Corp CA\", pin: { env: \"P\" } }",
                "tokens[1].label: Corp CA is the label of another token already"
            ),
            (
                "{ name: \"H S M\", module: \"m\", label: \"l\", pin: { env: \"P\" } }",
                "tokens[0].name: H S M is not made of"
            ),
            (
                "{ name: \"h\", module: \"m\", label: \"123456789012345678901234567890123\", pin: { env: \"P\" } }",
                "tokens[0].label: 123456789012345678901234567890123 is not the label of any token"
            ),
            ("{ name: \"h\", module: \"m\", label: \"l\", pin: \"1234\" }", "tokens[0].pin"),
        ]
    )
    func mistakes(tokens: String, words: String) async throws {
        let place = try await self.place(tokens)
        let run = try await place.runHere("config", "check")
        #expect(run.status == 2)
        #expect(run.errors.contains(words), "\(run.errors)")
        #expect(run.errors.contains("gatehouse.json5, line "), "\(run.errors)")
    }
}
