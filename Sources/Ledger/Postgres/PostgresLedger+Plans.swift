package import EnrollmentCore
internal import PostgresKit
internal import SQLText

extension PostgresLedger {
    /// How the server goes about every statement used so far on one of the connections.
    ///
    /// Values are made up, and are found nowhere. Where a statement asks for so many rows at most, the server plans anew
    /// each time, as it does in service; all others are planned once, whatever the values are.
    package func queryPlans() async throws(EnrollmentError) -> [String: [String]] {
        try await self.runner.inspect { session in try session.plans() }
    }
}

extension PostgresSession {
    fileprivate func plans() throws -> [String: [String]] {
        var plans: [String: [String]] = [:]
        let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE"]
        for (text, types) in self.known where verbs.contains(where: { text.hasPrefix($0) }) {
            let names = types.map { type in
                switch type {
                case .integer: "bigint"
                case .text: "text"
                case .octets: "bytea"
                }
            }
            let list = names.isEmpty ? "" : "(\(names.joined(separator: ", ")))"
            try self.connection.executeScript("PREPARE examined \(list) AS \(text)")
            let isLimited = text.contains("LIMIT $")
            try self.connection.executeScript(
                "SET plan_cache_mode = force_\(isLimited ? "custom" : "generic")_plan"
            )
            let samples = types.enumerated().map { index, type in
                switch type {
                case .integer: Self.sample(of: index + 1, in: text)
                case .text: "'x'"
                case .octets: "'\\x00'"
                }
            }
            let values = types.isEmpty ? "" : "(\(samples.joined(separator: ", ")))"
            plans[text] = try self.explanation("EXPLAIN EXECUTE examined \(values)")
            try self.connection.executeScript("DEALLOCATE examined; RESET plan_cache_mode")
        }
        return plans
    }

    /// A page's length, or a number that does not keep any row out by itself.
    private static func sample(of parameter: Int, in text: String) -> String {
        if text.contains("LIMIT $\(parameter)") { return "51" }
        let isLowerBound = text.contains("> $\(parameter)") || text.contains(">= $\(parameter)")
        return isLowerBound ? "0" : "1000000000"
    }

    private func explanation(_ text: String) throws -> [String] {
        // Made anew each time, as what is examined under one name is.
        let statement = PostgresStatement(("EXPLAIN" as SQL) + "EXECUTE", text: text)
        self.examined.append(statement)
        let ticket = try self.connection.send(statement)
        try self.connection.synchronizeKeepingAnswers()
        let rows = try self.connection.rows(for: ticket)
        return (0..<rows.count).map { rows.text($0, 0) }
    }
}
