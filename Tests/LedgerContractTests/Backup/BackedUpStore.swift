internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Foundation
internal import SQLText
internal import SQLiteKit
internal import Testing

@testable internal import Ledger

/// A store to back up or to restore into, whichever it is in.
enum BackedUpKind: String, CaseIterable, CustomTestStringConvertible, Sendable {
    case sqlite = "SQLite"
    case postgres = "PostgreSQL"

    var testDescription: String { self.rawValue }

    /// Lends a place where nothing is.
    func withPlace(_ body: (BackedUpStore) async throws -> Void) async throws {
        switch self {
        case .sqlite:
            let folder = try TemporaryFolder()
            try await body(BackedUpStore(place: .sqlite(path: folder.database), folder: folder, database: nil))
        case .postgres:
            try await StoreOnPostgres.withDatabase { (database) async throws -> Void in
                let place = StorePlace.postgres(StoreOnPostgres.settings(database))
                try await body(BackedUpStore(place: place, folder: nil, database: database))
            }
        }
    }

    /// Lends a store with a row of every kind.
    func withStore(_ body: (BackedUpStore) async throws -> Void) async throws {
        switch self {
        case .sqlite:
            try await self.withPlace { store in
                try await store.withLedger(.founding) { _ = try await SoundStore(ledger: $0).fill() }
                try await body(store)
            }
        case .postgres:
            try await StoreOnPostgres.withStore { (database) async throws -> Void in
                let place = StorePlace.postgres(StoreOnPostgres.settings(database))
                try await body(BackedUpStore(place: place, folder: nil, database: database))
            }
        }
    }
}

struct BackedUpStore: Sendable {
    let place: StorePlace
    let folder: TemporaryFolder?
    let database: PostgresDatabase?

    func withLedger(
        _ access: LedgerAccess = .readWrite,
        _ body: (any LedgerStore) async throws -> Void
    ) async throws {
        let ledger: any LedgerStore =
            if let database {
                try await StoreOnPostgres.open(database, access: access)
            } else {
                try await #require(self.folder).openLedger(access: access)
            }
        do {
            try await body(ledger)
        } catch {
            await ledger.close()
            throw error
        }
        await ledger.close()
    }

    /// What the store check finds wrong.
    func findings() async throws -> [String] {
        var findings: [String] = []
        try await self.withLedger(.readOnly) { ledger in
            let report = try await ledger.check(full: true, naming: 5, digest: SoundStore.digest)
            findings = report.outcomes.filter { $0.status == .broken }.map { "\($0.name): \($0.examples)" }
        }
        return findings
    }

    func image() async throws -> (image: StoreImage, facts: StoreImageFacts) {
        let image = try StoreImage(in: FileManager.default.temporaryDirectory.path)
        return (image, try await image.fill(from: self.place, digest: SoundStore.digest))
    }
}

extension StoreImage {
    /// The image as a reader gets it: the same octets in another file without a name.
    func transferred(altering alter: (inout [UInt8]) -> Void = { _ in }) throws -> StoreImage {
        let copy = try StoreImage(in: FileManager.default.temporaryDirectory.path)
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = pread(self.descriptor, &buffer, buffer.count, off_t(octets.count))
            guard count > 0 else { break }
            octets += buffer[..<count]
        }
        alter(&octets)
        #expect(pwrite(copy.descriptor, octets, octets.count, 0) == octets.count)
        return copy
    }

    /// The first column of a statement's only row.
    func number(_ sql: SQL) throws -> Int64? { try self.connection.integer(sql) }

    func change(_ script: SQL) throws { try self.connection.execute(script) }
}

extension RestoreOrder {
    static func now(_ loss: RestoreLoss = RestoreLoss(), act: AdministrativeAct? = nil, after seconds: Int64 = 3_600)
        -> RestoreOrder
    {
        let made = LedgerFixture.start.adding(days: 400)
        return RestoreOrder(
            act: act ?? LedgerFixture.act(.restore, at: made.adding(seconds: seconds)),
            facts: [Fact("file", "x.ghbackup")],
            made: made,
            loss: loss
        )
    }
}
