internal import EnrollmentCore

/// Compares two stores row by row, in the order of their keys.
struct StoreComparison {
    let source: LedgerConnection
    let copy: LedgerConnection
    let digest: StoreDigest
    private(set) var different = 0
    private(set) var differences: [StoreCopyReport.Difference] = []

    init(source: LedgerConnection, copy: LedgerConnection, digest: @escaping StoreDigest) {
        self.source = source
        self.copy = copy
        self.digest = digest
    }

    /// One side of a table: rows as they come, a digest over those that were taken.
    private struct Side {
        private var reader: TableReader
        private var rows: ArraySlice<StoreRow> = []
        private var total: TableDigest
        private let digest: StoreDigest

        init(_ table: StoreTable, _ connection: LedgerConnection, _ digest: @escaping StoreDigest) throws {
            self.reader = TableReader(table, on: connection)
            self.total = try TableDigest(table, by: digest)
            self.digest = digest
        }

        var octets: [UInt8] { self.total.octets }

        mutating func peek() throws -> StoreRow? {
            if self.rows.isEmpty { self.rows = try self.reader.next()[...] }
            return self.rows.first
        }

        /// - Returns: The row's own digest.
        mutating func take(_ row: StoreRow) throws -> [UInt8] {
            let octets = try self.digest(RowCoding.encode(row.values))
            try self.total.append(octets)
            self.rows.removeFirst()
            return octets
        }
    }

    /// - Parameters:
    ///   - table: What to compare.
    ///   - progress: Hears how many more rows were compared; false ends the comparison.
    /// - Returns: The digests of both sides; `nil` when it was ended.
    /// - Throws: What one of the stores answered.
    mutating func compare(
        _ table: StoreTable,
        _ progress: (Int) -> Bool
    ) throws -> (source: [UInt8], copy: [UInt8])? {
        var left = try Side(table, self.source, self.digest)
        var right = try Side(table, self.copy, self.digest)
        var untold = 0
        while true {
            let (row, copied) = (try left.peek(), try right.peek())
            guard let first = [row, copied].compactMap({ $0?.key(in: table) }).min(by: Self.precedes) else { break }
            let original = row.flatMap { $0.key(in: table) == first ? $0 : nil }
            let image = copied.flatMap { $0.key(in: table) == first ? $0 : nil }
            let originalDigest = try original.map { try left.take($0) }
            let imageDigest = try image.map { try right.take($0) }
            if originalDigest != imageDigest { self.note(table, first, original, image) }
            untold += 1
            if untold == table.batch {
                guard progress(untold) else { return nil }
                untold = 0
            }
        }
        guard progress(untold) else { return nil }
        return (left.octets, right.octets)
    }

    private static func precedes(_ left: [StoreValue], _ right: [StoreValue]) -> Bool {
        left.lexicographicallyPrecedes(right)
    }

    private mutating func note(_ table: StoreTable, _ key: [StoreValue], _ row: StoreRow?, _ copy: StoreRow?) {
        self.different += 1
        guard self.differences.count < StoreCopy.mostNamed else { return }
        let what: String
        switch (row, copy) {
        case (.some(let row), .some(let copy)):
            let columns = zip(zip(row.values, copy.values), table.columns).filter { $0.0.0 != $0.0.1 }.map(\.1.title)
            what = "differs in \(columns.joined(separator: ", "))"
        case (.some, nil): what = "is missing"
        default: what = "is not in the source"
        }
        self.differences.append(
            StoreCopyReport.Difference(
                table: table.title,
                key: key.map(\.shown).joined(separator: " "),
                what: what
            )
        )
    }
}
