import EnrollmentCore

/// Devices about to fall out, on the screen and as a document.
enum FallingOutReport {
    static func text(_ page: Page<FallingOutDevice>, at now: Timestamp) -> String {
        guard !page.elements.isEmpty else { return "No live device's certificate ends so soon.\n" }
        var table = Table([
            .init(title: "Device"), .init(title: "Name"), .init(title: "Owner"),
            .init(title: "Days left", isNumeric: true), .init(title: "Last proven contact"),
            .init(title: "Last refused renewal"), .init(title: "Rule"), .init(title: "Trace"),
        ])
        for falling in page.elements {
            table.append(
                "\(falling.device.device)",
                falling.device.name,
                falling.device.userPrincipalName,
                falling.daysLeft(at: now).map { String($0) },
                "\(falling.device.lastProvenContact)",
                falling.lastFailure.map { "\($0.started)" },
                falling.lastFailure?.rule,
                falling.lastFailure.map { "\($0.traceID)" }
            )
        }
        return table.text + Listing.footer(page.next)
    }

    static func json(_ page: Page<FallingOutDevice>, at now: Timestamp) -> JSONValue {
        let devices = page.elements.map { falling in
            JSONValue.object([
                ("device", falling.device.json),
                ("daysLeft", falling.daysLeft(at: now).map { .integer(Int64($0)) } ?? .null),
                ("lastRefusedRenewal", self.summary(falling.lastFailure)),
            ])
        }
        return Listing.json("gatehouse.falling-out/1", "devices", devices, next: page.next)
    }

    /// As much as tells why; the rest is behind the trace id.
    private static func summary(_ attempt: Attempt?) -> JSONValue {
        guard let attempt else { return .null }
        return .object([
            ("trace", .string("\(attempt.traceID)")), ("time", .time(attempt.started)),
            ("code", .optional(attempt.code?.rawValue)), ("rule", .optional(attempt.rule)),
            ("detail", .optional(attempt.detail)),
        ])
    }
}

extension FallingOutDevice {
    /// Whole days until the certificate ends, below zero after it.
    func daysLeft(at now: Timestamp) -> Int? {
        self.device.certificateEnds.map { ends in
            let seconds = ends.seconds(since: now)
            return Int(seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400)
        }
    }
}
