internal import Foundation

/// Other people's readers of webhooks, CloudEvents and JSON Web Encryption, where the setup script puts them.
public enum EventReaders {
    /// The Python that has them; `nil` where they are not installed.
    public static let python: String? = {
        let environment = ProcessInfo.processInfo.environment
        let caches = environment["XDG_CACHE_HOME"] ?? (environment["HOME"] ?? "") + "/.cache"
        let folder = environment["GATEHOUSE_CACHE"] ?? caches + "/gatehouse"
        let path = folder + "/readers/bin/python"
        return FileManager.default.isExecutableFile(atPath: path) ? path : nil
    }()

    /// There is no Python with these readers.
    public struct NotInstalled: Error {}

    /// Runs a script.
    ///
    /// - Parameters:
    ///   - script: Python.
    ///   - arguments: Its `sys.argv[1:]`.
    ///   - input: What it reads from standard input; at most 64 KiB.
    /// - Returns: Its exit status and all that it wrote.
    /// - Throws: ``NotInstalled``, ``ExternalCommand/NotStarted``.
    public static func run(
        _ script: String,
        _ arguments: [String] = [],
        input: String = ""
    ) async throws -> ExternalCommand.Outcome {
        guard let python = Self.python else { throw NotInstalled() }
        return try await ExternalCommand.run(python, ["-c", script] + arguments, input: input, seconds: 60)
    }
}
