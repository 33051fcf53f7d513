internal import EnrollmentCore
internal import SQLText
internal import SQLiteKit
internal import Testing

@testable internal import Ledger

@Suite("The description of the tables that a copy goes by")
struct StoreTableTests {
    @Test("has every table and column of SQLite's schema, as they are there")
    func sqlite() throws {
        let connection = try SQLiteConnection(path: ":memory:", access: .readWrite)
        for script in SQLiteSchema.migrations { try connection.execute(script) }
        let row = try connection.prepare(
            """
            SELECT t.name, c.name, c.type, c."notnull" OR c.pk > 0, c.pk FROM sqlite_schema AS t,
                pragma_table_info(t.name) AS c
            WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY t.name, c.cid
            """
        )
        var found: [String: Set<String>] = [:]
        var keys: [String: [Int64: String]] = [:]
        while try row.step() {
            let column = "\(row.text(1)) \(row.text(2))\(row.boolean(3) ? " NOT NULL" : "")"
            found[row.text(0), default: []].insert(column)
            if row.integer(4) > 0 { keys[row.text(0), default: [:]][row.integer(4)] = row.text(1) }
        }
        var described: [String: Set<String>] = [:]
        for table in StoreTable.all {
            described[table.title] = Set(table.columns.map { Self.describe($0) })
            let key = (keys[table.title] ?? [:]).sorted { $0.key < $1.key }.map(\.value)
            #expect(table.key.map(\.title) == key, "\(table.title)")
        }
        #expect(described == found)
    }

    private static func describe(_ column: StoreTable.Column) -> String {
        let type =
            switch column.kind {
            case .integer: "INTEGER"
            case .text: "TEXT"
            case .octets: "BLOB"
            }
        return "\(column.title) \(type)\(column.isOptional ? "" : " NOT NULL")"
    }

    @Test("puts each table behind those that it refers to, and knows which numbers are given once for good")
    func order() throws {
        let connection = try SQLiteConnection(path: ":memory:", access: .readWrite)
        for script in SQLiteSchema.migrations { try connection.execute(script) }
        let row = try connection.prepare(
            """
            SELECT t.name, f."table" FROM sqlite_schema AS t, pragma_foreign_key_list(t.name) AS f WHERE t.type = 'table'
            """
        )
        let places = Dictionary(uniqueKeysWithValues: StoreTable.all.enumerated().map { ($1.title, $0) })
        while try row.step() {
            let (child, parent) = (try #require(places[row.text(0)]), try #require(places[row.text(1)]))
            #expect(parent < child, "\(row.text(0)) refers to \(row.text(1))")
        }
        let numbered = try connection.prepare(
            "SELECT name, sql LIKE '%AUTOINCREMENT%' FROM sqlite_schema WHERE type = 'table'"
        )
        while try numbered.step() {
            guard let place = places[numbered.text(0)] else { continue }
            #expect((StoreTable.all[place].numbering == .forGood) == numbered.boolean(1), "\(numbered.text(0))")
        }
        for table in StoreTable.all {
            #expect((table.key.first?.title == "ordinal") == (table.numbering != .none), "\(table.title)")
        }
    }

    @Test("codes a row so that no other row has the same octets")
    func coding() throws {
        let rows: [[StoreValue]] = [
            [], [.null], [.integer(0)], [.integer(-1)], [.integer(.min)], [.integer(.max)], [.text([])], [.octets([])],
            [.text([0])], [.octets([0])], [.null, .null], [.octets([1, 2])], [.octets([1]), .octets([2])],
            [.text([1]), .octets([2])],
        ]
        #expect(Set(rows.map(RowCoding.encode)).count == rows.count)
        for row in rows { #expect(try RowCoding.decode(RowCoding.encode(row)) == row) }
    }
}
