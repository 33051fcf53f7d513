public import Foundation

/// Runs a command to its end without holding a thread: tests share the few that also run the server under test.
public enum ChildProcess {
    /// What came of a command.
    public struct Outcome: Sendable {
        public let status: Int32
        /// Standard output and standard error, in the order in which they were written.
        public let output: String
    }

    /// Runs one command.
    ///
    /// - Parameters:
    ///   - command: A command by its name on the PATH.
    ///   - arguments: Its arguments.
    ///   - input: What it reads from its standard input.
    ///   - keepsInputOpen: Leave the input open after that, for commands that stop when it ends.
    ///   - seconds: After which it is ended.
    ///   - folder: Its working directory.
    /// - Returns: Its exit status and all that it wrote.
    /// - Throws: When it cannot be started or its output not be read.
    public static func run(
        _ command: String,
        _ arguments: [String],
        input: String = "",
        keepsInputOpen: Bool = false,
        seconds: Int = 20,
        in folder: URL? = nil
    ) async throws -> Outcome {
        let transcript = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try Data().write(to: transcript)
        defer { try? FileManager.default.removeItem(at: transcript) }  // Left behind at worst.
        let output = try FileHandle(forWritingTo: transcript)
        let stdin = Pipe()
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "--kill-after=2", String(seconds), command] + arguments
        process.standardInput = stdin
        process.standardOutput = output
        process.standardError = output
        process.currentDirectoryURL = folder
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do {
                try process.run()
                try stdin.fileHandleForWriting.write(contentsOf: Data(input.utf8))
                if !keepsInputOpen { try stdin.fileHandleForWriting.close() }
            } catch {
                process.terminationHandler = nil
                if process.isRunning { process.terminate() }
                continuation.resume(throwing: error)
            }
        }
        if keepsInputOpen { try stdin.fileHandleForWriting.close() }
        try output.close()
        return Outcome(
            status: process.terminationStatus,
            output: String(decoding: try Data(contentsOf: transcript), as: UTF8.self)
        )
    }
}
