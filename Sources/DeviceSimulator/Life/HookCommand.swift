internal import Glibc

/// A command of the operator's, run by the shell, that changes something between two steps of a life.
///
/// What it is about stands in its environment and never in its text, since names come from a server.
public struct HookCommand: Hashable, Sendable {
    /// For `/bin/sh -c`.
    public let text: String
    /// Milliseconds it may take.
    public var timeout = 60_000

    public init(_ text: String) {
        self.text = text
    }

    /// Runs it to its end; what it writes goes to standard error.
    ///
    /// - Parameter facts: Added to the environment, `GATEHOUSE_DEVICE` and the like.
    /// - Throws: ``SimulationFailure`` when it does not start, fails, or takes too long.
    func run(_ facts: [(name: String, value: String)]) throws(SimulationFailure) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        // Standard output is one document of ours.
        posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A thread of Dispatch blocks most signals, and a child would inherit that.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var process = pid_t()
        let status = Self.withStrings(["/bin/sh", "-c", self.text]) { arguments in
            Self.withStrings(Self.environment(facts)) { environment in
                posix_spawn(&process, "/bin/sh", &actions, &attributes, arguments, environment)
            }
        }
        guard status == 0 else { throw self.failure(status) }
        try self.wait(for: process)
    }

    private func wait(for process: pid_t) throws(SimulationFailure) {
        let clock = ContinuousClock()
        let end = clock.now + .milliseconds(self.timeout)
        var status: CInt = 0
        while true {
            let ended = waitpid(process, &status, WNOHANG)
            if ended == process { break }
            guard ended == 0 || errno == EINTR else {
                throw .local("\(self.text): \(String(cString: strerror(errno)))")
            }
            guard clock.now < end else {
                kill(process, SIGKILL)
                waitpid(process, &status, 0)
                throw .local("\(self.text): not done after \(self.timeout / 1_000) s")
            }
            usleep(5_000)
        }
        // The upper octet is the exit status, the lower seven bits the signal that ended it.
        guard status != 0 else { return }
        let signal = status & 0x7F
        let words = signal == 0 ? "exit status \(status >> 8 & 0xFF)" : "ended by signal \(signal)"
        throw .local("\(self.text): \(words)")
    }

    private func failure(_ code: CInt) -> SimulationFailure {
        .local("\(self.text): \(String(cString: strerror(code)))")
    }

    private static func environment(_ facts: [(name: String, value: String)]) -> [String] {
        var result = facts.map { "\($0.name)=\($0.value.prefix { $0 != "\0" })" }
        var entry = environ
        while let text = entry.pointee {
            let line = String(cString: text)
            if !facts.contains(where: { line.hasPrefix("\($0.name)=") }) { result.append(line) }
            entry += 1
        }
        return result
    }

    private static func withStrings<Result>(
        _ texts: [String],
        _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        let copies = texts.map { strdup($0) } + [nil]
        defer { for copy in copies { free(copy) } }
        return copies.withUnsafeBufferPointer { buffer in
            guard let start = buffer.baseAddress else { preconditionFailure("there is at least the end") }
            return body(start)
        }
    }
}
