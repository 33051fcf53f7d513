internal import EnrollmentCore
internal import Foundation
internal import Ledger
internal import SQLText
internal import SQLiteKit
internal import Testing

@Suite("Opening the SQLite ledger")
struct LedgerOpeningTests {
    private let folder: TemporaryFolder

    init() throws {
        self.folder = try TemporaryFolder()
    }

    private func connect() throws -> SQLiteConnection {
        try SQLiteConnection(path: self.folder.database, access: .readWrite, busyTimeout: 0)
    }

    private func rule(_ access: LedgerAccess, _ adjust: (inout LedgerSettings) -> Void = { _ in }) async -> String? {
        do throws(EnrollmentError) {
            await (try self.folder.openLedger(access: access, adjust)).close()
            return nil
        } catch {
            return error.rule
        }
    }

    // MARK: For reading

    @Test("for reading answers questions, refuses changes and leaves every octet as it was")
    func readOnly() async throws {
        let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
        let service = try await self.folder.openLedger()
        try await service.enroll(reservation)
        await service.close()
        let before = try Data(contentsOf: URL(fileURLWithPath: self.folder.database))

        let ledger = try await self.folder.openLedger(access: .readOnly)
        #expect(try await ledger.device(reservation.device)?.state == .issued)
        #expect(try await ledger.attempt(reservation.attempt.traceID)?.outcome == .succeeded)
        await expectCode(.internalService) { _ = try await ledger.record(LedgerFixture.attempt()) }
        ledger.recordEventually(LedgerFixture.attempt())
        await ledger.close()
        #expect(try Data(contentsOf: URL(fileURLWithPath: self.folder.database)) == before)
    }

    @Test("for reading sees what a running service has just written, whoever holds the write lock")
    func beside() async throws {
        let service = try await self.folder.openLedger()
        let reservation = LedgerFixture.reservation(of: LedgerFixture.user())
        try await service.enroll(reservation)
        let other = try self.connect()
        try other.begin()
        let ledger = try await self.folder.openLedger(access: .readOnly) { $0.busyTimeout = 0 }
        #expect(try await ledger.device(reservation.device)?.state == .issued)
        try other.rollBack()
        let next = LedgerFixture.reservation(of: LedgerFixture.user())
        try await service.enroll(next)
        #expect(try await ledger.device(next.device)?.state == .issued)
        await ledger.close()
        await service.close()
    }

    @Test("for reading refuses other versions of the schema and says which program to run")
    func versions() async throws {
        try await self.folder.openLedger().close()
        try self.connect().execute("INSERT INTO schema_version VALUES (99, 0)")
        #expect(await self.rule(.readOnly) == "ledger.schemaNewer")
        try self.connect().execute("DELETE FROM schema_version")
        #expect(await self.rule(.readOnly) == "ledger.schemaOlder")
        try self.connect().execute("DROP TABLE schema_version")
        #expect(await self.rule(.readOnly) == "ledger.schemaOlder")
        #expect(try self.connect().integer("SELECT 1 FROM sqlite_schema WHERE name = 'schema_version'") == nil)
    }

    @Test("for reading makes nothing where nothing is, and takes no other program's database")
    func strangers() async throws {
        #expect(await self.rule(.readOnly) == "ledger.cannotOpen")
        #expect(try FileManager.default.contentsOfDirectory(atPath: self.folder.url.path).isEmpty)
        let other = try SQLiteConnection(path: self.folder.database, access: .create)
        try other.execute("CREATE TABLE theirs (a)")
        #expect(await self.rule(.readOnly) == "ledger.foreign")
    }

    // MARK: For writing

    @Test("for writing waits for no lock when the schema is up to date already")
    func upToDate() async throws {
        try await self.folder.openLedger().close()
        let other = try self.connect()
        try other.begin()
        #expect(await self.rule(.readWrite) { $0.busyTimeout = 0 } == nil)
        try other.rollBack()
    }
}
