import EnrollmentCore
import Glibc

/// Asks for a secret at the terminal, without showing it.
enum TerminalSecret {
    /// - Throws: ``CommandProblem`` where there is no terminal, or nothing was typed.
    static func ask(_ prompt: String) throws(CommandProblem) -> Redacted<[UInt8]> {
        let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard terminal >= 0 else {
            throw CommandProblem(
                "GH-SECRET-002",
                "there is no terminal to ask for the passphrase",
                [("try", "--passphrase-file FILE")],
                exit: .usage
            )
        }
        defer { close(terminal) }
        var former = termios()
        guard tcgetattr(terminal, &former) == 0 else {
            throw CommandProblem(
                "GH-SECRET-002",
                "the terminal cannot be kept from showing the passphrase",
                exit: .failed
            )
        }
        var quiet = former
        quiet.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(terminal, TCSAFLUSH, &quiet)
        defer { tcsetattr(terminal, TCSAFLUSH, &former) }
        Self.write(prompt, to: terminal)
        var line: [UInt8] = []
        var octet: UInt8 = 0
        while read(terminal, &octet, 1) == 1, octet != UInt8(ascii: "\n"), line.count < 1_024 { line.append(octet) }
        Self.write("\n", to: terminal)
        guard !line.isEmpty else { throw CommandProblem("GH-SECRET-002", "nothing was typed", exit: .usage) }
        return Redacted(line)
    }

    /// The same twice, for a secret that nobody could otherwise type again.
    static func choose(_ prompt: String) throws(CommandProblem) -> Redacted<[UInt8]> {
        let first = try Self.ask(prompt)
        guard first.reveal() == (try Self.ask("Again: ")).reveal() else {
            throw CommandProblem("GH-SECRET-002", "the two are not the same", exit: .usage)
        }
        return first
    }

    private static func write(_ text: String, to terminal: Int32) {
        let octets = Array(text.utf8)
        _ = octets.withUnsafeBytes { Glibc.write(terminal, $0.baseAddress, $0.count) }
    }
}
