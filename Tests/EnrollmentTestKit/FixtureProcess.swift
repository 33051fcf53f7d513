public import Foundation

/// A process that a fixture started.
///
/// Foundation's `Process` is not used: it waits for a descriptor that children started meanwhile inherit, so that
/// waiting for one may wait for all, its children keep the blocked signals of the thread that started them, and it reads
/// beyond the end of the list of open descriptors, which ended the whole test process now and then.
public final class FixtureProcess: Sendable {
    /// The program could not be started.
    public struct NotStarted: Error, CustomStringConvertible {
        public let description: String
    }

    public let identifier: pid_t

    /// Starts a program found on the `PATH`, with nothing to read.
    ///
    /// - Parameters:
    ///   - arguments: The program and its arguments.
    ///   - descriptor: Becomes descriptor 3 of the program.
    ///   - outputFile: Receives what the program writes to standard output.
    ///   - errorFile: Receives what the program writes to standard error; another file.
    /// - Throws: ``NotStarted``.
    public init(
        _ arguments: [String],
        passing descriptor: Int32? = nil,
        outputFile: String = "/dev/null",
        errorFile: String = "/dev/null"
    ) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputFile, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errorFile, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        if let descriptor { posix_spawn_file_actions_adddup2(&actions, descriptor, 3) }

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
        guard status == 0 else {
            throw NotStarted(description: "\(arguments[0]): \(String(cString: strerror(status)))")
        }
        self.identifier = identifier
    }

    /// Waits for the end; call it once.
    ///
    /// - Returns: The exit code, or -1 after a signal.
    public func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(self.identifier, &status, 0) == -1, errno == EINTR {}
        return Self.exitCode(status)
    }

    /// Asks whether the process has ended, without waiting; once it has, this answers only once.
    ///
    /// - Returns: `nil` while it runs; else the exit code, or -1 after a signal.
    public func poll() -> Int32? {
        var status: Int32 = 0
        return waitpid(self.identifier, &status, WNOHANG) == self.identifier ? Self.exitCode(status) : nil
    }

    /// Ends the process, whatever signals it blocks, and waits for that.
    public func kill() {
        Foundation.kill(self.identifier, SIGKILL)
        _ = self.wait()
    }

    /// Waits for the first line in a file that a server writes once it listens; half a minute at most.
    ///
    /// - Parameter file: What was given as `outputFile`.
    /// - Returns: The line without its end.
    /// - Throws: ``NotStarted`` when none comes, or the process ends before.
    public func firstLine(of file: String) throws -> String {
        for _ in 0..<3_000 {
            let octets = FileManager.default.contents(atPath: file) ?? Data()
            if let end = octets.firstIndex(of: UInt8(ascii: "\n")) {
                return String(decoding: octets[..<end], as: UTF8.self)
            }
            guard self.poll() == nil else { throw NotStarted(description: "it ended without a word") }
            usleep(10_000)
        }
        self.kill()
        throw NotStarted(description: "it did not say that it listens")
    }

    private static func exitCode(_ status: Int32) -> Int32 {
        status & 0x7F == 0 ? status >> 8 & 0xFF : -1
    }
}
