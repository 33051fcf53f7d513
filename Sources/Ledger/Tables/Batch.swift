internal import SQLText

/// Asks for many rows by their keys, several with each statement.
///
/// A list has no type that both stores know; so a statement has places for so many, of which the last batch repeats one.
enum Batch {
    static let size = 32

    /// Parameters 1 to ``size``; others of the statement come after them.
    static let placeholders: SQL = """
        (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24,
            ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32)
        """

    /// Cuts keys into batches of the same size.
    static func cut<Key>(_ keys: [Key]) -> [[Key]] {
        stride(from: 0, to: keys.count, by: Self.size).map { start in
            let batch = Array(keys[start..<min(start + Self.size, keys.count)])
            return batch + Array(repeating: batch[0], count: Self.size - batch.count)
        }
    }

    /// Asks batch by batch, all of them on their way at once.
    static func rows<Key, Row>(
        of keys: [Key],
        on connection: LedgerConnection,
        _ ask: ([Key]) throws -> [Row]
    ) throws -> [Row] {
        let batches = Self.cut(keys)
        try withoutActuallyEscaping(ask) { ask in
            try connection.foresee(batches.map { batch in { _ = try ask(batch) } })
        }
        return try batches.flatMap { try ask($0) }
    }
}
