import ArgumentParser
import DeviceSimulator
import EnrollmentCore
import ServiceRuntime

struct SimulateLifetimeCommand: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "lifetime-soak",
        abstract: "Play whole lives in minutes: enroll, renew, lose an answer, be attacked, be revoked.",
        discussion: """
            The server needs a window of renewal that is open at birth: a device profile with validityDays 2 and
            renewPeriodDays 1. One device more than --devices enrolls; it plays the stranger whose certificate and
            signature the others try, and belongs to a user of the list as well: mind the device limit.

              gatehouse simulate windows lifetime-soak --user kim --password-file kim.txt --ca root.pem
              gatehouse simulate windows lifetime-soak --devices 50 --at-once 8 --renewals 16 --users users.txt \\
                  --ca root.pem --revoke-command 'gatehouse cert revoke --serial "$GATEHOUSE_SERIAL" --reason soak --commit'

            A life: enroll; with --manage the first session with the management server; renew by itself and with the password in turn, in all forms a renewal can have; lose
            answers and renew again; then, all to be refused: the certificate before, the key it has, a weak key,
            another device's certificate, another device's signature; then renew once more. Commands of yours then
            change what only you can change. They are run by the shell with GATEHOUSE_USER, and for revocation also
            GATEHOUSE_DEVICE, GATEHOUSE_SERIAL and GATEHOUSE_SHA256 in their environment; without a command its step is
            left out, and the report says so.

            Exit codes: 0 every life went as it had to, 1 one did not, 2 usage.
            """
    )

    @OptionGroup var common: CommonOptions
    @Option(help: "Base URL of the service; default: derived from the user's mail domain, as Windows does.")
    var server: String?
    @OptionGroup var people: UserOptions
    @OptionGroup var access: ServerOptions
    @Option(help: "How many lives.")
    var devices = 1
    @Option(name: [.customLong("concurrency"), .customLong("at-once")], help: "How many at the same time.")
    var concurrency = 1
    @Option(help: "Renewals of each device before it loses an answer.")
    var renewals = 4
    @Option(help: "Answers each device loses, one after the other.")
    var lostAnswers = 1
    @Option(help: "New keys: \(DeviceKey.Kind.words.map(\.name).joined(separator: ", ")).")
    var newKey = "rsa2048"
    @OptionGroup var management: ManagementOptions
    @Option(help: "Command after which no device of $GATEHOUSE_USER may renew.")
    var disableUserCommand: String?
    @Option(help: "Command after which they may again.")
    var restoreUserCommand: String?
    @Option(help: "Command that revokes the certificate $GATEHOUSE_SERIAL.")
    var revokeCommand: String?

    func perform() async throws(CommandProblem) -> CommandOutput {
        var soak = LifetimeSoak(try self.simulation())
        guard (0...10_000).contains(self.renewals), (0...100).contains(self.lostAnswers) else {
            throw .simulationUsage("--renewals is up to 10000 and --lost-answers up to 100", of: "lifetime-soak")
        }
        soak.renewals = self.renewals
        soak.lostAnswers = self.lostAnswers
        soak.keyKind = try .named(self.newKey, for: "lifetime-soak")
        soak.disableUser = self.disableUserCommand.map { HookCommand($0) }
        soak.restoreUser = self.restoreUserCommand.map { HookCommand($0) }
        soak.revoke = self.revokeCommand.map { HookCommand($0) }
        let shutdown = ShutdownSignal()
        let interrupt = Interrupt.onFirst { shutdown.raise() }
        defer { interrupt.cancel() }
        let report = await soak.run(until: shutdown)
        return CommandOutput(
            text: LifetimeScreen.text(report),
            json: LifetimeScreen.json(report),
            exit: report.isFine ? .done : .failed
        )
    }

    private func simulation() throws(CommandProblem) -> WindowsSimulation {
        guard self.devices > 0, self.concurrency > 0, self.concurrency <= 1_024 else {
            throw .simulationUsage(
                "--devices and --at-once are numbers from 1 on, the latter up to 1024",
                of: "lifetime-soak"
            )
        }
        var simulation = WindowsSimulation(users: try self.people.all())
        simulation.devices = self.devices
        simulation.concurrency = min(self.concurrency, self.devices)
        simulation.discoveryAddress = self.server.map { "\($0)/EnrollmentServer/Discovery.svc" }
        let access = try self.access.access()
        simulation.resolve = access.resolve
        simulation.trustedAuthorities = access.trustedAuthorities
        simulation.manages = self.management.manage
        simulation.managementAuthorities = try self.management.authorities()
        simulation.progress = ProgressOutput(isTerminal: Terminal.errorIsInteractive) { Terminal.explain($0) }
        return simulation
    }
}
