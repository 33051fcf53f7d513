public import ArgumentParser
public import EnrollmentCore

/// Options that choose events.
struct EventOptions: ParsableArguments {
    /// What one command takes by name.
    private static let mostIDs = 1_000

    @Option(help: "Only the event of this id; may be repeated.")
    var id: [EventIDArgument] = []
    @Option(help: "Only events of this device: its id.")
    var device: DeviceIDArgument?
    @Option(help: "Only events of this kind, such as enrolled, renewed, reset; may be repeated.")
    var kind: [HandOffEvent.Kind] = []
    @Option(help: "Only events recorded then or later: 2026-11-20T09:12:44Z, 2026-11-20, or 12h, 3d for that long ago.")
    var from: MomentArgument?
    @Option(help: "Only events recorded before then.")
    var until: MomentArgument?

    /// Whether anything narrows the selection.
    var isEmpty: Bool {
        self.id.isEmpty && self.device == nil && self.kind.isEmpty && self.from == nil && self.until == nil
    }

    /// - Throws: ``CommandProblem`` with exit `usage`.
    func selection(at now: Timestamp, for command: String) throws(CommandProblem) -> EventSelection {
        guard self.id.count <= Self.mostIDs else {
            throw .usage("--id may be given \(Self.mostIDs) times", see: command)
        }
        let selection = EventSelection(
            ids: self.id.map(\.id),
            device: self.device?.id,
            kinds: Set(self.kind),
            from: self.from?.moment(at: now),
            until: self.until?.moment(at: now)
        )
        if let from = selection.from, let until = selection.until, from >= until {
            throw .usage("--from \(from) is not before --until \(until)", see: command)
        }
        return selection
    }

    /// As they were given, for commands that a screen proposes; moments are absolute there.
    static func shellWords(_ selection: EventSelection) -> [String] {
        var words = selection.ids.flatMap { ["--id", "\($0)"] }
        if let device = selection.device { words += ["--device", "\(device)"] }
        words += selection.kinds.map(\.rawValue).sorted().flatMap { ["--kind", $0] }
        // Whole seconds are written: the second that a moment is in belongs to both.
        if let from = selection.from { words += ["--from", "\(from)"] }
        if let until = selection.until { words += ["--until", "\(until)"] }
        return words
    }
}

/// An event's id on the command line.
struct EventIDArgument: ExpressibleByArgument, Sendable {
    let id: DeviceID

    init?(argument: String) {
        guard let id = DeviceID(argument) else { return nil }
        self.id = id
    }
}

/// A device's id on the command line; whole, because a part of one could be another's.
struct DeviceIDArgument: ExpressibleByArgument, Sendable {
    let id: DeviceID

    init?(argument: String) {
        guard let id = DeviceID(argument) else { return nil }
        self.id = id
    }
}

extension HandOffEvent.Kind: ExpressibleByArgument {}
