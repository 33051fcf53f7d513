import EnrollmentTestKit
import Foundation
import Testing

extension Place {
    /// What a command wrote to standard output, kept apart from what it said beside it.
    struct Run: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    func run(_ arguments: [String], seconds: Int = 60) async throws -> Run {
        let errors = self.folder.appending(path: "errors-\(UUID().uuidString)").path
        let outcome = try await ExternalCommand.run(
            "bash",
            ["-c", "exec \"$@\" 2> \"$0\"", errors]
                + self.line(arguments + ["--config", self.configuration.path]),
            seconds: seconds
        )
        return Run(
            status: outcome.status,
            output: outcome.output,
            errors: try String(contentsOfFile: errors, encoding: .utf8)
        )
    }

    /// Runs a command with `--json` and holds its document to the schema of that name.
    func document(_ schema: String, _ arguments: [String], status: Int32 = 0) async throws -> JSONDocument {
        let run = try await self.run(arguments + ["--json"])
        #expect(run.status == status, "\(arguments): \(run.output)\(run.errors)")
        let document = try JSONDocument(parsing: run.output)
        #expect(try DocumentSchema(schema).findings(in: document) == [])
        if schema != "problem" { #expect(document["schema"]?.text == "gatehouse.\(schema)/1") }
        return document
    }

    /// Runs a command that has to be refused, and gives the problem.
    func problem(_ arguments: [String], status: Int32) async throws -> JSONDocument {
        let document = try await self.document("problem", arguments, status: status)
        #expect(document["problem"]?["exit"] == .number(Double(status)))
        return try #require(document["problem"])
    }
}

extension JSONDocument {
    var texts: [String] {
        if case .array(let elements) = self { elements.compactMap(\.text) } else { [] }
    }
}
