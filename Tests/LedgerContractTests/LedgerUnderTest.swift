internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Foundation
internal import Ledger
internal import Logging
internal import SQLiteKit
internal import Testing

/// Everything an implementation has to offer for the contract to be tried on it.
protocol LedgerUnderTest: EnrollmentLedger, AttemptLedger, AuthorityLedger, LedgerQueries, RenewalLedger, DeviceLedger,
    RevocationLedger, FleetQueries, RetentionLedger, HandOffLedger, IdentityLedger, TokenLedger,
    RotationLedger, CompromiseLedger, SealingLedger, CeremonyLedger
{
    func setLimitOverride(_ limit: LimitOverride?, of userID: String) async throws(EnrollmentError) -> Bool
    func setShared(_ isShared: Bool, _ device: DeviceID) async throws(EnrollmentError) -> Bool
    func pendingEvents(limit: Int) async throws(EnrollmentError) -> [HandOffEvent]
    func eventIDs() async throws(EnrollmentError) -> [DeviceID]
}

extension InMemoryLedger: LedgerUnderTest {}

extension SQLiteLedger: LedgerUnderTest {
    func eventIDs() async throws(EnrollmentError) -> [DeviceID] {
        try await self.pendingEvents(limit: 1_000).map(\.id)
    }
}

/// The implementations that have to keep the contract.
enum Implementation: CaseIterable, CustomTestStringConvertible {
    case memory
    case sqlite
    case postgres

    var testDescription: String {
        switch self {
        case .memory: "in memory"
        case .sqlite: "SQLite"
        case .postgres: "PostgreSQL"
        }
    }

    /// Runs `body` with a fresh ledger and closes it.
    func withLedger(_ body: (any LedgerUnderTest) async throws -> Void) async throws {
        switch self {
        case .memory:
            try await body(InMemoryLedger())
        case .sqlite:
            let folder = try TemporaryFolder()
            let ledger = try await folder.openLedger()
            do {
                try await body(ledger)
            } catch {
                await ledger.close()
                throw error
            }
            await ledger.close()
        case .postgres:
            try await PostgresFixture.withLedgers(1) { (ledgers, _) async throws -> Void in try await body(ledgers[0]) }
        }
    }
}

/// A folder of its own for one test, removed with everything in it.
final class TemporaryFolder: Sendable {
    let url: URL

    var database: String { self.url.path + "/ledger.sqlite" }

    init() throws {
        self.url = FileManager.default.temporaryDirectory.appendingPathComponent("gatehouse-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.url, withIntermediateDirectories: false)
    }

    deinit {
        // What cannot be removed is left to the system's own cleaning of its temporary folder.
        try? FileManager.default.removeItem(at: self.url)
    }

    func openLedger(
        access: LedgerAccess = .readWrite,
        faults: SQLiteFaultPlan? = nil,
        _ adjust: (inout LedgerSettings) -> Void = { _ in }
    ) async throws(EnrollmentError) -> SQLiteLedger {
        var settings = LedgerSettings(path: self.database)
        adjust(&settings)
        return try await SQLiteLedger.open(settings, access: access, logger: Logger(label: "test"), faults: faults)
    }
}
