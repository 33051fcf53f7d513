import ArgumentParser
import EnrollmentCore
import Ledger

struct CRLCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crl",
        abstract: "Look at the revocation lists, and publish them at once.",
        subcommands: [Show.self, Publish.self]
    )

    struct Show: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the published CRLs: number, age, entries, changes that wait.",
            discussion: """
                  gatehouse crl show
                  gatehouse crl show 2026-A --json
                  gatehouse crl show 2026-A/3 --der | openssl crl -inform DER -noout -text
                """
        )

        @OptionGroup var common: CommonOptions
        @Argument(help: "An issuer, or one of its CRLs: 2026-A or 2026-A/3. Default: all of them.")
        var crl: String?
        @Flag(help: "The CRL alone, as DER.")
        var der = false
        @Flag(help: "The CRL alone, as PEM.")
        var pem = false

        func perform() async throws(CommandProblem) -> CommandOutput {
            let selection = try self.crl.map { (text) throws(CommandProblem) in try CRLSelection(text) }
            guard self.der || self.pem || selection?.number != nil else { return try await self.list(selection) }
            guard let selection, let shard = selection.shard, !(self.der && self.pem) else {
                throw .usage(
                    "--der and --pem go with one CRL, such as 2026-A/3, and not with each other",
                    see: "crl show"
                )
            }
            return try await self.one(shard)
        }

        private func list(_ selection: CRLSelection?) async throws(CommandProblem) -> CommandOutput {
            let all = try await self.common.withLedger { (ledger, _) throws(EnrollmentError) in
                try await ledger.shards()
            }
            let standings = all.filter { selection?.includes($0.shard) ?? true }
            if let selection, standings.isEmpty {
                throw .notFound("CRL of issuer", selection.issuerID, "gatehouse crl show")
            }
            let now = SystemClock().now
            return CommandOutput(
                text: CRLReport.table(standings, at: now),
                json: .object([
                    ("schema", .string("gatehouse.crl-list/1")), ("crls", .array(standings.map(\.json))),
                ])
            )
        }

        private func one(_ shard: CRLShard) async throws(CommandProblem) -> CommandOutput {
            let found = try await self.common.withLedger { (ledger, _) throws(EnrollmentError) in
                let standing = try await ledger.shards().first { $0.shard == shard }
                return (standing: standing, crl: try await ledger.crl(of: shard))
            }
            guard let standing = found.standing else { throw .notFound("CRL", "\(shard)", "gatehouse crl show") }
            let pem = found.crl.map { PEM.encode($0.der, label: "X509 CRL") }
            let document = JSONValue.object([
                ("schema", .string("gatehouse.crl/1")), ("crl", standing.json), ("pem", .optional(pem)),
            ])
            guard self.der || self.pem else {
                return CommandOutput(text: CRLReport.text(standing, at: SystemClock().now), json: document)
            }
            guard let crl = found.crl, let pem else {
                throw CommandProblem(
                    "GH-FIND-003",
                    "\(shard) was never published",
                    [("try", "gatehouse crl publish \(shard)")],
                    exit: .notFound
                )
            }
            return CommandOutput(
                text: self.pem ? pem : "",
                json: document,
                octets: self.der ? crl.der : nil
            )
        }
    }
}

/// An issuer's CRLs, or one of them, as a command names them: `2026-A` or `2026-A/3`.
struct CRLSelection: Sendable {
    let issuerID: String
    let number: Int?

    init(_ text: String) throws(CommandProblem) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard let issuer = parts.first, !issuer.isEmpty, parts.count <= 2 else {
            throw .usage("\(text) is neither an issuer nor one of its CRLs, such as 2026-A/3", see: "crl show")
        }
        if parts.count == 2 {
            guard let number = Int(parts[1]), number >= 0 else {
                throw .usage("\(parts[1]) is no number of a CRL", see: "crl show")
            }
            self.number = number
        } else {
            self.number = nil
        }
        self.issuerID = String(issuer)
    }

    var shard: CRLShard? { self.number.map { CRLShard(issuerID: self.issuerID, number: $0) } }

    func includes(_ shard: CRLShard) -> Bool {
        shard.issuerID == self.issuerID && (self.number ?? shard.number) == shard.number
    }
}
