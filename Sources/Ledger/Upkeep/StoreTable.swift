internal import SQLText

/// One table of the ledger, described once for everything that goes through all of them row by row.
struct StoreTable: Sendable {
    struct Column: Sendable {
        enum Kind: Sendable {
            case integer
            case text
            case octets
        }

        /// Quoted, since some are words of SQL's own.
        let name: SQL
        let kind: Kind
        let isOptional: Bool

        var title: String { self.name.unquoted }
    }

    /// Where the numbers of its `ordinal` come from.
    enum Numbering: Sendable {
        /// It has none.
        case none
        /// Above the highest there is.
        case aboveHighest
        /// Above the highest there ever was: somebody remembers numbers of rows that are gone.
        case forGood
    }

    /// Quoted.
    let name: SQL
    /// The key comes first.
    let columns: [Column]
    let keyCount: Int
    let numbering: Numbering
    /// Rows that are read or written at once; few where one row may be large.
    let batch: Int

    let firstPage: SQL
    let nextPage: SQL
    let lastKey: SQL
    let insertion: SQL
    let count: SQL
    let anyRow: SQL
    let removal: SQL
    /// Keeps everybody else from writing until the end of the transaction, or refuses at once; PostgreSQL alone.
    let exclusion: SQL

    var title: String { self.name.unquoted }
    var key: ArraySlice<Column> { self.columns.prefix(self.keyCount) }

    init(_ name: SQL, key: [Column], _ rest: [Column], numbering: Numbering = .none, batch: Int = 1_000) {
        self.name = name
        self.columns = key + rest
        self.keyCount = key.count
        self.numbering = numbering
        self.batch = batch
        let all = Self.list(self.columns.map(\.name))
        let keys = Self.list(key.map(\.name))
        let descending = Self.list(key.map { $0.name + "DESC" })
        let bounds = Self.list(Array(Self.placeholders[1...key.count]))
        let values = Self.list(Array(Self.placeholders.prefix(self.columns.count)))
        let selection: SQL = "SELECT" + all + "FROM" + name
        self.firstPage = selection + "ORDER BY" + keys + "LIMIT ?1"
        self.nextPage = selection + "WHERE (" + keys + ") > (" + bounds + ") ORDER BY" + keys + "LIMIT ?1"
        self.lastKey = "SELECT" + keys + "FROM" + name + "ORDER BY" + descending + "LIMIT 1"
        // A literal of one character would be no statement's text.
        self.insertion = "INSERT INTO" + name + " (" + all + ") VALUES (" + values + " )"
        self.count = "SELECT count(*) FROM" + name
        self.anyRow = "SELECT 1 FROM" + name + "LIMIT 1"
        self.removal = "DELETE FROM" + name
        self.exclusion = "LOCK TABLE" + name + "IN SHARE MODE NOWAIT"
    }

    private static func list(_ parts: [SQL]) -> SQL {
        parts.dropFirst().reduce(parts[0]) { $0 + ", " + $1 }
    }

    private static let placeholders: [SQL] = [
        "?1", "?2", "?3", "?4", "?5", "?6", "?7", "?8", "?9", "?10", "?11", "?12", "?13", "?14", "?15", "?16", "?17",
        "?18", "?19", "?20", "?21", "?22", "?23", "?24", "?25", "?26", "?27", "?28", "?29", "?30", "?31", "?32",
    ]
}

extension StoreTable.Column {
    static func integer(_ name: SQL) -> Self { Self(name: name, kind: .integer, isOptional: false) }
    static func text(_ name: SQL) -> Self { Self(name: name, kind: .text, isOptional: false) }
    static func octets(_ name: SQL) -> Self { Self(name: name, kind: .octets, isOptional: false) }
    static func optionalInteger(_ name: SQL) -> Self { Self(name: name, kind: .integer, isOptional: true) }
    static func optionalText(_ name: SQL) -> Self { Self(name: name, kind: .text, isOptional: true) }
    static func optionalOctets(_ name: SQL) -> Self { Self(name: name, kind: .octets, isOptional: true) }
}

extension SQL {
    /// A quoted name without its quotes.
    fileprivate var unquoted: String { self.text.filter { $0 != "\"" } }
}
