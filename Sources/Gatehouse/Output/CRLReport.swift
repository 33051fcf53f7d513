import EnrollmentCore

/// Published CRLs on the screen and as documents.
enum CRLReport {
    static func table(_ standings: [CRLStanding], at now: Timestamp) -> String {
        guard !standings.isEmpty else { return "No issuer has CRLs yet; the service makes them when it starts.\n" }
        var table = Table([
            .init(title: "CRL"), .init(title: "Number", isNumeric: true), .init(title: "This update"),
            .init(title: "Next update"), .init(title: "Age"), .init(title: "Entries", isNumeric: true),
            .init(title: "Changes wait"), .init(title: "State"),
        ])
        for standing in standings {
            let facts = standing.published
            table.append(
                "\(standing.shard)",
                facts.map { "\($0.number)" },
                facts.map { "\($0.thisUpdate)" },
                facts.map { "\($0.nextUpdate)" },
                facts.map { Numerals.duration(now.seconds(since: $0.thisUpdate)) },
                facts.map { Numerals.grouped($0.entryCount) },
                standing.waitingSince.map { Numerals.duration(now.seconds(since: $0)) },
                self.state(standing, at: now)
            )
        }
        return table.text
    }

    static func text(_ standing: CRLStanding, at now: Timestamp) -> String {
        var lines = ["\(standing.shard)  \(self.state(standing, at: now))"]
        if let facts = standing.published {
            let age = Numerals.duration(now.seconds(since: facts.thisUpdate))
            let left = facts.nextUpdate.seconds(since: now)
            lines += [
                Labelled.line("number", "\(facts.number)"),
                Labelled.line("this update", "\(facts.thisUpdate), \(age) ago"),
                Labelled.line(
                    "next update",
                    "\(facts.nextUpdate), \(left < 0 ? "\(Numerals.duration(-left)) ago" : "in \(Numerals.duration(left))")"
                ),
                Labelled.line("entries", Numerals.grouped(facts.entryCount)),
                Labelled.line("octets", Numerals.grouped(facts.octetCount)),
                Labelled.line("SHA-256", Hexadecimal.encode(facts.thumbprint)),
            ]
        }
        let waiting = standing.waitingSince.map { "since \($0)" }
        lines.append(Labelled.line("changes wait", waiting ?? "none"))
        return lines.joined(separator: "\n") + "\n"
    }

    private static func state(_ standing: CRLStanding, at now: Timestamp) -> String {
        guard let facts = standing.published else { return "never published" }
        return facts.nextUpdate < now ? "out of date" : "valid"
    }
}

extension CRLStanding {
    var json: JSONValue {
        let facts = self.published.map { facts in
            JSONValue.object([
                ("number", .integer(facts.number)), ("thisUpdate", .time(facts.thisUpdate)),
                ("nextUpdate", .time(facts.nextUpdate)), ("entries", .integer(Int64(facts.entryCount))),
                ("sha256", .string(Hexadecimal.encode(facts.thumbprint))),
                ("octets", .integer(Int64(facts.octetCount))),
            ])
        }
        return .object([
            ("issuer", .string(self.shard.issuerID)), ("shard", .integer(Int64(self.shard.number))),
            ("published", facts ?? .null), ("waitingSince", .time(self.waitingSince)),
        ])
    }
}
