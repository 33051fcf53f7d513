internal import SQLText

/// A statement that the server has, or is about to have, under a name.
struct PreparedStatement {
    let address: UInt
    let name: String
    let text: String
    let types: [PostgresType]
}

/// The statements of one connection; for each literal as many as there are ways to type its parameters, usually one.
struct PreparedStatements {
    private var plans: [UInt: [PreparedStatement]] = [:]
    private var names = 0

    func find(_ statement: PostgresStatement, _ values: [PostgresValue]) -> PreparedStatement? {
        self.plans[statement.sql.address]?.first { plan in
            plan.types.count == values.count && zip(plan.types, values).allSatisfy { $0 == $1.type }
        }
    }

    /// Gives the statement a name of its own, which ends in its first word for whoever reads the server's views.
    mutating func add(_ statement: PostgresStatement, _ types: [PostgresType]) -> PreparedStatement {
        self.names += 1
        let word = statement.text.unicodeScalars.prefix { $0.isASCII && $0.properties.isAlphabetic }
        let plan = PreparedStatement(
            address: statement.sql.address,
            name: "\(self.names)_\(String(word).prefix(20))",
            text: statement.text,
            types: types
        )
        self.plans[plan.address, default: []].append(plan)
        return plan
    }

    /// The server does not have it after all.
    mutating func remove(_ plan: PreparedStatement) {
        self.plans[plan.address]?.removeAll { $0.name == plan.name }
    }
}
