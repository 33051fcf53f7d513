import ArgumentParser
import Authority
import EnrollmentCore
import Ledger

extension CACommand {
    struct Import: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take in what an offline root signed, if it is exactly what was asked.",
            discussion: """
                Each signed part is compared octet for octet with what was recorded before the request left, and each
                signature is verified with the root's key. A new issuing authority is prepared then, after a trial issuance,
                and does not sign before it is published and activated; a link waits for its root's publication; CRLs are
                published at once. Importing the same answer again does nothing.

                  gatehouse ca import request.txt.answer

                Exit codes: 0 taken in, or taken in before, 4 not what was asked for.
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The answer, as it came from the root's machine.")
        var file: String
        @Option(help: "Why, in your words; kept with the record of the act.")
        var reason = "answer of an offline root"
        @Option(help: "Number of the ticket in your own system.")
        var ticket: String?

        func perform() async throws(CommandProblem) -> CommandOutput {
            let mandate = try OrderOptions.mandate(reason: self.reason, ticket: self.ticket)
            let octets = try CeremonyFiles.read(self.file)
            return try await self.common.withWritableLedger { (ledger, configuration) throws(CommandProblem) in
                let profiles = try ProfileFolder.load(configuration)
                let vault = try await Vault.open(by: configuration, in: ledger)
                let service = CeremonyService(ledger, vault, configuration)
                let (act, taken) = try await Self.take(octets, mandate, service, profiles)
                return try CeremonyScreen.taken(taken, trace: act.traceID, next: self.next(taken.request))
            }
        }

        private static func take(
            _ octets: [UInt8],
            _ mandate: Mandate,
            _ service: CeremonyService,
            _ profiles: ProfileFolder
        ) async throws(CommandProblem) -> (AdministrativeAct, CeremonyService.Taken) {
            do throws(EnrollmentError) {
                let act = try mandate.act(.importCeremony, at: SystemClock().now)
                let judges = CeremonyService.Profiles(
                    device: profiles.device,
                    issuing: profiles.issuing,
                    server: profiles.server
                )
                return (act, try await service.take(octets, act: act, profiles: judges))
            } catch {
                throw CommandProblem(ceremony: error)
            }
        }

        private func next(_ request: CeremonyRequest) -> String {
            let config = self.common.config.map { ["--config", $0] } ?? []
            return switch request.kind {
            case .founding: ShellWords.line(["gatehouse", "serve"] + config)
            case .issuing: ShellWords.line(["gatehouse", "ca", "publish", request.issuerID] + config)
            case .root: ShellWords.line(["gatehouse", "ca", "publish", request.newRoot ?? request.issuerID] + config)
            case .crl: ShellWords.line(["gatehouse", "crl", "show", request.rootID] + config)
            }
        }
    }
}
