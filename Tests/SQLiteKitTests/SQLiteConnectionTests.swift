internal import SQLText
internal import SQLiteKit
internal import Testing

@Suite("A connection to SQLite")
struct SQLiteConnectionTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        self.folder = try TemporaryFolder()
        self.path = self.folder.path + "/test.sqlite"
    }

    private func open(_ access: SQLiteConnection.Access = .create, busyTimeout: Int = 0) throws -> SQLiteConnection {
        try SQLiteConnection(path: self.path, access: access, busyTimeout: busyTimeout)
    }

    private func kind(_ body: () throws -> Void) -> SQLiteError.Kind? {
        do {
            try body()
            return nil
        } catch {
            return (error as? SQLiteError)?.kind
        }
    }

    @Test("makes the file for its owner alone, and its log and index files too")
    func fileMode() throws {
        let connection = try self.open()
        try connection.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (a)")
        #expect(try self.folder.mode(of: "test.sqlite") == 0o600)
        #expect(try self.folder.mode(of: "test.sqlite-wal") == 0o600)
        #expect(try self.folder.mode(of: "test.sqlite-shm") == 0o600)
    }

    @Test("says that it cannot open a file in a folder that is missing", arguments: [true, false])
    func missing(create: Bool) {
        let kind = self.kind {
            _ = try SQLiteConnection(path: self.path + "/no/such", access: create ? .create : .readWrite)
        }
        #expect(kind == .cannotOpen)
    }

    @Test("reads a file that does not change without making anything beside it, whatever the file is called")
    func unchanging() throws {
        let path = self.folder.path + "/a b?c#d%41é.sqlite"
        try SQLiteConnection(path: path, access: .create).execute(
            "PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (7)"
        )
        let connection = try SQLiteConnection(path: path, access: .unchanging)
        #expect(try connection.integer("SELECT a FROM t") == 7)
        #expect(self.kind { try connection.execute("DELETE FROM t") } == .readOnly)
        #expect(try self.folder.mode(of: "a b?c#d%41é.sqlite") == 0o600)
        #expect(throws: (any Error).self) { try self.folder.mode(of: "a b?c#d%41é.sqlite-shm") }
    }

    @Test("gives back every kind of value as it was bound, empty ones included")
    func roundTrip() throws {
        let connection = try self.open()
        try connection.execute("CREATE TABLE t (i INTEGER, t TEXT, b BLOB, n TEXT, e TEXT, z BLOB)")
        let insert = try connection.prepare("INSERT INTO t VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        try insert.bind(Int64.min, at: 1)
        try insert.bind("Grüße\u{0}\u{1F980}", at: 2)
        try insert.bind([0, 255, 0], at: 3)
        try insert.bind(nil as String?, at: 4)
        try insert.bind("", at: 5)
        try insert.bind([] as [UInt8], at: 6)
        #expect(try insert.run() == 1)
        let select = try connection.prepare("SELECT i, t, b, n, e, z FROM t")
        #expect(try select.step())
        #expect(select.integer(0) == .min)
        #expect(select.text(1) == "Grüße\u{0}\u{1F980}")
        #expect(select.octets(2) == [0, 255, 0])
        #expect(select.optionalText(3) == nil)
        #expect(select.optionalText(4) == "")
        #expect(select.optionalOctets(5) == [])
        #expect(try !select.step())
    }

    @Test("forgets bindings when a statement comes back, and prepares it only once")
    func bindingsAreCleared() throws {
        let connection = try self.open()
        func echo(_ value: String?) throws -> String? {
            let statement = try connection.prepare("SELECT ?1")
            if let value { try statement.bind(value, at: 1) }
            _ = try statement.step()
            return statement.optionalText(0)
        }
        #expect(try echo("secret") == "secret")
        #expect(try echo(nil) == nil)
        #expect(connection.knownStatements.count == 1)
    }

    @Test("lends a statement twice when it is used inside its own loop")
    func reentrant() throws {
        let connection = try self.open()
        func count(_ depth: Int) throws -> Int {
            let statement = try connection.prepare("SELECT 1 UNION ALL SELECT 2")
            var rows = 0
            while try statement.step() { rows += depth == 0 ? 1 : try count(depth - 1) }
            return rows
        }
        #expect(try count(2) == 8)
        #expect(connection.knownStatements.count == 1)
    }

    @Test("tells violated constraints apart and never quotes a bound value")
    func constraints() throws {
        let connection = try self.open()
        try connection.execute(
            """
            CREATE TABLE p (id INTEGER PRIMARY KEY, u TEXT UNIQUE, n TEXT NOT NULL, c INTEGER CHECK (c < 5));
            CREATE TABLE q (p INTEGER REFERENCES p);
            INSERT INTO p VALUES (1, 'taken-secret', '', 0);
            """
        )
        func error(_ sql: SQL, _ value: String) -> SQLiteError? {
            do throws(SQLiteError) {
                let statement = try connection.prepare(sql)
                try statement.bind(value, at: 1)
                try statement.run()
                return nil
            } catch {
                return error
            }
        }
        let unique = error("INSERT INTO p VALUES (2, ?1, '', 0)", "taken-secret")
        #expect(unique?.kind == .uniqueViolation)
        #expect(unique?.name == "SQLITE_CONSTRAINT")
        #expect(unique.map { !$0.description.contains("secret") } == true)
        #expect(error("INSERT INTO p VALUES (1, ?1, '', 0)", "free")?.kind == .uniqueViolation)
        #expect(error("INSERT INTO p VALUES (2, ?1, NULL, 0)", "free")?.kind == .notNullViolation)
        #expect(error("INSERT INTO p VALUES (2, ?1, '', 9)", "free")?.kind == .checkViolation)
        #expect(error("INSERT INTO q VALUES (length(?1))", "four")?.kind == .foreignKeyViolation)
    }

    @Test("refuses a misspelled column in double quotes instead of reading it as text")
    func noDoubleQuotedStrings() throws {
        let connection = try self.open()
        #expect(self.kind { try connection.execute("SELECT \"no such column\"") } == .other)
    }

    @Test("is busy while another connection writes, and works again afterwards")
    func busy() throws {
        let first = try self.open()
        try first.execute("PRAGMA journal_mode = WAL; CREATE TABLE t (a)")
        let second = try self.open(.readWrite)
        try first.begin()
        #expect(self.kind { try second.begin() } == .busy)
        try first.commit()
        try second.begin()
        try second.rollBack()
    }

    @Test("cannot write through a read-only connection")
    func readOnly() throws {
        try self.open().execute("CREATE TABLE t (a)")
        let reader = try self.open(.readOnly)
        #expect(self.kind { try reader.execute("INSERT INTO t VALUES (1)") } == .readOnly)
    }

    @Test("reports a full disk, and the transaction is gone as a whole")
    func fullDisk() throws {
        let connection = try self.open()
        try connection.execute("CREATE TABLE t (a)")
        try connection.limitSize(toPages: 4)
        let kind = self.kind {
            try connection.transaction { () throws(SQLiteError) in
                for _ in 0..<100 { try connection.execute("INSERT INTO t VALUES (zeroblob(4000))") }
            }
        }
        #expect(kind == .diskFull)
        #expect(!connection.isInTransaction)
        #expect(try connection.integer("SELECT count(*) FROM t") == 0)
    }

    @Test("keeps what was done before a savepoint that failed, and nothing after it")
    func savepoint() throws {
        let connection = try self.open()
        try connection.execute("CREATE TABLE t (a UNIQUE)")
        try connection.transaction { () throws(SQLiteError) in
            try connection.execute("INSERT INTO t VALUES (1)")
            do throws(SQLiteError) {
                try connection.savepoint { () throws(SQLiteError) in
                    try connection.execute("INSERT INTO t VALUES (2)")
                    try connection.execute("INSERT INTO t VALUES (1)")
                }
            } catch {
                #expect(error.kind == .uniqueViolation)
            }
        }
        #expect(try connection.integer("SELECT sum(a) FROM t") == 1)
    }

    @Test("recognises a file that is no database")
    func notADatabase() throws {
        try self.folder.write([UInt8](repeating: 0x41, count: 8_192), to: "test.sqlite")
        let connection = try self.open()
        #expect(self.kind { _ = try connection.findings(.quick) } == .notADatabase)
    }

    @Test("finds a page that was overwritten", arguments: [SQLiteConnection.Scrutiny.quick, .full])
    func damaged(scrutiny: SQLiteConnection.Scrutiny) throws {
        do {
            let connection = try self.open()
            try connection.execute("CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(20000))")
            #expect(try connection.findings(scrutiny) == [])
        }
        try self.folder.overwrite("test.sqlite", at: 4_096, with: [UInt8](repeating: 0xa5, count: 64))
        let connection = try self.open(.readWrite)
        let damaged: Bool
        do throws(SQLiteError) {
            damaged = try !connection.findings(scrutiny).isEmpty
        } catch {
            damaged = error.kind == .corrupt
        }
        #expect(damaged)
    }

    @Test("shows the query plan of a statement")
    func queryPlan() throws {
        let connection = try self.open()
        try connection.execute("CREATE TABLE t (a, b); CREATE INDEX by_a ON t (a)")
        #expect(try connection.queryPlan(of: "SELECT b FROM t WHERE a = ?1") == ["SEARCH t USING INDEX by_a (a=?)"])
        #expect(try connection.queryPlan(of: "SELECT b FROM t WHERE b = ?1") == ["SCAN t"])
    }
}
