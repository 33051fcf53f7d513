import ArgumentParser
import Glibc
import ServiceRuntime

/// Everything the product does, nouns first.
struct GatehouseCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gatehouse",
        abstract: "Enrolls Windows devices and issues their certificates.",
        discussion: """
            A new place:      gatehouse init --config /etc/gatehouse/gatehouse.json5 --host enroll.corp.example
            The service:      gatehouse serve
            Why a refusal:    gatehouse attempt show K7Q4-9M2X-TC32
            The keys:         gatehouse ca status
            Try it all:       gatehouse simulate windows --help

            Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 not found, 4 refused by a rule,
            5 a dependency is unavailable.
            """,
        version: "gatehouse 0.1.0",
        subcommands: [
            InitCommand.self, ServeCommand.self, ConfigCommand.self, DeviceCommand.self, CertificateCommand.self,
            CRLCommand.self, CACommand.self, CeremonyCommand.self, HandOffCommand.self, AttemptCommand.self,
            UserCommand.self, TokenCommand.self, StoreCommand.self, BackupCommand.self, DoctorCommand.self,
            SimulateCommand.self,
        ]
    )
}

@main
enum Main {
    static func main() async {
        // A reader that goes away, as in `| head`, is an error of one write and not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        let arguments = self.nounFirst(Array(CommandLine.arguments.dropFirst()))
        do {
            try await self.run(arguments)
        } catch let status as ExitStatus {
            exit(status.rawValue)
        } catch {
            self.explain(error, arguments)
        }
    }

    // The parser's commands are not Sendable; whoever parses one runs it, and `parse` gives it away for good.
    private nonisolated static func run(_ arguments: [String]) async throws {
        var command = try self.parse(arguments)
        if var command = command as? any AsyncParsableCommand {
            try await command.run()
        } else {
            try command.run()
        }
    }

    private nonisolated static func parse(_ arguments: [String]) throws -> sending any ParsableCommand {
        // Made from strings alone just now: nothing else can refer to it, which the compiler cannot see.
        nonisolated(unsafe) let command = try GatehouseCommand.parseAsRoot(arguments)
        return command
    }

    /// Lets the common options stand before the noun, too.
    private static func nounFirst(_ arguments: [String]) -> [String] {
        var leading: [String] = []
        var rest = arguments[...]
        while let first = rest.first {
            if first == "--json" || first.hasPrefix("--config=") {
                leading.append(first)
                rest = rest.dropFirst()
            } else if first == "--config", rest.count > 1 {
                leading += rest.prefix(2)
                rest = rest.dropFirst(2)
            } else {
                break
            }
        }
        return rest.isEmpty ? leading : rest + leading
    }

    /// Help goes to standard output with status 0; a mistake to standard error with status 2.
    private static func explain(_ error: any Error, _ arguments: [String]) -> Never {
        let message = GatehouseCommand.fullMessage(for: error)
        if GatehouseCommand.exitCode(for: error).isSuccess {
            Terminal.write(message + "\n")
            exit(ExitStatus.done.rawValue)
        }
        let unknown = self.unknownCommand(in: arguments)
        if arguments.contains("--json") {
            let problem = unknown ?? CommandProblem("GH-USAGE-001", GatehouseCommand.message(for: error), exit: .usage)
            Terminal.write(problem.json.text)
        }
        Terminal.explain(unknown?.text ?? message + "\n")
        exit(ExitStatus.usage.rawValue)
    }

    /// Finds the word that should name a command and does not; the parser would blame an option that comes after it.
    private static func unknownCommand(in arguments: [String]) -> CommandProblem? {
        var command: any ParsableCommand.Type = GatehouseCommand.self
        var path = GatehouseCommand._commandName
        for word in arguments {
            let commands = command.configuration.subcommands
            let names = commands.map { $0._commandName }
            guard !commands.isEmpty, command.configuration.defaultSubcommand == nil else { return nil }
            if let next = commands.first(where: { $0._commandName == word }) {
                command = next
                path += " \(word)"
                continue
            }
            let sentence: String
            if word == "--json" || word.hasPrefix("--config") {
                sentence = "\(path) needs a command: \(names.joined(separator: ", "))"
            } else if word.hasPrefix("-") || word == "help" {
                return nil
            } else {
                sentence = "there is no command \(path) \(word)\(word.hint(among: names))"
            }
            return CommandProblem("GH-USAGE-009", sentence, [("see", "\(path) --help")], exit: .usage)
        }
        return nil
    }
}

extension ExitStatus: Error {}
