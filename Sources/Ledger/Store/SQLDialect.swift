internal import SQLText

/// Puts a statement of the ledger into PostgreSQL's words.
///
/// The ledger's statements are written once, in what both stores understand but for three things: placeholders are
/// `?1`, where PostgreSQL has `$1`; `INDEXED BY` and a `+` before a column tell SQLite's planner which index to use or
/// not, and mean nothing to PostgreSQL's; `CROSS JOIN … ON` keeps SQLite from reordering a join, and is a plain join.
enum SQLDialect {
    /// - Parameter sql: A statement of the ledger; texts in it hold none of these.
    /// - Returns: The same for PostgreSQL.
    static func postgres(_ sql: SQL) -> String {
        var words: [Substring] = []
        var skipped = 0
        for word in sql.text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            if skipped > 0 {
                skipped -= 1
            } else if word == "INDEXED" {
                // `BY` and the index's name.
                skipped = 2
            } else if word != "CROSS" {
                words.append(word)
            }
        }
        var text = ""
        var previous: Character = " "
        for character in words.joined(separator: " ") {
            switch character {
            case "?": text.append("$")
            case "+" where previous == " " || previous == "(": break
            default: text.append(character)
            }
            previous = character
        }
        return text
    }
}
