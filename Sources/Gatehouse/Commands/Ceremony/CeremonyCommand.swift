import ArgumentParser
import Authority
import EnrollmentCore

/// What is done on the machine that keeps a root and has no network.
struct CeremonyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ceremony",
        abstract: "Keep a root on a machine without a network: make it, look at requests, sign them.",
        discussion: """
            Needs no configuration and no store. What is to be signed comes as one file and goes back as one:

              gatehouse ceremony root --organization "Corp Ltd" --out /media/vault/R1
              gatehouse ceremony show request.txt
              gatehouse ceremony sign request.txt --root /media/vault/R1

            At the service: gatehouse init --offline-root, ca prepare --offline, crl publish --offline, and ca import.
            """,
        subcommands: [Root.self, Show.self, Sign.self]
    )

    struct Show: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show what a ceremony's file holds, made from its exact octets.",
            discussion: """
                Refuses a file whose words are not what its octets say.

                  gatehouse ceremony show request.txt
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "A request or an answer.")
        var file: String

        func perform() async throws(CommandProblem) -> CommandOutput {
            let octets = try CeremonyFiles.read(self.file)
            do throws(EnrollmentError) {
                guard CeremonyFile.kind(of: octets) == .response else {
                    return try CeremonyScreen.shown(try CeremonyFile.request(in: octets))
                }
                return try CeremonyScreen.shown(try CeremonyFile.response(in: octets))
            } catch {
                throw CommandProblem(ceremony: error)
            }
        }
    }
}

extension CommandProblem {
    /// What a ceremony refused: nothing was signed, or taken in.
    init(ceremony error: EnrollmentError) {
        let exit: ExitStatus =
            switch error.code {
            case .messageFormat, .authorization: .refused
            default: CommandProblem(error).exit
            }
        self.init(
            "GH-CEREMONY-001",
            error.detail,
            [("rule", error.rule)] + error.facts.map { ($0.name, $0.value) },
            exit: exit
        )
    }
}
