import EnrollmentCore
import ServiceRuntime

/// How a command ends; the numbers are fixed.
enum ExitStatus: Int32, Sendable {
    case done = 0
    case failed = 1
    case usage = 2
    case notFound = 3
    case refused = 4
    case unavailable = 5
}

/// Why a command did not do what it was asked: one sentence, a few labelled lines, the last useful thing last.
struct CommandProblem: Error, Sendable {
    /// Stable, such as `GH-CONFIG-001`.
    let code: String
    let sentence: String
    let lines: [(label: String, text: String)]
    let exit: ExitStatus

    init(_ code: String, _ sentence: String, _ lines: [(label: String, text: String)] = [], exit: ExitStatus) {
        self.code = code
        self.sentence = sentence
        self.lines = lines
        self.exit = exit
    }

    /// What is wrong in a settings file.
    init(_ error: SettingsError) {
        self.init("GH-CONFIG-003", "\(error)", [("see", "Config/README.md has every key")], exit: .usage)
    }

    /// What the ledger, the authority or the directory refused.
    init(_ error: EnrollmentError) {
        let exit: ExitStatus =
            switch (error.rule, error.code) {
            case ("vault.passphrase", _): .usage
            case (_, .inMaintenance), (_, .enrollmentServer): .unavailable
            default: .failed
            }
        self.init(
            "GH-SERVICE-001",
            error.detail,
            [("rule", error.rule)] + error.facts.map { ($0.name, $0.value) },
            exit: exit
        )
    }

    /// For people, on standard error.
    var text: String {
        let width = self.lines.map(\.label.count).max() ?? 0
        let rows = self.lines.map { line in
            "  \(line.label)\(String(repeating: " ", count: width - line.label.count))   \(line.text)"
        }
        return (["error \(self.code): \(self.sentence)"] + rows).joined(separator: "\n") + "\n"
    }

    var json: JSONValue {
        .object([
            (
                "problem",
                .object([
                    ("code", .string(self.code)),
                    ("message", .string(self.sentence)),
                    ("details", .object(self.lines.map { ($0.label, .string($0.text)) })),
                    ("exit", .integer(Int64(self.exit.rawValue))),
                ])
            )
        ])
    }
}
