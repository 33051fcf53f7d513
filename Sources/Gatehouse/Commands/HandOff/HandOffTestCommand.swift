import ArgumentParser
import Authority
import EnrollmentCore
import ManagementLink

extension HandOffCommand {
    struct Test: OperatorCommand {
        static let configuration = CommandConfiguration(
            commandName: "test",
            abstract: "Send a marked test event to a destination right away, and explain what came back.",
            discussion: """
                Signed and sent like every event, past the queue and without a second try; it tells nothing and is
                recorded nowhere. Uses the configuration file, whatever a running service was started with.

                  gatehouse handoff test fleet-eu
                  gatehouse handoff test fleet-eu --json

                Exit codes: 0 taken, 1 not taken, 3 no such destination.
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "The destination, as the configuration names it.")
        var destination: String

        func perform() async throws(CommandProblem) -> CommandOutput {
            let configuration = try self.common.configuration()
            let known = configuration.handOff.destinations
            guard let destination = known.first(where: { $0.name == self.destination }) else {
                throw CommandProblem(
                    "GH-FIND-001",
                    "the configuration has no destination \(Table.printable(self.destination))",
                    known.isEmpty
                        ? [("see", "handOff.destinations in Config/README.md")]
                        : [("known", known.map(\.name).joined(separator: ", "))],
                    exit: .notFound
                )
            }
            // Whatever a real event would need is there, too.
            try HandOffParts.check(destination)
            let renderer = CloudEventRenderer(
                CloudEventBody(
                    source: configuration.deviceURL.text,
                    servers: [:],
                    disclosure: .omitted,
                    // A test event brings no account.
                    open: { (_, _) throws(EnrollmentError) in
                        throw EnrollmentError(.internalService, "There is nothing to open.", rule: "handoff.test")
                    }
                ),
                signer: try HandOffParts.signer(of: destination.endpoint, named: destination.name)
            )
            let connection = try HandOffParts.connection(to: destination.endpoint, named: destination.name)
            let probe = try await answer { () throws(EnrollmentError) in
                let id = DeviceID(random: try OpenSSLRandomSource().octets(16))
                let message = try renderer.test(id, to: destination.name, by: CommandActor.name, at: SystemClock().now)
                return DestinationProbe(id: id, message: message, over: connection)
            }
            let outcome = await probe.send()
            let screen = ProbeScreen(destination: destination.name, probe: probe, outcome: outcome)
            return CommandOutput(
                text: screen.text,
                json: screen.json,
                exit: screen.isAccepted ? .done : .failed
            )
        }
    }
}
