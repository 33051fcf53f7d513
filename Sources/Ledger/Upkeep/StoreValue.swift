internal import EnrollmentCore

/// One value of a row exactly as it is stored.
enum StoreValue: Hashable, Sendable {
    case null
    case integer(Int64)
    /// As octets: whether they are UTF-8 is for whoever reads them to say.
    case text([UInt8])
    case octets([UInt8])
}

/// One row, in the order of its table's columns.
struct StoreRow: Hashable, Sendable {
    let values: [StoreValue]

    func key(in table: StoreTable) -> [StoreValue] { Array(self.values.prefix(table.keyCount)) }

    /// Takes the row that the statement is at.
    init(_ row: borrowing LedgerStatement, of columns: some Collection<StoreTable.Column>, isSQLite: Bool) {
        var values: [StoreValue] = []
        values.reserveCapacity(columns.count)
        for (index, column) in columns.enumerated() {
            let index = Int32(index)
            if row.isNull(index) {
                values.append(.null)
                continue
            }
            switch column.kind {
            case .integer: values.append(.integer(row.integer(index)))
            case .octets: values.append(.octets(row.octets(index)))
            // SQLite hands out as octets what it holds as text, and so shows what a String would have mended.
            case .text: values.append(.text(isSQLite ? row.octets(index) : Array(row.text(index).utf8)))
            }
        }
        self.values = values
    }
}

extension StoreValue {
    /// Binds the value as one of that column.
    ///
    /// - Throws: ``EnrollmentError`` for a text that is not UTF-8.
    func bind(to statement: borrowing LedgerStatement, at index: Int32, as kind: StoreTable.Column.Kind) throws {
        switch (self, kind) {
        case (.null, .integer): try statement.bind(nil as Int64?, at: index)
        case (.null, .text): try statement.bind(nil as String?, at: index)
        case (.null, .octets): try statement.bind(nil as [UInt8]?, at: index)
        case (.integer(let value), _): try statement.bind(value, at: index)
        case (.octets(let value), _): try statement.bind(value, at: index)
        case (.text(let octets), _):
            guard let text = String(validating: octets, as: UTF8.self) else {
                throw EnrollmentError.unreadable("a text that is not UTF-8")
            }
            try statement.bind(text, at: index)
        }
    }

    /// For people: octets in hexadecimal, and what is long cut short.
    var shown: String {
        let text =
            switch self {
            case .null: "NULL"
            case .integer(let value): String(value)
            case .text(let octets): String(decoding: octets, as: UTF8.self)
            case .octets(let octets): Hexadecimal.encode(octets)
            }
        return text.count > 64 ? text.prefix(64) + "…" : text
    }
}

extension StoreValue: Comparable {
    /// The order in which both stores return keys: numbers by value, texts and octets octet by octet.
    static func < (left: StoreValue, right: StoreValue) -> Bool {
        switch (left, right) {
        case (.integer(let left), .integer(let right)): left < right
        case (.text(let left), .text(let right)), (.octets(let left), .octets(let right)):
            left.lexicographicallyPrecedes(right)
        default: left.rank < right.rank
        }
    }

    private var rank: Int {
        switch self {
        case .null: 0
        case .integer: 1
        case .text: 2
        case .octets: 3
        }
    }
}
