import ArgumentParser
import DeviceSimulator
import EnrollmentCore
import ServiceRuntime
import Synchronization

struct SimulateEnrollCommand: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "enroll",
        abstract: "Play a Windows 11 device that enrolls with user name and password.",
        discussion: """
            Discovers, asks for the policy, enrolls, checks every answer against the protocol, verifies the chain,
            and proves the new certificate in a TLS connection. The first deviation is told in words. Works with
            any server. With --manage the device then has its first OMA-DM session with the management server it was
            given: it proves itself with certificate and secret, and answers what the server asks.
            What comes after the enrollment: renew, contact, manage and lifetime-soak, each with its own --help.

              gatehouse simulate windows --user kim@corp.example --password-file kim.txt --ca root.pem
              gatehouse simulate windows --server https://localhost:8443 --ca root.pem --user kim --password-file -
              gatehouse simulate windows --user kim@corp.example --password-file kim.txt --ca root.pem --manage
              gatehouse simulate windows --devices 1000 --users users.txt --concurrency 16 --ca root.pem --save fleet

            A saved identity is a folder of mode 0700: current/ with private-key.pem, certificate.pem, roots.pem,
            intermediates.pem, provisioning.xml, account.xml and facts.json. Many devices get one folder each, inside.

            Exit codes: 0 every device enrolled, 1 one did not, 2 usage.
            """
    )

    @OptionGroup var common: CommonOptions
    @Option(help: "Base URL of the service; default: derived from the user's mail domain, as Windows does.")
    var server: String?
    @OptionGroup var people: UserOptions
    @OptionGroup var access: ServerOptions
    @Option(help: "Plain HTTP address to probe first, as Windows does when HTTPS does not answer.")
    var plainProbe: String?
    @Option(help: "How many devices.")
    var devices = 1
    @Option(name: [.customLong("concurrency"), .customLong("at-once")], help: "How many at the same time.")
    var concurrency = 1
    @Option(help: "Connections: new-per-request, one-per-device, one-per-worker.")
    var connections = "one-per-device"
    @Option(help: "The same seed plays the same devices.")
    var seed: UInt64?
    @Option(
        help: ArgumentHelp(
            "How many different keys the devices share; default: one each, which takes about 50 ms a device"
                + " beforehand. This service refuses a key that another device holds."
        )
    )
    var keys: Int?
    @Option(
        help: "A request as it should not be: \(RequestVariation.allCases.map { "\($0)" }.joined(separator: ", "))."
    )
    var request = "ordinary"
    @Flag(help: "Leave out the TLS connection with the new certificate at the end.")
    var skipProof = false
    @OptionGroup var management: ManagementOptions
    @Option(help: "Keep the identity in this new folder, to renew it later; of many devices one folder each inside.")
    var save: String?

    func perform() async throws(CommandProblem) -> CommandOutput {
        let simulation = try self.simulation()
        let keeper = try self.save.map { path throws(CommandProblem) in
            try IdentityKeeper(path, holdsMany: self.devices > 1)
        }
        let shutdown = ShutdownSignal()
        let isLoud = !self.common.json && self.devices == 1
        let interrupt = Interrupt.onFirst { shutdown.raise() }
        defer { interrupt.cancel() }
        let report = await simulation.run(until: shutdown) { event in
            if isLoud, case .step = event { Terminal.write("  \(event)\n") }
            if case .finished(let device, let outcome) = event, case .success(let enrolled) = outcome.result {
                keeper?.keep(enrolled, of: device)
            }
        }
        if let failure = keeper?.failure { throw .simulation(failure) }
        return CommandOutput(
            text: SimulationScreen.text(report),
            json: SimulationScreen.json(report),
            exit: report.enrolled == report.devices ? .done : .failed
        )
    }

    private func simulation() throws(CommandProblem) -> WindowsSimulation {
        var simulation = WindowsSimulation(users: try self.people.all())
        guard self.devices > 0, self.concurrency > 0, self.concurrency <= 1_024 else {
            throw .simulationUsage("--devices and --concurrency are numbers from 1 on, the latter up to 1024")
        }
        simulation.devices = self.devices
        simulation.concurrency = min(self.concurrency, self.devices)
        simulation.discoveryAddress = self.server.map { "\($0)/EnrollmentServer/Discovery.svc" }
        simulation.plainProbeAddress = self.plainProbe
        simulation.provesPossession = !self.skipProof
        simulation.manages = self.management.manage
        simulation.managementAuthorities = try self.management.authorities()
        simulation.seed = self.seed
        simulation.distinctKeys = self.keys
        let access = try self.access.access()
        simulation.resolve = access.resolve
        simulation.trustedAuthorities = access.trustedAuthorities
        switch self.connections {
        case "new-per-request": simulation.connections = .newPerRequest
        case "one-per-device": simulation.connections = .onePerDevice
        case "one-per-worker": simulation.connections = .onePerWorker
        default: throw .simulationUsage("--connections is new-per-request, one-per-device or one-per-worker")
        }
        guard let variation = RequestVariation.allCases.first(where: { "\($0)" == self.request }) else {
            throw .simulationUsage("--request \(self.request) is not a variation; see --help")
        }
        simulation.variation = variation
        if self.devices > 1 {
            simulation.progress = ProgressOutput(isTerminal: Terminal.errorIsInteractive) { Terminal.explain($0) }
        }
        return simulation
    }
}

/// Writes identities down as devices enroll, from their workers' threads.
private final class IdentityKeeper: Sendable {
    private let path: String
    private let holdsMany: Bool
    private let first = Mutex<SimulationFailure?>(nil)

    /// The first thing that went wrong.
    var failure: SimulationFailure? { self.first.withLock { $0 } }

    init(_ path: String, holdsMany: Bool) throws(CommandProblem) {
        self.path = path
        self.holdsMany = holdsMany
        // Before anybody enrolls: a device whose key is lost afterwards uses up a place of its user.
        guard !FilePath.exists(path) else {
            throw .simulationUsage("--save \(path): there is something already")
        }
        guard holdsMany else { return }
        do throws(FileError) {
            try FilePath.createFolder(path, mode: 0o700)
        } catch {
            throw CommandProblem("GH-USAGE-007", "\(error)", exit: .usage)
        }
    }

    func keep(_ enrolled: EnrolledDevice, of device: Int) {
        guard let identity = enrolled.identity else { return }
        let digits = String(device + 1)
        let name = String(repeating: "0", count: max(0, 6 - digits.count)) + digits
        do throws(SimulationFailure) {
            try IdentityFolder(self.holdsMany ? "\(self.path)/\(name)" : self.path).create(identity)
        } catch {
            self.first.withLock { $0 = $0 ?? error }
        }
    }
}
