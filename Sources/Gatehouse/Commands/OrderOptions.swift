public import ArgumentParser
public import EnrollmentCore

/// Options of everything that a person orders: the record keeps why.
struct OrderOptions: ParsableArguments {
    private static let longest = 500

    @Option(help: "Why, in your words; kept with the record of the act.")
    var reason: String
    @Option(help: "Number of the ticket in your own system.")
    var ticket: String?

    /// - Throws: ``CommandProblem`` with exit `usage` for a reason that says nothing or does not end.
    func mandate() throws(CommandProblem) -> Mandate {
        try Self.mandate(reason: self.reason, ticket: self.ticket)
    }

    static func mandate(reason: String, ticket: String?) throws(CommandProblem) -> Mandate {
        for (option, text) in [("--reason", reason), ("--ticket", ticket ?? "none")] {
            guard !text.allSatisfy(\.isWhitespace), text.count <= Self.longest else {
                throw CommandProblem(
                    "GH-USAGE-011",
                    "\(option) takes 1 to \(Self.longest) characters that somebody can read later",
                    [("try", "--reason \"mainboard replaced\" --ticket INC0048812")],
                    exit: .usage
                )
            }
        }
        return Mandate(reason: reason, ticket: ticket)
    }
}

extension RevocationReason: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(name: argument)
    }

    public static var allValueStrings: [String] { Self.allCases.map(\.name) }
    public var defaultValueDescription: String { self.name }
}

/// A number of days: `30` or `30d`.
struct DayCount: ExpressibleByArgument {
    let days: Int

    init(days: Int) {
        self.days = days
    }

    init?(argument: String) {
        let digits = argument.hasSuffix("d") ? argument.dropLast() : argument[...]
        guard let days = Int(digits), (1...3_650).contains(days) else { return nil }
        self.days = days
    }

    var defaultValueDescription: String { "\(self.days)d" }
}
