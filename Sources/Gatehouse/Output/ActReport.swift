import EnrollmentCore

/// Something a person ordered, on the screen.
enum ActReport {
    static func text(_ record: ActRecord) -> String {
        let act = record.act
        var lines = ["\(act.traceID)  \(act.verb.rawValue)  \(act.time)"]
        lines.append(Labelled.line("by", Table.printable(act.actor)))
        lines.append(Labelled.line("reason", Table.printable(act.reason)))
        if let ticket = act.ticket { lines.append(Labelled.line("ticket", Table.printable(ticket))) }
        if let device = record.device { lines.append(Labelled.line("device", "\(device)")) }
        for fact in record.facts {
            lines.append(Labelled.line("", "\(Table.printable(fact.name)): \(Table.printable(fact.value))"))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// `h.jensen@gate-01: lost, being looked for (INC0048812)`.
    static func summary(_ act: AdministrativeAct) -> String {
        "\(act.actor): \(act.reason)" + (act.ticket.map { " (\($0))" } ?? "")
    }
}

extension AdministrativeAct {
    var json: JSONValue {
        .object([
            ("trace", .string("\(self.traceID)")), ("verb", .string(self.verb.rawValue)),
            ("actor", .string(self.actor)), ("reason", .string(self.reason)), ("ticket", .optional(self.ticket)),
            ("time", .time(self.time)),
        ])
    }
}

extension ActRecord {
    var json: JSONValue {
        .object([
            ("act", self.act.json), ("device", .optional(self.device.map { "\($0)" })),
            ("facts", .object(self.facts.map { ($0.name, .string($0.value)) })),
        ])
    }
}
