internal import SQLText

/// Reads a table in the order of its key, some rows at a time.
struct TableReader {
    let table: StoreTable
    private let connection: LedgerConnection
    private var place: [StoreValue]
    private(set) var isAtEnd = false

    /// - Parameters:
    ///   - table: What to read.
    ///   - connection: Where it is.
    ///   - place: The key of the row to begin behind; empty for the beginning.
    init(_ table: StoreTable, on connection: LedgerConnection, after place: [StoreValue] = []) {
        self.table = table
        self.connection = connection
        self.place = place
    }

    /// The next rows; none at the end.
    mutating func next() throws -> [StoreRow] {
        guard !self.isAtEnd else { return [] }
        let row = try self.connection.prepare(self.place.isEmpty ? self.table.firstPage : self.table.nextPage)
        try row.bind(self.table.batch, at: 1)
        for (offset, (value, column)) in zip(self.place, self.table.key).enumerated() {
            try value.bind(to: row, at: Int32(offset + 2), as: column.kind)
        }
        var rows: [StoreRow] = []
        rows.reserveCapacity(self.table.batch)
        let isSQLite = self.connection.isSQLite
        while try row.step() { rows.append(StoreRow(row, of: self.table.columns, isSQLite: isSQLite)) }
        if let last = rows.last { self.place = last.key(in: self.table) }
        self.isAtEnd = rows.count < self.table.batch
        return rows
    }
}

extension StoreTable {
    func count(on connection: LedgerConnection) throws -> Int {
        Int(try connection.integer(self.count) ?? 0)
    }

    func isEmpty(on connection: LedgerConnection) throws -> Bool {
        try connection.integer(self.anyRow) == nil
    }

    /// The highest key; empty when there is no row.
    func lastKey(on connection: LedgerConnection) throws -> [StoreValue] {
        let row = try connection.prepare(self.lastKey)
        guard try row.step() else { return [] }
        return StoreRow(row, of: self.key, isSQLite: connection.isSQLite).values
    }

    func insert(_ rows: [StoreRow], on connection: LedgerConnection) throws {
        for row in rows {
            let statement = try connection.prepare(self.insertion)
            for (offset, (value, column)) in zip(row.values, self.columns).enumerated() {
                try value.bind(to: statement, at: Int32(offset + 1), as: column.kind)
            }
            try statement.run()
        }
    }
}
