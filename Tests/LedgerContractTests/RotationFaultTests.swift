internal import EnrollmentCore
internal import EnrollmentTestKit
internal import Foundation
internal import Ledger
internal import SQLText
internal import SQLiteKit
internal import Testing

@Suite("The SQLite ledger, broken at every point of a rotation")
struct RotationFaultTests {
    private let folder: TemporaryFolder
    private let faults = SQLiteFaultPlan()

    init() throws {
        self.folder = try TemporaryFolder()
    }

    /// Repeats `work` with the n-th instruction interrupted until one run goes through.
    private func sweep(
        _ work: () async throws -> Void,
        after: (_ failed: Bool) async throws -> Void
    ) async throws -> Int {
        for n in 1...20_000 {
            self.faults.interrupt(atInstruction: n)
            var failed = false
            do {
                try await work()
            } catch {
                failed = true
                let code = try #require(error as? EnrollmentError).code
                #expect(code == .enrollmentServer || code == .inMaintenance)
            }
            let fired = self.faults.disarm()
            #expect(failed == fired)
            try await after(failed)
            guard fired else { return n - 1 }
        }
        Issue.record("the sweep never came to its end")
        return 0
    }

    @Test("stores all of a prepared issuer or nothing")
    func preparation() async throws {
        let ledger = try await self.folder.openLedger(faults: self.faults)
        try await ledger.foundAuthority()
        let (certificate, receipt) = try await ledger.own()
        let issuer = LedgerFixture.issuer("2027-a", certificate: certificate)
        let act = LedgerFixture.act(.prepareIssuer)
        let failures = try await self.sweep {
            try await ledger.confirmPrepared(issuer, certificate: certificate, receipt: receipt, act: act)
        } after: { failed in
            #expect(try await ledger.issuers().count == (failed ? 2 : 3))
            #expect(try await ledger.certificate(receipt.serialNumber)?.state == (failed ? .intent : .issued))
            let record = try await ledger.act(act.traceID)
            #expect((record == nil) == failed)
        }
        #expect(failures > 50)
        await ledger.close()
    }

    @Test("takes a step with all that belongs to it, or not", arguments: [RotationVerb.activate, .abort, .compromise])
    func step(verb: RotationVerb) async throws {
        let ledger = try await self.folder.openLedger(faults: self.faults)
        try await ledger.foundAuthority()
        try await ledger.prepareIssuer("2027-a")
        try await ledger.take(.publish, "2027-a")
        let change = try await ledger.change(verb, verb == .compromise ? LedgerFixture.issuer : "2027-a")
        let before = try await ledger.issuers()
        let events = try await ledger.eventIDs().count
        let newest = try await ledger.newestChange()
        let act = LedgerFixture.act(.activateIssuer)
        let failures = try await self.sweep {
            try await ledger.carryOut(change, by: act)
        } after: { failed in
            let issuers = try await ledger.issuers()
            #expect((issuers == before) == failed)
            #expect(try await ledger.eventIDs().count == events + (failed ? 0 : change.announcements.count))
            let record = try await ledger.act(act.traceID)
            #expect((record == nil) == failed)
            #expect(try await ledger.newestChange() == newest + (failed || change.revokedIssuers.isEmpty ? 0 : 1))
            guard !failed else { return }
            for move in change.moves { #expect(issuers.first { $0.id == move.id }?.state == move.to) }
        }
        #expect(failures > 100)
        await ledger.close()
        let connection = try SQLiteConnection(path: self.folder.database, access: .readOnly)
        #expect(try connection.findings(.full) == [])
    }

    @Test("keeps no octet of a key that was destroyed in its database")
    func wiping() async throws {
        let ledger = try await self.folder.openLedger()
        try await ledger.foundAuthority()
        let key = Array("this-is-the-sealed-key-of-an-issuer-and-has-to-go".utf8)
        try await ledger.prepareIssuer("2027-a", key: .sealed(key))
        try await ledger.take(.abort, "2027-a")
        await ledger.close()
        // What was written before it is in the log no more, once that was brought into the database.
        let connection = try SQLiteConnection(path: self.folder.database, access: .readWrite)
        try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        let octets = try Data(contentsOf: self.folder.url.appendingPathComponent("ledger.sqlite"))
        #expect(octets.range(of: Data(key)) == nil)
        #expect(octets.range(of: Data("2027-a".utf8)) != nil)
    }
}

/// A step of rotation over a connection that goes while it is taken.
@Suite("The PostgreSQL ledger, cut off while issuers are rotated", .timeLimit(.minutes(25)))
struct PostgresRotationTests {
    private static let moments: [TCPProxy.Moment] = [.beforeForwarding, .beforeAnswering]

    /// Prepares, publishes and takes back an issuer.
    private static func turn(_ id: String, _ broken: PostgresBreak) async throws {
        try await broken.ledger.prepareIssuer(id)
        try await broken.ledger.take(.publish, id)
        let act = try await broken.ledger.take(.abort, id)
        #expect(try await broken.witness.issuer(id).state == .aborted)
        #expect(try await broken.witness.issuer(id).key == .destroyed)
        #expect(try await broken.witness.act(act.traceID)?.act == act)
        let told = try await broken.witness.feed().filter { $0.subject == id }
        #expect(told.map(\.event.kind) == [.trustPublished, .trustRetired])
    }

    @Test("finds out what became of it", arguments: moments)
    func doubt(moment: TCPProxy.Moment) async throws {
        try await PostgresBreak.run { (broken) async throws -> Void in
            try await broken.ledger.foundAuthority()
            let (certificate, receipt) = try await broken.ledger.own()
            let issuer = LedgerFixture.issuer("2027-a", certificate: certificate)
            let act = LedgerFixture.act(.prepareIssuer)
            broken.cutAtCommit(moment)
            try await broken.ledger.confirmPrepared(issuer, certificate: certificate, receipt: receipt, act: act)
            #expect(!broken.proxy.isCutPending)
            #expect(try await broken.witness.issuer("2027-a") == issuer)
            // All by one act: what it left before is not taken for this step.
            for verb in [RotationVerb.publish, .activate] {
                let change = try await broken.ledger.change(verb, "2027-a")
                broken.cutAtCommit(moment)
                try await broken.ledger.carryOut(change, by: act)
                #expect(!broken.proxy.isCutPending)
            }
            #expect(try await broken.witness.issuer("2027-a").state == .active)
            #expect(try await broken.witness.issuer(LedgerFixture.issuer).state == .draining)
            #expect(try await broken.witness.feed().map(\.event.kind) == [.trustPublished, .trustActivated])
            #expect(try await broken.witness.act(act.traceID)?.facts.count { $0.name == "move" } == 3)
            #expect(broken.ledger.figures.doubts == 3)
        }
    }

    @Test("does it all the same, whichever message is the last", arguments: moments)
    func sweep(moment: TCPProxy.Moment) async throws {
        try await PostgresBreak.run { (broken) async throws -> Void in
            try await broken.witness.foundAuthority()
            for number in 1...60 {
                broken.proxy.cut(atTurn: number, moment)
                try await Self.turn("2027-\(number)", broken)
                guard broken.proxy.disarm() else {
                    #expect(number > 8)
                    return
                }
            }
            Issue.record("the sweep never came to its end")
        }
    }
}
