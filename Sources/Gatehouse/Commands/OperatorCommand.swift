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
    /// Goes to standard output in place of ``text`` where it is no text, such as DER.
    var octets: [UInt8]?
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
            await OpenTokens.close()
        } catch {
            await OpenTokens.close()
            if self.common.json { Terminal.write(error.json.text) }
            Terminal.explain(error.text)
            throw error.exit
        }
        if let octets = output.octets, !self.common.json {
            Terminal.write(octets)
        } else {
            Terminal.write(self.common.json ? output.json.text : output.text)
        }
        if output.exit != .done { throw output.exit }
    }
}

extension CommonOptions {
    /// Opens the ledger for one command, which writes nothing: a service may be writing at the same time.
    func withLedger<Result>(
        _ body: (any LedgerStore, Configuration) async throws(EnrollmentError) -> Result
    ) async throws(CommandProblem) -> Result {
        let configuration = try self.configuration()
        let ledger = try await Self.opening(configuration).openForCommand(.readOnly)
        do throws(EnrollmentError) {
            let result = try await body(ledger, configuration)
            await ledger.close()
            return result
        } catch {
            await ledger.close()
            throw CommandProblem(error)
        }
    }

    /// Opens the ledger for a command that changes it, beside a service that may be writing, too: each waits for the
    /// other's transactions, which are short.
    ///
    /// A store of another version of the schema is refused; bringing it up to date is the service's to do.
    func withWritableLedger<Result>(
        _ body: (any LedgerStore, Configuration) async throws(CommandProblem) -> Result
    ) async throws(CommandProblem) -> Result {
        try await self.withLedger(.readWrite, body)
    }

    /// As ``withLedger(_:)``, for a command that has problems of its own to tell.
    func withReadableLedger<Result>(
        _ body: (any LedgerStore, Configuration) async throws(CommandProblem) -> Result
    ) async throws(CommandProblem) -> Result {
        try await self.withLedger(.readOnly, body)
    }

    private func withLedger<Result>(
        _ access: LedgerAccess,
        _ body: (any LedgerStore, Configuration) async throws(CommandProblem) -> Result
    ) async throws(CommandProblem) -> Result {
        let configuration = try self.configuration()
        let ledger = try await Self.opening(configuration).openForCommand(access)
        do throws(CommandProblem) {
            let result = try await body(ledger, configuration)
            await ledger.close()
            return result
        } catch {
            await ledger.close()
            throw error
        }
    }

    private static func opening(_ configuration: Configuration) -> StoreOpening {
        var logger = Logger(label: "gatehouse") { _ in LineLogHandler(format: .text) }
        logger.logLevel = .error
        return StoreOpening(configuration: configuration, logger: logger)
    }
}

/// Asks a port, and turns what it refused into what a command says.
func answer<Value>(
    _ body: () async throws(EnrollmentError) -> Value
) async throws(CommandProblem) -> Value {
    do throws(EnrollmentError) {
        return try await body()
    } catch {
        throw CommandProblem(error)
    }
}

extension CommandProblem {
    static func notFound(_ what: String, _ name: String, _ remedy: String) -> CommandProblem {
        CommandProblem("GH-FIND-001", "there is no \(what) \(name)", [("try", remedy)], exit: .notFound)
    }

    /// A command that is used as it must not be.
    static func usage(_ sentence: String, see command: String) -> CommandProblem {
        CommandProblem("GH-USAGE-008", sentence, [("see", "gatehouse \(command) --help")], exit: .usage)
    }
}
