public import ArgumentParser
import Authority
public import EnrollmentCore
import Ledger
import OpenSSLKit
import X509Kit

extension CACommand {
    struct Prepare: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a new key and its certificate; nobody is told before it is published.",
            discussion: """
                The new issuer's key is of the kind that --algorithm says, else of the configured one
                (rotation.issuing.algorithm, rotation.root.algorithm), else of the present one's. Its certificate is
                signed by the active root. A trial issuance judges it before anything is recorded.

                  gatehouse ca prepare
                  gatehouse ca prepare --id 2026-B --commit --plan P-7F3K-22QM
                  gatehouse ca prepare --role root --algorithm ecdsa-p384

                With an offline root, --offline writes what it has to sign. A root that was made on an offline machine, by
                gatehouse ceremony root, is taken in with its certificate:

                  gatehouse ca prepare --offline request.txt
                  gatehouse ca prepare --role root --certificate root.cer

                Exit codes: 0 done or rehearsed, 4 another one is on its way, or the facts are not those of the plan,
                5 a token is out of reach.
                """
        )

        @OptionGroup var common: CommonOptions
        @Option(help: "What it is to sign: issuing for devices, root for issuing authorities.")
        var role = IssuerRecord.Role.issuing
        @Option(help: "Id; goes into URLs and is never used again. Default: year and letter, or R and a number.")
        var id: String?
        @Option(help: "Key; default: the configured one, then that of the present one.")
        var algorithm: InitCommand.Algorithm?
        @Option(
            help:
                "Make the key on this PKCS #11 token, as the configuration names it. Default: where the present one is."
        )
        var token: String?
        @Flag(help: "Make the key in the store, sealed for the passphrase, wherever the present one is.")
        var sealed = false
        @Option(help: "Have an offline root sign the certificate: writes what it has to sign into this file.")
        var offline: String?
        @Option(help: "Certificate of a root that was made on an offline machine: its root.cer.")
        var certificate: String?
        @OptionGroup var routine: RoutineOptions
        @OptionGroup var step: StepOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            try self.step.judge("ca prepare")
            if let id = self.id { try InitCommand.judge(id: id) }
            let mandate = try self.routine.mandate()
            let root = try self.elsewhere()
            return try await self.common.withWritableLedger { (ledger, configuration) throws(CommandProblem) in
                if let token = self.token { try configuration.judgeToken(token) }
                let desk = try await RotationDesk.open(ledger, configuration, shares: self.step.shareFile)
                let rotation = try await desk.rotation()
                let way: KeyWay
                if let root { way = root } else { way = try await self.way(desk, rotation) }
                let plan = try await self.plan(way, desk, rotation, as: try await self.newID(way, ledger, rotation))
                let screen = PrepareScreen(
                    plan: plan,
                    mandate: mandate,
                    options: self.routine.shellWords + self.step.shareWords,
                    config: self.common.config
                )
                let act = try await answer { () throws(EnrollmentError) in
                    try mandate.act(.prepareIssuer, at: rotation.now)
                }
                let gate = PlanGate(step: self.step, folder: PlanFolder(of: configuration))
                guard
                    try gate.admits(
                        plan.id,
                        facts: plan.facts,
                        summary: screen.summary,
                        rehearsedBy: screen.command(committing: false)
                    )
                else {
                    try await desk.rehearse(plan)
                    return screen.rehearsal(note: gate.keep(plan.id, facts: plan.facts))
                }
                if case .offline(let file, let token) = way {
                    let ceremony = CeremonyDesk(ledger: ledger, configuration: configuration)
                    return try await ceremony.askForIssuer(
                        plan.issuerID,
                        key: plan.algorithm.key,
                        on: token,
                        file: file,
                        by: act
                    )
                }
                let issuer = try await desk.prepare(plan, by: act)
                let ends = try await answer { () throws(EnrollmentError) in try KeyRotation.end(of: issuer) }
                return screen.done(issuer, ends: ends, trace: act.traceID)
            }
        }

        /// A root that made itself; `nil` for an issuer whose key is made here.
        ///
        /// Refuses options that do not go together.
        private func elsewhere() throws(CommandProblem) -> KeyWay? {
            guard !self.sealed || self.token == nil else {
                throw .usage("--sealed and --token exclude each other", see: "ca prepare")
            }
            guard self.offline == nil || self.role == .issuing else {
                throw .usage(
                    "an offline root is made by gatehouse ceremony root, and taken in with --certificate",
                    see: "ca prepare"
                )
            }
            guard let file = self.certificate else { return nil }
            guard self.role == .root, self.algorithm == nil, self.token == nil, !self.sealed else {
                throw .usage(
                    "--certificate goes with --role root, and says itself of which kind its key is",
                    see: "ca prepare"
                )
            }
            return .elsewhere(file: file, certificate: try CeremonyFiles.read(file))
        }

        /// Where the key is made, and who signs for it.
        private func way(_ desk: RotationDesk, _ rotation: KeyRotation) async throws(CommandProblem) -> KeyWay {
            var token = self.token
            if token == nil, !self.sealed { token = try await desk.seat(of: self.role, in: rotation) }
            if let file = self.offline { return .offline(file, token: token) }
            return token.map { .token($0) } ?? .sealed
        }

        /// Given, or a root's own, or the next one.
        private func newID(
            _ way: KeyWay,
            _ ledger: any LedgerStore,
            _ rotation: KeyRotation
        ) async throws(CommandProblem) -> String {
            if let id = self.id { return id }
            return try await answer { () throws(EnrollmentError) in
                if case .elsewhere(_, let certificate) = way, let own = try OfflineRootCertificate.id(in: certificate) {
                    return own
                }
                let asked = try await ledger.ceremonies().filter { $0.kind == .issuing }.map(\.issuerID)
                let taken = rotation.standings.map(\.id) + asked
                return RotationNaming.nextID(of: self.role, after: taken, at: rotation.now)
            }
        }

        private func plan(
            _ way: KeyWay,
            _ desk: RotationDesk,
            _ rotation: KeyRotation,
            as id: String
        ) async throws(CommandProblem) -> PreparationPlan {
            do throws(RotationRefusal) {
                try rotation.judgePreparation(of: id, as: self.role)
            } catch {
                throw CommandProblem(error)
            }
            let algorithm: InitCommand.Algorithm
            if case .elsewhere(let file, let certificate) = way {
                guard let kind = InitCommand.Algorithm(of: certificate) else {
                    throw CommandProblem(
                        "GH-CEREMONY-001",
                        "the key in \(file) is of no kind that a root here has",
                        [("see", "--algorithm of gatehouse ceremony root --help")],
                        exit: .refused
                    )
                }
                algorithm = kind
            } else {
                let present = rotation.latest(self.role)?.issuer.algorithm
                algorithm = self.algorithm ?? desk.rules[self.role].algorithm ?? present ?? .ecdsaP256
            }
            return try await answer { () throws(EnrollmentError) in
                try PreparationPlan(
                    id,
                    role: self.role,
                    algorithm: algorithm,
                    way: way,
                    signer: self.role == .root ? nil : rotation.active(.root)?.issuer,
                    profile: self.role == .root ? desk.profiles.root : desk.profiles.issuing
                )
            }
        }
    }
}

extension IssuerRecord.Role: ExpressibleByArgument {}

extension IssuerRecord {
    /// The kind of its key as the command line names it; `nil` when its certificate cannot be read or no command makes
    /// such keys.
    var algorithm: InitCommand.Algorithm? { InitCommand.Algorithm(of: self.certificate) }
}

extension InitCommand.Algorithm {
    /// Of the key in a certificate, DER.
    init?(of certificate: [UInt8]) {
        // What cannot be read has no kind; `doctor` says why.
        guard let key = try? Certificate(der: certificate).subjectKey().key else { return nil }
        switch key {
        case .elliptic(.p256, _): self = .ecdsaP256
        case .elliptic(.p384, _): self = .ecdsaP384
        case .ed25519: self = .ed25519
        case .rsa(let modulus, _): self.init(rawValue: "rsa-\(modulus.count * 8)")
        }
    }
}
