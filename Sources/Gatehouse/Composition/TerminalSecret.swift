import Dispatch
import EnrollmentCore
import Glibc

/// Asks for a secret at the terminal, without showing it.
enum TerminalSecret {
    /// Octets that a passphrase has at least which keeps a key that anybody may copy.
    private static let fewest = 12
    private static let most = 1_024

    /// - Throws: ``CommandProblem`` where there is no terminal, or nothing was typed.
    static func ask(_ prompt: String) throws(CommandProblem) -> Redacted<[UInt8]> {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard terminal >= 0 else {
            throw CommandProblem(
                "GH-SECRET-002",
                "there is no terminal to ask for the secret",
                [("try", "name a file with it")],
                exit: .usage
            )
        }
        defer { close(terminal) }
        let silence = try Silence(of: terminal)
        defer { silence.end() }
        Self.write(prompt, to: terminal)
        // Never grows, which would leave a copy behind.
        var line: [UInt8] = []
        line.reserveCapacity(Self.most)
        var octet: UInt8 = 0
        while read(terminal, &octet, 1) == 1, octet != UInt8(ascii: "\n"), line.count < Self.most { line.append(octet) }
        Self.write("\n", to: terminal)
        guard !line.isEmpty else { throw CommandProblem("GH-SECRET-002", "nothing was typed", exit: .usage) }
        return Redacted(line)
    }

    /// The same twice, for a secret that nobody could otherwise type again, and long enough.
    static func choose(_ prompt: String) throws(CommandProblem) -> Redacted<[UInt8]> {
        let first = try Self.ask(prompt)
        try Self.judge(first)
        guard first.reveal() == (try Self.ask("Again: ")).reveal() else {
            throw CommandProblem("GH-SECRET-002", "the two are not the same", exit: .usage)
        }
        return first
    }

    /// - Throws: ``CommandProblem`` for a passphrase that is too short for a key that travels.
    static func judge(_ passphrase: Redacted<[UInt8]>) throws(CommandProblem) {
        guard passphrase.reveal().count >= Self.fewest else {
            throw CommandProblem(
                "GH-SECRET-003",
                "the passphrase is shorter than \(Self.fewest) octets",
                [("try", "several words that nobody would guess")],
                exit: .usage
            )
        }
    }

    private static func write(_ text: String, to terminal: Int32) {
        let octets = Array(text.utf8)
        _ = octets.withUnsafeBytes { Glibc.write(terminal, $0.baseAddress, $0.count) }
    }
}

/// A terminal that shows nothing of what is typed, until this ends or a signal ends the process.
private struct Silence {
    private static let signals = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    private let terminal: Int32
    private let former: termios
    private let sources: [any DispatchSourceSignal]

    init(of terminal: Int32) throws(CommandProblem) {
        var former = termios()
        guard tcgetattr(terminal, &former) == 0 else { throw Self.problem }
        let restored = former
        let queue = DispatchQueue(label: "gatehouse.terminal")
        // Ahead of the silence: who types Ctrl-C gets a terminal back that shows what is typed.
        self.sources = Self.signals.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                Self.restore(restored, terminal)
                signal(number, SIG_DFL)
                // To the process: the threads of queues let no signal through.
                kill(getpid(), number)
            }
            source.resume()
            return source
        }
        self.terminal = terminal
        self.former = former
        var quiet = former
        quiet.c_lflag &= ~tcflag_t(ECHO)
        // It says that it did something, not that it did everything.
        guard tcsetattr(terminal, TCSAFLUSH, &quiet) == 0, tcgetattr(terminal, &quiet) == 0,
            quiet.c_lflag & tcflag_t(ECHO) == 0
        else {
            self.end()
            throw Self.problem
        }
    }

    func end() {
        Self.restore(self.former, self.terminal)
        for source in self.sources { source.cancel() }
        for number in Self.signals { signal(number, SIG_DFL) }
    }

    private static func restore(_ settings: termios, _ terminal: Int32) {
        var settings = settings
        tcsetattr(terminal, TCSAFLUSH, &settings)
    }

    private static var problem: CommandProblem {
        CommandProblem("GH-SECRET-002", "the terminal cannot be kept from showing the secret", exit: .failed)
    }
}
