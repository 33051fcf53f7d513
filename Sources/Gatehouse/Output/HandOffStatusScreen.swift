import EnrollmentCore

/// Where every destination stands, on the screen and as a document.
struct HandOffStatusScreen {
    /// Counting deliveries stops there.
    private static let countLimit = 10_000

    let status: HandOffStatus
    let config: String?

    var text: String {
        let feed = self.status.feed.map { feed in
            "Feed          events \(Numerals.grouped(Int(feed.lowerBound))) to"
                + " \(Numerals.grouped(Int(feed.upperBound))) are kept\n"
        }
        var text = (feed ?? "Feed          empty\n") + "\n"
        guard !self.status.destinations.isEmpty else {
            return text + "Nothing was sent to any destination yet. See handOff.destinations in Config/README.md.\n"
        }
        var table = Table([
            .init(title: "Destination"), .init(title: "State"), .init(title: "Not told yet", isNumeric: true),
            .init(title: "Waiting", isNumeric: true), .init(title: "Given up", isNumeric: true),
            .init(title: "Last delivered"),
        ])
        for destination in self.status.destinations {
            table.append(
                destination.standing.name,
                self.word(destination.standing),
                Numerals.grouped(Int(self.status.behind(destination))),
                Self.count(destination.waiting),
                Self.count(destination.dead),
                destination.standing.lastDelivered.map { "\($0)" }
            )
        }
        text += table.text
        for destination in self.status.destinations where destination.needsSomebody {
            text += "\n" + self.trouble(destination).joined(separator: "\n") + "\n"
        }
        return text
    }

    private static func count(_ count: Int) -> String {
        count >= Self.countLimit ? "\(Numerals.grouped(Self.countLimit)) or more" : Numerals.grouped(count)
    }

    private func word(_ standing: DestinationStanding) -> String {
        if standing.state == .stopped { return "stopped" }
        if let until = standing.pausedUntil, until > self.status.now { return "paused" }
        return standing.failingSince == nil ? "active" : "failing"
    }

    private func trouble(_ destination: HandOffStatus.Destination) -> [String] {
        let standing = destination.standing
        var lines = [standing.name]
        if let since = standing.failingSince { lines.append(Labelled.line("failing since", " \(since)")) }
        if let until = standing.pausedUntil, until > self.status.now {
            lines.append(Labelled.line("next try", "\(until)"))
        }
        if let error = standing.lastError { lines.append(Labelled.line("because", Table.printable(error))) }
        if standing.state == .stopped {
            lines.append(Labelled.line("then", self.command("resume", standing.name, ["--reason", "…"])))
        } else if standing.failingSince != nil {
            lines.append(Labelled.line("try", self.command("test", standing.name, [])))
        }
        if destination.dead > 0 {
            lines.append(
                Labelled.line(
                    "given up",
                    ShellWords.line(
                        ["gatehouse", "handoff", "list", "--dead", "--destination", standing.name] + self.configWords
                    )
                )
            )
        }
        return lines
    }

    private var configWords: [String] { self.config.map { ["--config", $0] } ?? [] }

    private func command(_ verb: String, _ name: String, _ rest: [String]) -> String {
        let words = ShellWords.line(["gatehouse", "handoff", verb, name] + self.configWords)
        return rest.isEmpty ? words : words + " " + rest.joined(separator: " ")
    }

    var json: JSONValue {
        let destinations = self.status.destinations.map { destination in
            let standing = destination.standing
            return JSONValue.object([
                ("name", .string(standing.name)), ("state", .string(self.word(standing))),
                ("cursor", .integer(standing.cursor)), ("behind", .integer(self.status.behind(destination))),
                ("waiting", .integer(Int64(destination.waiting))), ("dead", .integer(Int64(destination.dead))),
                ("failingSince", .time(standing.failingSince)), ("pausedUntil", .time(standing.pausedUntil)),
                ("lastError", .optional(standing.lastError)), ("lastDelivered", .time(standing.lastDelivered)),
            ])
        }
        return .object([
            ("schema", .string("gatehouse.handoff-status/1")),
            ("firstPosition", self.status.feed.map { .integer($0.lowerBound) } ?? .null),
            ("lastPosition", self.status.feed.map { .integer($0.upperBound) } ?? .null),
            ("destinations", .array(destinations)), ("needsSomebody", .boolean(self.status.needsSomebody)),
        ])
    }
}
