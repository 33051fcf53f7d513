internal import PostgresKit
internal import Testing

@Suite("The types of values")
struct PostgresTypeTests {
    @Test("There are three, as in the tables of the ledger.")
    func count() {
        #expect(PostgresType.allCases.count == 3)
    }
}
