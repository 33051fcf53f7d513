internal import EnrollmentCore
internal import Foundation
internal import Ledger
internal import Logging
internal import SQLText
internal import SQLiteKit

/// The store of a service under test, opened beside it as the commands do.
struct ServiceStore {
    let ledger: SQLiteLedger
    /// Who signs devices' certificates.
    let issuer: IssuerRecord
    private let path: String

    init(_ service: ServiceUnderTest) async throws {
        self.path = service.storePath
        self.ledger = try await SQLiteLedger.open(
            LedgerSettings(path: service.storePath),
            logger: Logger(label: "benchmark")
        )
        guard let issuer = try await self.ledger.issuers().first(where: { $0.role != .root }) else {
            throw BenchmarkProblem("the store has no issuer")
        }
        self.issuer = issuer
    }

    static var now: Timestamp { Timestamp(seconds: Int64(Date().timeIntervalSince1970)) }

    /// Certificates that could be revoked, oldest first.
    func serialNumbers() async throws -> [SerialNumber] {
        var serials: [SerialNumber] = []
        var key: String?
        repeat {
            let page = try await self.ledger.revocable(
                .issuer(self.issuer.id),
                at: Self.now,
                after: key,
                limit: PageSize.largest
            )
            serials += page.elements
            key = page.next
        } while key != nil
        return serials
    }

    /// Revocations without their certificates, spread over shards: the list of a CRL comes from their table alone.
    func fill(_ count: Int, shards: Int) throws {
        let connection = try SQLiteConnection(path: self.path, access: .readWrite)
        let statement = try connection.prepare(
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?1)
            INSERT INTO revocation (issuer_id, shard, serial, reason, revoked, not_after)
            SELECT ?2, i % ?3, CAST(x'01' || randomblob(16) AS BLOB), 1, ?4, ?5 FROM n
            """
        )
        try statement.bind(count, at: 1)
        try statement.bind(self.issuer.id, at: 2)
        try statement.bind(shards, at: 3)
        try statement.bind(Self.now.microseconds, at: 4)
        try statement.bind(Self.now.adding(days: 365).microseconds, at: 5)
        try statement.run()
    }

    func revoke(_ serialNumbers: [SerialNumber]) async throws {
        let order = RevocationOrder(
            serialNumbers: serialNumbers,
            reason: .keyCompromise,
            act: AdministrativeAct(
                traceID: TraceID(random: (0..<TraceID.randomOctets).map { _ in UInt8.random(in: 0...255) }),
                verb: .revoke,
                actor: "benchmark",
                reason: "measured",
                ticket: nil,
                time: Self.now
            )
        )
        let outcome = try await self.ledger.revoke(order)
        guard outcome.revoked.count == serialNumbers.count else {
            throw BenchmarkProblem("an order revoked less than it named")
        }
    }
}
