import ArgumentParser
import Authority
import EnrollmentCore
import Ledger
import Logging
import OpenSSLKit

struct InitCommand: OperatorCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a new authority: keys, first issuer, TLS certificate, database, configuration.",
        discussion: """
            Makes a root and an issuing authority below it, seals both keys with the passphrase, and issues the TLS
            certificate. A configuration that is there is used as it is; a missing one is written, with comments and
            certificate profiles beside it. Nothing is ever overwritten.

              gatehouse init
              gatehouse init --config /etc/gatehouse/gatehouse.json5 --host enroll.corp.example --organization "Corp Ltd"
              gatehouse init --algorithm rsa-3072 --root-algorithm rsa-4096
              gatehouse init --token hsm

            With --offline-root the root's key stays where gatehouse ceremony root made it: what it has to sign is written
            to a file, and gatehouse ca import finishes the place. The issuing authority's key may be on a token.

              gatehouse init --offline-root root.cer --root R1 --request request.txt --organization "Corp Ltd"
            """
    )

    /// A kind of key as the command line names it.
    enum Algorithm: String, CaseIterable, ExpressibleByArgument {
        case ecdsaP256 = "ecdsa-p256"
        case ecdsaP384 = "ecdsa-p384"
        case rsa2048 = "rsa-2048"
        case rsa3072 = "rsa-3072"
        case rsa4096 = "rsa-4096"
        case ed25519

        var key: KeyType {
            switch self {
            case .ecdsaP256: .ecdsaP256
            case .ecdsaP384: .ecdsaP384
            case .rsa2048: .rsa(bits: 2_048)
            case .rsa3072: .rsa(bits: 3_072)
            case .rsa4096: .rsa(bits: 4_096)
            case .ed25519: .ed25519
            }
        }
    }

    @OptionGroup var common: CommonOptions
    @Option(help: "Key of the issuing authority.")
    var algorithm = Algorithm.ecdsaP256
    @Option(help: "Key of the root; default: that of the issuing authority.")
    var rootAlgorithm: Algorithm?
    @Option(help: "Key of the TLS certificate; Windows needs ecdsa or rsa.")
    var tlsAlgorithm = Algorithm.ecdsaP256
    @Option(help: "Name of the organization in the authorities' certificates.")
    var organization = "Gatehouse"
    @Option(help: "Host name of the device URL, for a configuration that init writes.")
    var host: String?
    @Option(
        help: "Further name or address for the TLS certificate, repeatable; enterpriseenrollment.DOMAIN belongs here."
    )
    var name: [String] = []
    @Option(help: "Id of the root.")
    var root = "R1"
    @Option(help: "Id of the issuing authority; goes into URLs. Default: the year and A.")
    var issuer: String?
    @Option(help: "Make the issuing authority's key on this PKCS #11 token, as the configuration names it.")
    var token: String?
    @Option(help: "Make the root's key on this PKCS #11 token, as the configuration names it.")
    var rootToken: String?

    @Option(help: "Certificate of a root that is kept offline, as gatehouse ceremony root made it.")
    var offlineRoot: String?
    @Option(help: "Where what the offline root has to sign is written.")
    var request: String?

    func perform() async throws(CommandProblem) -> CommandOutput {
        try self.judgeNames()
        let offline = try self.offline()
        let file = ConfigurationFile.locate(self.common.config)
        let written = try NewPlace(file: file, host: self.host).prepare()
        let configuration = try ConfigurationFile.load(file)
        let profiles = try ProfileFolder.load(configuration)
        var logger = Logger(label: "gatehouse") { _ in LineLogHandler(format: .text) }
        logger.logLevel = .error
        let plan = self.plan(configuration, profiles)
        try self.judge(plan)
        for name in [self.token, self.rootToken].compactMap({ $0 }) { try configuration.judgeToken(name) }
        let founding = Founding(
            StoreOpening(configuration: configuration, logger: logger),
            plan: plan,
            agreement: Agreement(configuration, profiles),
            seats: Founding.Seats(root: self.rootToken, issuer: self.token),
            offline: offline?.certificate
        )
        let outcome = try await founding.perform()
        guard case .waiting(let asked, let act) = outcome.result, let file = offline?.file else {
            return self.output(configuration, outcome, written + outcome.made)
        }
        try CeremonyFiles.create(file, asked.file)
        return try CeremonyScreen.asked(
            asked.request,
            file: file,
            trace: act.traceID,
            heading: "The authority of \(self.organization) waits for its root; nothing is served before."
        )
    }

    /// The root's certificate, and where the request goes.
    private func offline() throws(CommandProblem) -> (certificate: [UInt8], file: String)? {
        switch (self.offlineRoot, self.request) {
        case (nil, nil): return nil
        case (let root?, let file?):
            guard self.rootAlgorithm == nil, self.rootToken == nil else {
                throw .usage("--root-algorithm and --root-token are for a root that is made here", see: "init")
            }
            try CeremonyFiles.requireAbsent(file)
            return (try CeremonyFiles.read(root), file)
        default: throw .usage("--offline-root and --request go together", see: "init")
        }
    }

    private func plan(_ configuration: Configuration, _ profiles: ProfileFolder) -> AuthorityFounder.Plan {
        AuthorityFounder.Plan(
            organization: self.organization,
            rootID: self.root,
            issuerID: self.issuer ?? "\(CivilTime(SystemClock().now).year)-A",
            rootKey: (self.rootAlgorithm ?? self.algorithm).key,
            issuerKey: self.algorithm.key,
            serverKey: self.tlsAlgorithm.key,
            rootProfile: profiles.root,
            issuingProfile: profiles.issuing,
            serverProfile: profiles.server,
            serverNames: ([configuration.deviceURL.host] + self.name).uniqued,
            addresses: configuration.addresses,
            node: configuration.node
        )
    }

    /// Refuses names that no certificate could hold before anything is made.
    private func judgeNames() throws(CommandProblem) {
        for name in self.name + (self.host.map { [$0] } ?? []) where !Self.isHostOrAddress(name) {
            throw CommandProblem("GH-USAGE-009", "\(name) is neither a host name nor an address", exit: .usage)
        }
        try Self.judge(organization: self.organization)
    }

    static func judge(organization: String) throws(CommandProblem) {
        guard !organization.isEmpty, organization.unicodeScalars.count <= 40,
            !organization.unicodeScalars.contains(where: \.steersTerminals), organization.first != " ",
            organization.last != " "
        else {
            throw CommandProblem(
                "GH-USAGE-010",
                "--organization takes 1 to 40 characters without blanks at its ends: it goes into the authorities' names",
                exit: .usage
            )
        }
    }

    private static func isHostOrAddress(_ name: String) -> Bool {
        if name.contains(":") { return ServerName.isAddress(name) }
        let bare = name.hasPrefix("*.") ? name.dropFirst(2) : name[...]
        let labels = bare.split(separator: ".", omittingEmptySubsequences: false)
        return (1...64).contains(name.utf8.count)
            && labels.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { octet in
                        switch octet {
                        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                            true
                        default: false
                        }
                    }
            }
    }

    static func judge(id: String) throws(CommandProblem) {
        let isPlain = id.utf8.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard isPlain, (1...16).contains(id.utf8.count) else {
            throw CommandProblem(
                "GH-USAGE-003",
                "\(id) is not an issuer id: up to 16 letters, digits and dashes, since it goes into URLs",
                exit: .usage
            )
        }
    }

    private func judge(_ plan: AuthorityFounder.Plan) throws(CommandProblem) {
        for id in [plan.rootID, plan.issuerID] { try Self.judge(id: id) }
        guard plan.rootID != plan.issuerID else {
            throw CommandProblem("GH-USAGE-004", "root and issuer need different ids", exit: .usage)
        }
        guard plan.serverKey != .ed25519 else {
            throw CommandProblem(
                "GH-USAGE-005",
                "Windows does not speak TLS with an Ed25519 certificate",
                [("try", "--tls-algorithm ecdsa-p256")],
                exit: .usage
            )
        }
    }

    private func output(
        _ configuration: Configuration,
        _ outcome: Founding.Outcome,
        _ notes: [String]
    ) -> CommandOutput {
        var made: [(String, IssuedCertificate)] = []
        if case .complete(let result) = outcome.result {
            made = [("root", result.root), ("issuer", result.issuer), ("tls", result.server)]
        }
        var lines = ["Done. \(self.organization) has an authority.", ""]
        lines += notes.map { "  made          \($0)" }
        let rest = outcome.hadRest ? ", in place of what an init left that was ended half-way" : ""
        lines.append("  made          \(configuration.store.name)\(rest)")
        for (name, certificate) in made {
            let label = name + String(repeating: " ", count: 13 - name.count)
            lines.append("  \(label) SHA-256 \(Hexadecimal.encode(certificate.thumbprint))")
            lines.append("                ends \(certificate.validity.notAfter), serial \(certificate.serialNumber)")
        }
        lines += [
            "", "Devices have to trust the root before they enroll. Take it along:",
            "  gatehouse cert show \(made.first.map { "\($0.1.serialNumber)" } ?? "SERIAL") --pem > root.pem",
            "",
            "Keep the passphrase (\(configuration.passphrase.place)) and a backup of the store in different places.",
            "", "Next:  gatehouse serve --config \(configuration.file)",
        ]
        let certificates = made.map { name, certificate in
            (
                name,
                JSONValue.object([
                    ("sha256", .string(Hexadecimal.encode(certificate.thumbprint))),
                    ("serialNumber", .string("\(certificate.serialNumber)")),
                    ("ends", .time(certificate.validity.notAfter)),
                    ("pem", .string(PEM.encode(certificate.der, label: "CERTIFICATE"))),
                ])
            )
        }
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: .object(
                [
                    ("schema", .string("gatehouse.init/1")), ("store", .string(configuration.store.name)),
                    ("config", .string(configuration.file)), ("made", .array(notes.map { .string($0) })),
                ] + certificates
            )
        )
    }
}

extension Array where Element: Hashable {
    /// Each element once, in the order of first appearance.
    fileprivate var uniqued: [Element] {
        var seen: Set<Element> = []
        return self.filter { seen.insert($0).inserted }
    }
}
