import EnrollmentCore

/// Events, newest first.
enum EventListScreen {
    static func output(_ page: Page<FeedEvent>) -> CommandOutput {
        var table = Table("When", "Event", "Kind", "Device", "Generation", "Name or subject", "Trace")
        for event in page.elements {
            table.append(
                "\(event.recorded)",
                "\(event.event.id)",
                event.event.kind.rawValue,
                event.event.device.map { "\($0)" },
                event.event.device == nil ? nil : "\(event.event.generation)",
                event.device?.name ?? event.subject,
                event.traceID.map { "\($0)" }
            )
        }
        return CommandOutput(
            text: table.text + Listing.footer(page.next),
            json: Listing.json("gatehouse.handoff-list/1", "events", page.elements.map(\.json), next: page.next)
        )
    }
}

extension FeedEvent {
    var json: JSONValue {
        .object([
            ("id", .string("\(self.event.id)")), ("kind", .string(self.event.kind.rawValue)),
            ("position", .integer(self.position)), ("recorded", .time(self.recorded)),
            ("device", .optional(self.event.device.map { "\($0)" })),
            ("generation", .integer(Int64(self.event.generation))),
            ("serialNumber", .optional(self.event.serialNumber.map { "\($0)" })),
            ("name", .optional(self.device?.name)), ("subject", .optional(self.subject)),
            ("trace", .optional(self.traceID.map { "\($0)" })),
        ])
    }
}

/// What waits or was given up, in the order of the feed.
struct DeliveryListScreen {
    let destination: String
    let page: Page<Delivery>
    let events: [FeedEvent]

    var output: CommandOutput {
        let events = Dictionary(self.events.map { ($0.position, $0) }, uniquingKeysWith: { first, _ in first })
        var table = Table("Event", "Kind", "Device", "Tries", "First tried", "Next try", "Because")
        var elements: [JSONValue] = []
        for delivery in self.page.elements {
            let event = events[delivery.position]
            table.append(
                event.map { "\($0.event.id)" } ?? "position \(delivery.position)",
                event?.event.kind.rawValue,
                delivery.device.map { "\($0)" },
                "\(delivery.attempts)",
                "\(delivery.since)",
                delivery.state == .waiting ? "\(delivery.nextTry)" : nil,
                delivery.lastError
            )
            elements.append(
                .object([
                    ("position", .integer(delivery.position)), ("event", event?.json ?? .null),
                    ("state", .string(delivery.state.rawValue)), ("attempts", .integer(Int64(delivery.attempts))),
                    ("since", .time(delivery.since)), ("nextTry", .time(delivery.nextTry)),
                    ("lastError", .optional(delivery.lastError)), ("replay", .boolean(delivery.isReplay)),
                ])
            )
        }
        return CommandOutput(
            text: table.text + Listing.footer(self.page.next),
            json: .object([
                ("schema", .string("gatehouse.handoff-deliveries/1")), ("destination", .string(self.destination)),
                ("deliveries", .array(elements)), ("next", .optional(self.page.next)),
            ])
        )
    }
}

/// Devices that enrolled and were not seen since, the longest silent first.
enum SilentListScreen {
    static func output(_ page: Page<SilentDevice>, at now: Timestamp) -> CommandOutput {
        var table = Table("Device", "Name", "Owner", "State", "Enrolled", "Silent for", "Told")
        var elements: [JSONValue] = []
        for silent in page.elements {
            table.append(
                "\(silent.device.device)",
                silent.device.name,
                silent.device.userPrincipalName,
                silent.device.state.rawValue,
                "\(silent.issued)",
                Numerals.duration(now.seconds(since: silent.issued)),
                silent.isTold ? "yes" : "no"
            )
            elements.append(
                .object([
                    ("device", silent.device.json), ("issued", .time(silent.issued)),
                    ("told", .boolean(silent.isTold)),
                ])
            )
        }
        return CommandOutput(
            text: table.text + Listing.footer(page.next),
            json: Listing.json("gatehouse.handoff-silent/1", "devices", elements, next: page.next)
        )
    }
}
