public import ArgumentParser
public import EnrollmentCore
import Ledger
import X509Kit

struct CertificateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cert",
        abstract: "Look at certificates, at intents that led to none, and at the rules all of them obey; revoke.",
        subcommands: [List.self, Show.self, Rules.self, Revoke.self]
    )

    struct List: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "List certificates and intents, newest first.",
            discussion: """
                  gatehouse cert list
                  gatehouse cert list --state intent       recorded, perhaps signed, never confirmed
                  gatehouse cert list --issuer 2026-A --json
                """
        )

        @OptionGroup var common: CommonOptions
        @Option(
            help: ArgumentHelp(
                "Only in this state: \(CertificateState.allCases.map(\.rawValue).joined(separator: ", "))."
            )
        )
        var state: CertificateState?
        @Option(help: "Only by this issuer.")
        var issuer: String?
        @OptionGroup var page: PageOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            let query = CertificateQuery(
                state: self.state,
                issuerID: self.issuer,
                after: self.page.after,
                limit: try self.page.size()
            )
            let page = try await self.common.withLedger { (ledger, _) throws(EnrollmentError) in
                try await ledger.certificates(query)
            }
            var table = Table("Serial number", "Issuer", "State", "Profile", "Ends", "Subject")
            for certificate in page.elements {
                table.append(
                    "\(certificate.serialNumber)",
                    certificate.issuerID,
                    certificate.state.rawValue,
                    certificate.profile,
                    "\(certificate.notAfter)",
                    certificate.subject
                )
            }
            return CommandOutput(
                text: table.text + Listing.footer(page.next),
                json: Listing.json("gatehouse.cert-list/1", "certificates", page.elements.map(\.json), next: page.next)
            )
        }
    }

    struct Show: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show one certificate.",
            discussion: """
                  gatehouse cert show 013f7a22c0de…        serial number, with or without colons, blanks, 0x
                  gatehouse cert show 9f86d081884c7d65…    SHA-256 of the certificate
                  gatehouse cert show 013f7a22c0de… --pem | openssl x509 -noout -text
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "Serial number, or SHA-256 of the certificate, in hexadecimal.")
        var certificate: String
        @Flag(help: "The certificate alone, as PEM.")
        var pem = false

        func perform() async throws(CommandProblem) -> CommandOutput {
            let digits = self.certificate.filter { $0 != ":" && $0 != " " }
            let found = try await self.common.withLedger { (ledger, _) throws(EnrollmentError) -> Found? in
                let record: CertificateRecord?
                if digits.utf8.count == 64, let thumbprint = Hexadecimal.decode(digits) {
                    record = try await ledger.certificate(thumbprint: thumbprint)
                } else if let serialNumber = SerialNumber(digits) {
                    record = try await ledger.certificate(serialNumber)
                    if record == nil { return try await ledger.proof(of: serialNumber).map { .proof($0) } }
                } else {
                    record = nil
                }
                guard let record else { return nil }
                return .certificate(record, try await ledger.revocation(of: record.serialNumber))
            }
            switch found {
            case nil: throw .notFound("certificate", self.certificate, "gatehouse cert list")
            case .certificate(let record, let revocation): return try self.output(record, revocation)
            case .proof(let proof): return try self.output(proof)
            }
        }

        /// What the store has under a number.
        private enum Found {
            case certificate(CertificateRecord, Revocation?)
            /// Retention has removed the certificate.
            case proof(CertificateProof)
        }

        private func output(
            _ record: CertificateRecord,
            _ revocation: Revocation?
        ) throws(CommandProblem) -> CommandOutput {
            let document = JSONValue.object([
                ("schema", .string("gatehouse.cert/1")), ("certificate", record.json),
                ("revocation", revocation?.json ?? .null),
            ])
            guard self.pem else {
                return CommandOutput(text: CertificateReport.text(record, revocation), json: document)
            }
            guard let der = record.der else {
                throw CommandProblem(
                    "GH-FIND-003",
                    "\(record.serialNumber) is an intent: no certificate was stored for it",
                    exit: .notFound
                )
            }
            return CommandOutput(text: PEM.encode(der, label: "CERTIFICATE"), json: document)
        }

        private func output(_ proof: CertificateProof) throws(CommandProblem) -> CommandOutput {
            guard !self.pem else {
                throw CommandProblem(
                    "GH-FIND-003",
                    "\(proof.serialNumber) was pruned \(proof.pruned): a proof of it is kept, and no certificate",
                    [("see", "gatehouse cert show \(proof.serialNumber)")],
                    exit: .notFound
                )
            }
            return CommandOutput(text: CertificateReport.text(proof), json: proof.json)
        }
    }

    struct Rules: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the rules that every certificate is held to before it is signed.",
            discussion: """
                  gatehouse cert rules
                  gatehouse cert rules --json
                """
        )

        @OptionGroup var common: CommonOptions

        func perform() async throws(CommandProblem) -> CommandOutput {
            var table = Table("Rule", "Source")
            for rule in CertificateLint.rules { table.append(rule.name, rule.source) }
            let rules = CertificateLint.rules.map { rule in
                JSONValue.object([("name", .string(rule.name)), ("source", .string(rule.source))])
            }
            return CommandOutput(
                text: table.text,
                json: .object([("schema", .string("gatehouse.cert-rules/1")), ("rules", .array(rules))])
            )
        }
    }
}

extension CertificateState: ExpressibleByArgument {}

extension Revocation {
    var json: JSONValue {
        .object([
            ("serialNumber", .string("\(self.serialNumber)")), ("issuer", .string(self.issuerID)),
            ("reason", .string(self.reason.name)), ("time", .time(self.revoked)),
        ])
    }
}
