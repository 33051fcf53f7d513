import EnrollmentCore

/// What came of publishing CRLs by hand.
struct CRLPublicationReport: Sendable {
    var published: [(shard: CRLShard, facts: CRLFacts)] = []
    /// Being made by somebody else.
    var leased: [(shard: CRLShard, holder: String, until: Timestamp)] = []

    var output: CommandOutput {
        CommandOutput(text: self.text, json: self.json, exit: self.leased.isEmpty ? .done : .unavailable)
    }

    private var text: String {
        var lines: [String] = []
        if !self.published.isEmpty {
            var table = Table([
                .init(title: "Published"), .init(title: "Number", isNumeric: true),
                .init(title: "Entries", isNumeric: true), .init(title: "Next update"),
            ])
            for (shard, facts) in self.published {
                table.append("\(shard)", "\(facts.number)", Numerals.grouped(facts.entryCount), "\(facts.nextUpdate)")
            }
            lines.append(String(table.text.dropLast()))
        }
        for (shard, holder, until) in self.leased {
            lines.append("\(shard) is being made by \(Table.printable(holder)), until \(until) at the latest")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private var json: JSONValue {
        let published = self.published.map { shard, facts in
            CRLStanding(shard: shard, published: facts, waitingSince: nil).json
        }
        let leased = self.leased.map { shard, holder, until in
            JSONValue.object([
                ("issuer", .string(shard.issuerID)), ("shard", .integer(Int64(shard.number))),
                ("holder", .string(holder)), ("until", .time(until)),
            ])
        }
        return .object([
            ("schema", .string("gatehouse.crl-publication/1")), ("published", .array(published)),
            ("leased", .array(leased)),
        ])
    }
}
