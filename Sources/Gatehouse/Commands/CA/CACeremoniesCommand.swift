import ArgumentParser
import Authority
import EnrollmentCore
import Ledger

extension CACommand {
    struct Ceremonies: OperatorCommand {
        static let configuration = CommandConfiguration(
            abstract: "List what an offline root was asked for; write a request again, or withdraw it.",
            discussion: """
                  gatehouse ca ceremonies
                  gatehouse ca ceremonies --again 7F3C-22A0-91D4-0B5E --out request.txt
                  gatehouse ca ceremonies --withdraw 7F3C-22A0-91D4-0B5E --reason "another key is wanted"
                """
        )

        @OptionGroup var common: CommonOptions
        @Option(help: "Write this ceremony's request again.")
        var again: String?
        @Option(help: "Where --again writes it.")
        var out: String?
        @Option(help: "End this ceremony: its answer is not taken in any more, and its key is wiped.")
        var withdraw: String?
        @Option(help: "Why, for --withdraw; kept with the record of the act.")
        var reason: String?
        @Option(help: "Number of the ticket in your own system.")
        var ticket: String?

        func perform() async throws(CommandProblem) -> CommandOutput {
            switch (self.again, self.out, self.withdraw, self.reason) {
            case (nil, nil, nil, nil): break
            case (let id?, let file?, nil, nil): return try await self.write(id, to: file)
            case (nil, nil, let id?, let reason?): return try await self.end(id, reason)
            default:
                throw .usage("--again goes with --out, and --withdraw with --reason", see: "ca ceremonies")
            }
            return try await self.common.withReadableLedger { (ledger, _) throws(CommandProblem) in
                let ceremonies = try await answer { () throws(EnrollmentError) in try await ledger.ceremonies() }
                return Self.output(ceremonies)
            }
        }

        private func write(_ id: String, to file: String) async throws(CommandProblem) -> CommandOutput {
            try CeremonyFiles.requireAbsent(file)
            return try await self.common.withReadableLedger { (ledger, _) throws(CommandProblem) in
                let record = try await Self.record(id, in: ledger)
                let text: String
                do throws(EnrollmentError) {
                    text = try CeremonyFile.encode(try CeremonyRequest(octets: record.request))
                } catch {
                    throw CommandProblem(ceremony: error)
                }
                try CeremonyFiles.create(file, text)
                return CommandOutput(text: "Done. Wrote \(file).\n", json: Self.document([record]))
            }
        }

        private func end(_ id: String, _ reason: String) async throws(CommandProblem) -> CommandOutput {
            let mandate = try OrderOptions.mandate(reason: reason, ticket: self.ticket)
            return try await self.common.withWritableLedger { (ledger, _) throws(CommandProblem) in
                let record = try await Self.record(id, in: ledger)
                let (isEnded, after) = try await answer { () throws(EnrollmentError) in
                    let act = try mandate.act(.withdrawCeremony, at: SystemClock().now)
                    let isEnded = try await ledger.closeCeremony(record.id, as: .withdrawn, act: act)
                    return (isEnded, try await ledger.ceremonies().filter { $0.id == record.id })
                }
                let text =
                    isEnded
                    ? "Done. Ceremony \(record.id) is withdrawn; its key is wiped.\n"
                    : "Ceremony \(record.id) was \(record.state.rawValue) before. Nothing to do.\n"
                return CommandOutput(text: text, json: Self.document(after))
            }
        }

        private static func record(
            _ id: String,
            in ledger: any LedgerStore
        ) async throws(CommandProblem) -> CeremonyRecord {
            let ceremonies = try await answer { () throws(EnrollmentError) in try await ledger.ceremonies() }
            guard let record = ceremonies.first(where: { $0.id == id.uppercased() }) else {
                throw .notFound("ceremony", id, "gatehouse ca ceremonies")
            }
            return record
        }

        private static func output(_ ceremonies: [CeremonyRecord]) -> CommandOutput {
            guard !ceremonies.isEmpty else {
                return CommandOutput(text: "No offline root was ever asked for anything.\n", json: Self.document([]))
            }
            var table = Table([
                .init(title: "Ceremony"), .init(title: "Kind"), .init(title: "Issuer"), .init(title: "State"),
                .init(title: "Asked"), .init(title: "Ended"),
            ])
            for record in ceremonies {
                table.append(
                    record.id,
                    record.kind.rawValue,
                    record.issuerID,
                    record.state.rawValue,
                    "\(record.created)",
                    record.ended.map { "\($0)" } ?? "-"
                )
            }
            return CommandOutput(text: table.text, json: Self.document(ceremonies))
        }

        private static func document(_ ceremonies: [CeremonyRecord]) -> JSONValue {
            .object([
                ("schema", .string("gatehouse.ceremonies/1")),
                (
                    "ceremonies",
                    .array(
                        ceremonies.map { record in
                            .object([
                                ("id", .string(record.id)), ("kind", .string(record.kind.rawValue)),
                                ("issuer", .string(record.issuerID)), ("state", .string(record.state.rawValue)),
                                ("created", .time(record.created)), ("ended", .time(record.ended)),
                            ])
                        }
                    )
                ),
            ])
        }
    }
}
