import EnrollmentTestKit
import Foundation

/// A command at a terminal of its own, somebody typing.
struct TerminalRun: Sendable {
    /// Waits for a prompt, notes whether the terminal would show what is typed, and types.
    private static let script = """
        import json, os, pty, select, sys, termios
        answers, line = json.loads(sys.argv[1]), sys.argv[2:]
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(line[0], line)
        shows = lambda: bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
        hidden, seen = True, b""
        def take():
            if not select.select([terminal], [], [], 120)[0]:
                sys.exit("nothing more after: " + repr(seen))
            try:
                return os.read(terminal, 4096)
            except OSError:
                return b""
        for prompt, answer in answers:
            while prompt.encode() not in seen:
                more = take()
                if not more:
                    sys.exit("ended: " + repr(seen))
                seen += more
            seen = seen.split(prompt.encode(), 1)[1]
            hidden = hidden and not shows()
            os.write(terminal, answer.encode())
        while True:
            more = take()
            if not more:
                break
            seen += more
        status = os.waitpid(pid, 0)[1]
        print(json.dumps({"hidden": hidden, "shown": shows(), "status": os.waitstatus_to_exitcode(status),
            "output": seen.decode(errors="replace")}))
        """

    private struct Report: Decodable {
        let hidden: Bool
        let shown: Bool
        let status: Int32
        let output: String
    }

    /// Whether nothing of what was typed could be seen.
    let wasHidden: Bool
    /// Whether the terminal shows what is typed afterwards.
    let shows: Bool
    /// The exit code, or the number of the signal below 0.
    let status: Int32
    /// What came after the last answer.
    let output: String

    /// - Parameters:
    ///   - line: The command, with the program's path.
    ///   - answers: What is waited for, and what is typed then.
    /// - Returns: How it went.
    /// - Throws: When the command waits for something else, or ends before.
    static func run(_ line: [String], answers: [(prompt: String, answer: String)]) async throws -> TerminalRun {
        let typed = try JSONEncoder().encode(answers.map { [$0.prompt, $0.answer] })
        let outcome = try await ExternalCommand.run(
            "python3",
            ["-c", Self.script, String(decoding: typed, as: UTF8.self)] + line,
            seconds: 240
        )
        let report = try JSONDecoder().decode(Report.self, from: Data(outcome.output.utf8))
        return TerminalRun(
            wasHidden: report.hidden,
            shows: report.shown,
            status: report.status,
            output: report.output
        )
    }
}
