import ArgumentParser
import EnrollmentCore
import Ledger
import Logging

/// Options that every command takes.
struct CommonOptions: ParsableArguments {
    @Option(
        help: "Configuration file. Default: $GATEHOUSE_CONFIG, Config/gatehouse.json5, /etc/gatehouse/gatehouse.json5."
    )
    var config: String?

    @Flag(help: "One JSON document on standard output, errors included.")
    var json = false

    func configuration() throws(CommandProblem) -> Configuration {
        try ConfigurationFile.load(ConfigurationFile.locate(self.config))
    }
}

/// What a command found out, for people and for programs.
struct CommandOutput: Sendable {
    let text: String
    let json: JSONValue
    /// Other than `done` when what was found is worth a status of its own.
    var exit = ExitStatus.done
}

/// A command that answers once.
protocol OperatorCommand: AsyncParsableCommand {
    var common: CommonOptions { get }
    func perform() async throws(CommandProblem) -> CommandOutput
}

extension OperatorCommand {
    func run() async throws {
        let output: CommandOutput
        do throws(CommandProblem) {
            output = try await self.perform()
        } catch {
            if self.common.json { Terminal.write(error.json.text) }
            Terminal.explain(error.text)
            throw error.exit
        }
        Terminal.write(self.common.json ? output.json.text : output.text)
        if output.exit != .done { throw output.exit }
    }
}

extension CommonOptions {
    /// Opens the ledger for one command, which writes nothing: a service may be writing at the same time.
    func withLedger<Result>(
        _ body: (SQLiteLedger, Configuration) async throws(EnrollmentError) -> Result
    ) async throws(CommandProblem) -> Result {
        let configuration = try self.configuration()
        guard FilePath.exists(configuration.storePath) else {
            throw CommandProblem(
                "GH-STORE-001",
                "there is no store at \(configuration.storePath)",
                [("try", "gatehouse init --config \(configuration.file)")],
                exit: .unavailable
            )
        }
        var logger = Logger(label: "gatehouse") { _ in LineLogHandler(format: .text) }
        logger.logLevel = .error
        do throws(EnrollmentError) {
            let ledger = try await SQLiteLedger.open(
                LedgerSettings(path: configuration.storePath),
                access: .readOnly,
                logger: logger
            )
            do throws(EnrollmentError) {
                let result = try await body(ledger, configuration)
                await ledger.close()
                return result
            } catch {
                await ledger.close()
                throw error
            }
        } catch {
            throw CommandProblem(error)
        }
    }
}

extension CommandProblem {
    static func notFound(_ what: String, _ name: String, _ remedy: String) -> CommandProblem {
        CommandProblem("GH-FIND-001", "there is no \(what) \(name)", [("try", remedy)], exit: .notFound)
    }
}
