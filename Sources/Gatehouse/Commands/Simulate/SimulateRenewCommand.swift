import ArgumentParser
import DeviceSimulator
import EnrollmentCore
import ServiceRuntime

struct SimulateRenewCommand: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew",
        abstract: "Renew the certificate of a saved identity, or of many at once.",
        discussion: """
            Makes a new key, signs the request with the old one, sends it in a TLS connection with the old certificate
            (or with the user's password), checks the answer, keeps the new identity, and uses it in a TLS connection:
            that is how the server learns that it arrived.

              gatehouse simulate windows renew --identity laptop --ca root.pem
              gatehouse simulate windows renew --identity laptop --manual --user kim --password-file kim.txt --ca root.pem
              gatehouse simulate windows renew --identity laptop --lose-answer --repeat 3 --ca root.pem
              gatehouse simulate windows renew --identities fleet --at-once 8 --skip-contact --new-key p256 --json

            With --lose-answer the device keeps what it has, as if the answer had been lost on the way. To be refused
            are: --same-key, --new-key rsa1024, and another device's --tls-identity or --signer.

            Exit codes: 0 all renewed, 1 one was not, 2 usage.
            """
    )

    @OptionGroup var common: CommonOptions
    @Option(help: "Folder that enrollment saved.")
    var identity: String?
    @Option(help: "Folder of such folders, for load.")
    var identities: String?
    @Flag(help: "With the user's password instead of the certificate in TLS.")
    var manual = false
    @OptionGroup var people: UserOptions
    @OptionGroup var access: ServerOptions
    @Option(help: "Where to send it; default: where the certificate came from.")
    var enrollmentURL: String?
    @Option(name: .customLong("repeat"), help: "How often each device renews, one time after the other.")
    var repeats = 1
    @Option(name: [.customLong("concurrency"), .customLong("at-once")], help: "How many devices at the same time.")
    var concurrency = 1
    @Option(
        help:
            "Connections: new, one for each renewal; kept, one for all with a certificate (see --lose-answer)."
    )
    var connections = "new"
    @Flag(help: "Throw the answer away; the identity stays as it is.")
    var loseAnswer = false
    @Flag(help: "Leave out the TLS connection with the new certificate at the end.")
    var skipContact = false
    @Option(
        help:
            "New keys: \(DeviceKey.Kind.words.map(\.name).joined(separator: ", ")); default: of the kind the device has."
    )
    var newKey: String?
    @Flag(help: "Ask for a certificate for the key the device has already.")
    var sameKey = false
    @Option(help: "How the token is typed: mde2 or mde1.")
    var valueType = RenewalForm.ValueType.mde2.rawValue
    @Option(help: "How often the message is encoded: once or twice.")
    var encode = RenewalForm.Encoding.once.rawValue
    @Flag(help: "Leave out the attribute that names the certificate to be renewed.")
    var withoutAttribute = false
    @Flag(help: "Wrap the request in CMC, as Windows' certificate client does.")
    var cmc = false
    @Flag(help: "Present no certificate in TLS, as behind a proxy: the signed message alone.")
    var withoutCertificate = false
    @Option(help: "Folder of another device whose certificate is presented in TLS.")
    var tlsIdentity: String?
    @Option(help: "Folder of another device that signs the message.")
    var signer: String?

    func perform() async throws(CommandProblem) -> CommandOutput {
        let folders = try self.folders()
        var renewal = WindowsRenewal(try self.candidates(folders))
        guard self.repeats > 0, self.repeats <= 1_000_000, self.concurrency > 0, self.concurrency <= 1_024 else {
            throw self.usage("--repeat and --at-once are numbers from 1 on, the latter up to 1024")
        }
        renewal.repeats = self.repeats
        renewal.losesAnswer = self.loseAnswer
        renewal.makesContact = !self.skipContact
        renewal.concurrency = min(self.concurrency, folders.count)
        renewal.access = try self.access.access()
        switch self.connections {
        case "new": renewal.keepsConnections = false
        case "kept": renewal.keepsConnections = true
        default: throw self.usage("--connections is new or kept")
        }
        renewal.keep = { index, identity throws(SimulationFailure) in try folders[index].replace(with: identity) }
        let isLoud = !self.common.json && folders.count * self.repeats == 1
        if folders.count * self.repeats > 1 {
            renewal.progress = ProgressOutput(isTerminal: Terminal.errorIsInteractive) { Terminal.explain($0) }
        }
        let shutdown = ShutdownSignal()
        let interrupt = Interrupt.onFirst { shutdown.raise() }
        defer { interrupt.cancel() }
        let report = await renewal.run(until: shutdown) { event in
            if isLoud, case .step = event { Terminal.write("  \(event)\n") }
        }
        return CommandOutput(
            text: RenewalScreen.text(report),
            json: RenewalScreen.json(report),
            exit: report.renewed == report.renewals ? .done : .failed
        )
    }

    private func folders() throws(CommandProblem) -> [IdentityFolder] {
        switch (self.identity, self.identities) {
        case (let path?, nil):
            return [IdentityFolder(path)]
        case (nil, let path?):
            do throws(SimulationFailure) {
                return try IdentityFolder.all(in: path)
            } catch {
                throw .simulation(error)
            }
        default:
            throw self.usage("exactly one of --identity and --identities is needed")
        }
    }

    private func candidates(_ folders: [IdentityFolder]) throws(CommandProblem) -> [WindowsRenewal.Candidate] {
        let plan = try self.plan()
        let users = self.manual ? try self.people.all() : []
        let byName = Dictionary(users.map { ($0.name, $0) }) { first, _ in first }
        var candidates: [WindowsRenewal.Candidate] = []
        for folder in folders {
            let identity = try self.read(folder)
            var plan = plan
            if self.manual {
                guard let user = users.count == 1 ? users[0] : byName[identity.user] else {
                    throw self.usage("\(folder.path) belongs to \(identity.user), who is not among the users")
                }
                plan.proof = .password(user)
            }
            candidates.append(WindowsRenewal.Candidate(identity, plan))
        }
        return candidates
    }

    private func plan() throws(CommandProblem) -> RenewalPlan {
        var plan = RenewalPlan()
        guard !(self.manual && self.withoutCertificate) else {
            throw self.usage("--manual presents no certificate anyway")
        }
        if self.withoutCertificate { plan.proof = .messageAlone }
        if self.sameKey {
            plan.newKey = .same
        } else if let newKey = self.newKey {
            plan.newKey = .fresh(try .named(newKey, for: "renew"))
        }
        guard let valueType = RenewalForm.ValueType(rawValue: self.valueType) else {
            throw self.usage("--value-type is mde2 or mde1")
        }
        guard let encoding = RenewalForm.Encoding(rawValue: self.encode) else {
            throw self.usage("--encode is once or twice")
        }
        plan.form.valueType = valueType
        plan.form.encoding = encoding
        plan.form.namesCertificate = !self.withoutAttribute
        plan.form.wrapsManagementMessage = self.cmc
        plan.presented = try self.tlsIdentity.map { path throws(CommandProblem) in try self.read(IdentityFolder(path)) }
        plan.signer = try self.signer.map { path throws(CommandProblem) in try self.read(IdentityFolder(path)) }
        plan.enrollmentAddress = self.enrollmentURL
        return plan
    }

    private func read(_ folder: IdentityFolder) throws(CommandProblem) -> DeviceIdentity {
        do throws(SimulationFailure) {
            return try folder.read()
        } catch {
            throw .simulation(error)
        }
    }

    private func usage(_ sentence: String) -> CommandProblem {
        .simulationUsage(sentence, of: "renew")
    }
}
