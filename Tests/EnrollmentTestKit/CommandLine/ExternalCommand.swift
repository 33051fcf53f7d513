internal import Foundation

/// Runs commands to their end without holding a thread of the cooperative pool, which also runs the server under test.
public enum ExternalCommand {
    /// What came of a command.
    public struct Outcome: Sendable {
        /// The exit code; 124 when it was ended for taking too long.
        public let status: Int32
        /// Standard output and standard error, in the order in which they were written.
        public let output: String
    }

    /// A command that could not be started.
    public struct NotStarted: Error, Sendable {
        public let command: String
        public let reason: String
    }

    /// Runs one command.
    ///
    /// - Parameters:
    ///   - command: A command by its name on the PATH.
    ///   - arguments: Its arguments.
    ///   - input: What it reads from its standard input, at most as much as a pipe holds (64 KiB).
    ///   - keepsInputOpen: Leave the input open after that, for commands that stop when it ends.
    ///   - seconds: After which it is ended.
    /// - Returns: Its exit status and all that it wrote.
    /// - Throws: ``NotStarted``, or an error of the file system about its output.
    public static func run(
        _ command: String,
        _ arguments: [String],
        input: String = "",
        keepsInputOpen: Bool = false,
        seconds: Int = 30
    ) async throws -> Outcome {
        let transcript = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try Data().write(to: transcript)
        defer { try? FileManager.default.removeItem(at: transcript) }  // Left behind at worst.
        var pipe: [Int32] = [-1, -1]
        guard Foundation.pipe(&pipe) == 0 else { throw NotStarted(command: command, reason: Self.lastError()) }
        let (reading, writing) = (pipe[0], pipe[1])
        // Or children of other tests would keep our command's input open. One started just now does; no command used
        // here waits for its input to end.
        for end in [reading, writing] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // Written before the command can be gone: the pipe has a reader, and the signal for one without cannot come.
        let written = Array(input.utf8).withUnsafeBytes { write(writing, $0.baseAddress, $0.count) }
        let timed = ["timeout", "--kill-after=2", String(seconds), command] + arguments
        let identifier = written == input.utf8.count ? Self.spawn(timed, input: reading, output: transcript.path) : nil
        close(reading)
        if !keepsInputOpen { close(writing) }
        defer { if keepsInputOpen { close(writing) } }
        guard let identifier else { throw NotStarted(command: command, reason: Self.lastError()) }
        let status = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: Self.wait(for: identifier)) }
        }
        // Not Data(contentsOf:), which loses its buffer when the file is empty; the leak check would never be clean.
        let output = try FileHandle(forReadingFrom: transcript).readToEnd() ?? Data()
        return Outcome(status: status, output: String(decoding: output, as: UTF8.self))
    }

    private static func lastError() -> String { String(cString: strerror(errno)) }

    private static func spawn(_ arguments: [String], input: Int32, output: String) -> pid_t? {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_APPEND, 0)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))

        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] =
            ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for word in words + variables { free(word) } }
        var identifier: pid_t = 0
        let status = posix_spawnp(&identifier, arguments[0], &actions, &attributes, &words, &variables)
        errno = status
        return status == 0 ? identifier : nil
    }

    private static func wait(for identifier: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) == -1, errno == EINTR {}
        return status & 0x7F == 0 ? status >> 8 & 0xFF : -1
    }
}
