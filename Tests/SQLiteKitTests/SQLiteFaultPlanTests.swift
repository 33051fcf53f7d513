internal import SQLText
internal import SQLiteKit
internal import Testing

@Suite("A plan of faults")
struct SQLiteFaultPlanTests {
    private let folder: TemporaryFolder
    private let connection: SQLiteConnection
    private let plan = SQLiteFaultPlan()

    init() throws {
        self.folder = try TemporaryFolder()
        self.connection = try SQLiteConnection(path: self.folder.path + "/test.sqlite", access: .create)
        try self.connection.execute("CREATE TABLE t (a)")
        self.connection.install(self.plan)
    }

    private func insertTwice() throws(SQLiteError) {
        try self.connection.transaction { () throws(SQLiteError) in
            try self.connection.execute("INSERT INTO t VALUES (1)")
            try self.connection.execute("INSERT INTO t VALUES (2)")
        }
    }

    @Test("interrupts at each instruction in turn, and each time both rows are there or none is")
    func sweep() throws {
        var rows: Int64 = 0
        var survived = 0
        for instruction in 1...500 where survived == 0 {
            self.plan.interrupt(atInstruction: instruction)
            do throws(SQLiteError) {
                try self.insertTwice()
                if !self.plan.disarm() { survived = instruction }
            } catch {
                #expect(error.kind == .interrupted)
            }
            self.plan.disarm()
            #expect(!self.connection.isInTransaction)
            let now = try self.connection.integer("SELECT count(*) FROM t") ?? -1
            #expect(now == rows || now == rows + 2)
            rows = now
        }
        #expect(survived > 5)
    }

    @Test("turns a commit into a rollback")
    func commit() throws {
        self.plan.refuse(commit: 1)
        #expect(throws: SQLiteError.self) { try self.insertTwice() }
        #expect(self.plan.disarm())
        #expect(try self.connection.integer("SELECT count(*) FROM t") == 0)
        try self.insertTwice()
        #expect(try self.connection.integer("SELECT count(*) FROM t") == 2)
    }
}
