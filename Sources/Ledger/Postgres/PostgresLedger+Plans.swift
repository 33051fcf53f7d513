package import EnrollmentCore
internal import PostgresKit
internal import SQLText

extension PostgresLedger {
    /// How the server goes about every statement used so far on one of the connections, whatever the values are.
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
            let values = types.isEmpty ? "" : "(\(types.map { _ in "NULL" }.joined(separator: ", ")))"
            plans[text] = try self.explanation("EXPLAIN EXECUTE examined \(values)")
            try self.connection.executeScript("DEALLOCATE examined")
        }
        return plans
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
