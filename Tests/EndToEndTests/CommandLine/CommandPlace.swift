import EnrollmentTestKit
import Foundation

/// A folder of its own in which the built `gatehouse` runs as a user would run it.
final class CommandPlace: Sendable {
    /// What a command wrote and how it ended.
    struct Run: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    /// What a test builds on did not come about.
    struct NotPrepared: Error {
        let reason: String
    }

    let folder: URL

    /// The configuration that `init` writes unless a test wrote one before.
    var configuration: String { self.path("gatehouse.json5") }

    init() throws {
        self.folder = FileManager.default.temporaryDirectory.appending(path: "gatehouse-command-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: false)
    }

    deinit {
        // A folder left behind is a nuisance, not a failure.
        try? FileManager.default.removeItem(at: self.folder)
    }

    /// A place where `gatehouse init` has done its work.
    static func founded() async throws -> CommandPlace {
        let place = try CommandPlace()
        let run = try await place.run(["init", "--config", place.configuration])
        guard run.status == 0 else {
            throw NotPrepared(reason: run.errors)
        }
        return place
    }

    func path(_ name: String) -> String { self.folder.appending(path: name).path }

    /// Runs the binary that was built together with this test.
    func run(_ arguments: [String], seconds: Int = 60) async throws -> Run {
        try await self.shell("exec \"$@\"", [Self.binary] + arguments, seconds: seconds)
    }

    /// Runs a command on this place's configuration.
    func runHere(_ arguments: String...) async throws -> Run {
        try await self.run(arguments + ["--config", self.configuration])
    }

    /// Runs a script with the two streams kept apart.
    func shell(_ script: String, _ arguments: [String], seconds: Int) async throws -> Run {
        let errors = self.path("errors-\(UUID().uuidString)")
        let outcome = try await ExternalCommand.run(
            "bash",
            ["-c", Self.prelude + script, errors] + arguments,
            seconds: seconds
        )
        return Run(
            status: outcome.status,
            output: outcome.output,
            errors: try String(contentsOfFile: errors, encoding: .utf8)
        )
    }

    /// Changes a file of this place; what is to be replaced has to be there.
    func edit(_ name: String = "gatehouse.json5", _ changes: (from: String, to: String)...) throws {
        var text = try String(contentsOfFile: self.path(name), encoding: .utf8)
        for change in changes {
            guard text.contains(change.from) else {
                throw NotPrepared(reason: "\(name) has no \(change.from)")
            }
            text = text.replacingOccurrences(of: change.from, with: change.to)
        }
        try self.write(text, to: name)
    }

    func write(_ text: String, to name: String, mode: Int = 0o600) throws {
        try text.write(toFile: self.path(name), atomically: false, encoding: .utf8)
        try self.setMode(mode, of: name)
    }

    func setMode(_ mode: Int, of name: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: self.path(name))
    }

    func mode(of name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: self.path(name))[.posixPermissions] as? Int
    }

    private static let prelude = """
        set -u
        exec 2> "$0"
        cd "${0%/*}"
        unset GATEHOUSE_CONFIG

        """

    /// Beside the running test, where the build puts both.
    static let binary: String = {
        let test = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        return test.deletingLastPathComponent().appending(path: "gatehouse").path
    }()
}
