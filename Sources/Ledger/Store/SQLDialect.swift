internal import SQLText

/// Puts a statement of the ledger into PostgreSQL's words.
///
/// The ledger's statements are written once, in what both stores understand but for four things: placeholders are `?1`,
/// where PostgreSQL has `$1`; `INDEXED BY` and a `+` before a column tell SQLite's planner which index to use or not, and
/// mean nothing to PostgreSQL's; `CROSS JOIN … ON` keeps SQLite from reordering a join, and is a plain join; and
/// octets are a `BLOB` there and `bytea` here.
enum SQLDialect {
    /// - Parameter sql: A statement of the ledger; texts in it hold none of these.
    /// - Returns: The same for PostgreSQL.
    static func postgres(_ sql: SQL) -> String {
        var words: [String] = []
        var skipped = 0
        for word in sql.text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            if skipped > 0 {
                skipped -= 1
            } else if word == "INDEXED" {
                // `BY` and the index's name.
                skipped = 2
            } else if word.hasPrefix("BLOB)") {
                words.append("bytea" + word.dropFirst(4))
            } else if word != "CROSS" {
                words.append(Self.postgres(word))
            }
        }
        return words.joined(separator: " ")
    }

    private static func postgres(_ word: Substring) -> String {
        var text = ""
        var isAtStart = true
        for (character, next) in zip(word, word.dropFirst().map { Optional($0) } + [nil]) {
            switch character {
            case "?": text.append("$")
            // A sign that adds stands alone.
            case "+" where isAtStart && next?.isLetter == true: break
            default: text.append(character)
            }
            isAtStart = character == "("
        }
        return text
    }
}
