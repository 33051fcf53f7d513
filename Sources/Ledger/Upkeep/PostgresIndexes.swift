internal import SQLText

/// The indexes that a PostgreSQL store has to have, as its migrations name them.
enum PostgresIndexes {
    static let names: Set<String> = Self.names(in: PostgresSchema.migrations.map(\.text))

    /// Finds `INDEX name ON`, and takes away again what `DROP INDEX name` names.
    static func names(in scripts: [String]) -> Set<String> {
        var names: Set<String> = []
        for script in scripts {
            let words = script.split { $0 == " " || $0 == "\n" || $0 == ";" }
            for (index, word) in words.enumerated() where word == "INDEX" && index > 0 {
                let rest = words[(index + 1)...].drop { ["CONCURRENTLY", "IF", "NOT", "EXISTS"].contains($0) }
                guard let name = rest.first.map({ String($0) }) else { continue }
                if words[index - 1] == "DROP" {
                    names.remove(name)
                } else {
                    names.insert(name)
                }
            }
        }
        return names
    }
}
