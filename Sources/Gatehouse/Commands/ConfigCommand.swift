import ArgumentParser
import Authority
import EnrollmentCore
import Logging

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check and show the configuration, and agree on it among replicas.",
        subcommands: [Check.self, Show.self, Agree.self]
    )

    struct Check: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check the configuration without starting anything.",
            discussion: """
                Reads the file, the secrets it refers to and the certificate profiles. Unknown keys are errors, named
                by path and line with the nearest known key. Exit codes: 0 fine, 2 something is wrong.

                  gatehouse config check
                  gatehouse config check --config /etc/gatehouse/gatehouse.json5
                  gatehouse config check --json
                """
        )

        @OptionGroup var common: CommonOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            let configuration = try self.common.configuration()
            _ = try configuration.passphrase.fetch()
            _ = try ProfileFolder.load(configuration)
            if case .postgres(let location) = configuration.store { _ = try location.password?.fetch() }
            for files in configuration.certificates { _ = try TLSSetup.identity(in: files) }
            try HandOffParts.check(configuration)
            _ = try ServiceGraph.verifier(
                for: configuration,
                logger: .init(label: "gatehouse") { _ in
                    LineLogHandler(format: .text)
                }
            )
            return CommandOutput(
                text: "\(configuration.file): fine. See what is in effect: gatehouse config show\n",
                json: .object([
                    ("schema", .string("gatehouse.config-check/1")), ("file", .string(configuration.file)),
                    ("fine", .boolean(true)),
                ])
            )
        }
    }

    struct Show: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the configuration in effect, defaults included and secrets left out.",
            discussion: """
                  gatehouse config show
                  gatehouse config show --json
                """
        )

        @OptionGroup var common: CommonOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            let configuration = try self.common.configuration()
            let rows = ConfigurationSummary.rows(of: configuration)
            let width = rows.map(\.key.count).max() ?? 0
            let text = rows.map { row in
                "\(row.key)\(String(repeating: " ", count: width - row.key.count))  \(row.value)\n"
            }
            return CommandOutput(
                text: text.joined(),
                json: .object([
                    ("schema", .string("gatehouse.config/1")),
                    ("settings", .object(rows.map { ($0.key, .string($0.value)) })),
                ])
            )
        }
    }
}
