import ArgumentParser
import DeviceSimulator
import EnrollmentCore
import Glibc
import ServiceRuntime

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Play a device, to test a deployment.",
        subcommands: [Windows.self]
    )

    struct Windows: OperatorCommand {
        static let configuration = CommandConfiguration(
            commandName: "windows",
            abstract: "Play a Windows 11 device that enrolls with user name and password.",
            discussion: """
                Discovers, asks for the policy, enrolls, checks every answer against the protocol, verifies the chain,
                and proves the new certificate in a TLS connection. The first deviation is told in words. Works with
                any server.

                  gatehouse simulate windows --user kim@corp.example --password-file kim.txt --ca root.pem
                  gatehouse simulate windows --server https://localhost:8443 --ca root.pem --user kim --password-file -
                  gatehouse simulate windows --devices 1000 --users users.txt --concurrency 16 --ca root.pem

                A users file has one user a line: name, a tab or a colon, password. Exit codes: 0 every device
                enrolled, 1 one did not, 2 usage.
                """
        )

        @OptionGroup var common: CommonOptions
        @Option(help: "Base URL of the service; default: derived from the user's mail domain, as Windows does.")
        var server: String?
        @Option(help: "User name.")
        var user: String?
        @Option(help: "File with the password; - reads one line from standard input.")
        var passwordFile: String?
        @Option(help: "File with many users, for load.")
        var users: String?
        @Option(help: "PEM file with the only authorities the server's certificate may lead to; default: the system's.")
        var ca: String?
        @Option(help: "host:port:address to use instead of asking the resolver; repeatable.")
        var resolve: [String] = []
        @Option(help: "Plain HTTP address to probe first, as Windows does when HTTPS does not answer.")
        var plainProbe: String?
        @Option(help: "How many devices.")
        var devices = 1
        @Option(help: "How many at the same time.")
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
        @Option(help: "Write the new certificate and its key, of one device, into this new file.")
        var save: String?

        func perform() async throws(CommandProblem) -> CommandOutput {
            let simulation = try self.simulation()
            let shutdown = ShutdownSignal()
            let isLoud = !self.common.json && self.devices == 1
            let interrupt = Interrupt.onFirst { shutdown.raise() }
            defer { interrupt.cancel() }
            let report = await simulation.run(until: shutdown) { event in
                if isLoud, case .step = event { Terminal.write("  \(event)\n") }
            }
            if let save = self.save { try self.write(report, to: save) }
            return CommandOutput(
                text: SimulationScreen.text(report),
                json: SimulationScreen.json(report),
                exit: report.enrolled == report.devices ? .done : .failed
            )
        }

        private func simulation() throws(CommandProblem) -> WindowsSimulation {
            var simulation = WindowsSimulation(users: try self.simulatedUsers())
            guard self.devices > 0, self.concurrency > 0, self.concurrency <= 1_024 else {
                throw self.usage("--devices and --concurrency are numbers from 1 on, the latter up to 1024")
            }
            simulation.devices = self.devices
            simulation.concurrency = min(self.concurrency, self.devices)
            simulation.discoveryAddress = self.server.map { "\($0)/EnrollmentServer/Discovery.svc" }
            simulation.plainProbeAddress = self.plainProbe
            simulation.provesPossession = !self.skipProof
            simulation.seed = self.seed
            simulation.distinctKeys = self.keys
            simulation.resolve = self.resolve
            switch self.connections {
            case "new-per-request": simulation.connections = .newPerRequest
            case "one-per-device": simulation.connections = .onePerDevice
            case "one-per-worker": simulation.connections = .onePerWorker
            default: throw self.usage("--connections is new-per-request, one-per-device or one-per-worker")
            }
            guard let variation = RequestVariation.allCases.first(where: { "\($0)" == self.request }) else {
                throw self.usage("--request \(self.request) is not a variation; see --help")
            }
            simulation.variation = variation
            if let ca = self.ca { simulation.trustedAuthorities = try self.read(ca) }
            if self.devices > 1 {
                simulation.progress = ProgressOutput(isTerminal: Terminal.errorIsInteractive) { Terminal.explain($0) }
            }
            return simulation
        }

        private func simulatedUsers() throws(CommandProblem) -> [SimulatedUser] {
            if let users = self.users {
                let lines = String(decoding: try self.read(users), as: UTF8.self).split(whereSeparator: \.isNewline)
                var found: [SimulatedUser] = []
                for (number, line) in lines.enumerated() where !line.hasPrefix("#") {
                    guard let cut = line.firstIndex(where: { $0 == "\t" || $0 == ":" }), cut > line.startIndex else {
                        throw self.usage(
                            "\(users), line \(number + 1): a name, a tab or colon, and a password are expected"
                        )
                    }
                    found.append(
                        SimulatedUser(name: String(line[..<cut]), password: String(line[line.index(after: cut)...]))
                    )
                }
                guard !found.isEmpty else { throw self.usage("\(users) names no user") }
                return found
            }
            guard let user = self.user, let passwordFile = self.passwordFile else {
                throw self.usage("--user and --password-file are needed, or --users")
            }
            let octets = passwordFile == "-" ? Array((readLine() ?? "").utf8) : try self.read(passwordFile)
            let password = String(decoding: octets, as: UTF8.self).trimmingLineEnd
            return [SimulatedUser(name: user, password: password)]
        }

        private func write(_ report: SimulationReport, to path: String) throws(CommandProblem) {
            guard case .success(let enrolled)? = report.outcomes.first?.result else { return }
            do throws(FileError) {
                let key: String
                do {
                    key = try enrolled.key.pem()
                } catch {
                    throw FileError(path: path, code: EINVAL)
                }
                try FilePath.create(path, Array((enrolled.certificatePEM + key).utf8), mode: 0o600)
            } catch {
                throw CommandProblem("GH-SIMULATE-001", "the identity was not saved: \(error)", exit: .failed)
            }
        }

        private func read(_ path: String) throws(CommandProblem) -> [UInt8] {
            do throws(FileError) {
                return try FilePath.read(path, limit: 64 << 20)
            } catch {
                throw CommandProblem("GH-USAGE-007", "\(error)", exit: .usage)
            }
        }

        private func usage(_ sentence: String) -> CommandProblem {
            CommandProblem("GH-USAGE-008", sentence, [("see", "gatehouse simulate windows --help")], exit: .usage)
        }
    }
}

extension String {
    fileprivate var trimmingLineEnd: String {
        var text = self[...]
        while let last = text.last, last.isNewline { text = text.dropLast() }
        return String(text)
    }
}
