/// Why no connection came about, read from libpq's message: it gives no code.
///
/// The message holds a paragraph for each attempt, several for each host. Our process never chooses a language, so libpq
/// speaks English; the server's words are recognized by their SQLSTATE, which the verbose form has after the severity.
struct ConnectionRefusal {
    let kind: PostgresError.Kind
    let sqlState: String?
    let message: String

    /// - Parameters:
    ///   - text: libpq's message.
    ///   - silent: Hosts that did not answer in time.
    init(reading text: String, silent: [String] = []) {
        // Of a host that was given up it has only the beginning of a sentence.
        let lines = text.split(separator: "\n").map(String.init).filter { !$0.hasSuffix("failed: ") }
        // Indented lines and those with a label explain the line before.
        let refusals = lines.filter { line in
            !line.hasPrefix("\t") && !["LOCATION:", "DETAIL:", "HINT:", "CONTEXT:"].contains { line.hasPrefix($0) }
        }
        let judged = refusals.map { (Self.kind($0), Self.sqlState($0)) }
        // What an operator has to mend goes before what passes by itself.
        let worst = judged.min { Self.rank($0.0) < Self.rank($1.0) }
        self.kind = worst?.0 ?? .cannotConnect
        self.sqlState = worst?.1
        let waits = silent.map { "\($0) has not answered in time" }
        let said = waits + (self.kind == .invalidSettings ? ["libpq does not understand the settings"] : refusals)
        self.message = said.isEmpty ? "libpq gives no reason" : said.joined(separator: "; ")
    }

    private static func rank(_ kind: PostgresError.Kind) -> Int {
        let order: [PostgresError.Kind] = [
            .invalidSettings, .wrongPassword, .noDatabase, .tls, .tooManyConnections, .shuttingDown, .readOnly,
        ]
        return order.firstIndex(of: kind) ?? order.count
    }

    private static func kind(_ line: String) -> PostgresError.Kind {
        if let state = self.sqlState(line) {
            let kind = PostgresError.Kind(sqlState: state)
            return kind == .other ? .cannotConnect : kind
        }
        return self.words.first { line.contains($0.words) }?.kind ?? .cannotConnect
    }

    /// What libpq itself says, in the order in which to look.
    private static let words: [(words: String, kind: PostgresError.Kind)] = [
        ("no password supplied", .wrongPassword),
        ("server does not support SSL", .tls),
        ("SSL error", .tls),
        ("does not match host name", .tls),
        ("certificate", .tls),
        ("session is read-only", .readOnly),
        ("server is in hot standby mode", .readOnly),
        ("invalid connection option", .invalidSettings),
        ("in connection info string", .invalidSettings),
        ("in connection string", .invalidSettings),
        ("invalid URI", .invalidSettings),
        ("in URI", .invalidSettings),
        ("URI query", .invalidSettings),
        ("invalid port number", .invalidSettings),
        ("invalid integer value", .invalidSettings),
        (" value: \"", .invalidSettings),
        ("could not match", .invalidSettings),
        ("definition of service", .invalidSettings),
    ]

    /// The five characters after `FATAL:  `, in whatever language that word is.
    private static func sqlState(_ line: String) -> String? {
        var rest = Substring(line)
        while let colon = rest.firstIndex(of: ":") {
            rest = rest[rest.index(after: colon)...]
            guard rest.hasPrefix("  ") else { continue }
            let code = rest.dropFirst(2).prefix(5)
            let isCode = code.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) }
            if code.count == 5, isCode, rest.dropFirst(7).hasPrefix(":") { return String(code) }
        }
        return nil
    }
}
