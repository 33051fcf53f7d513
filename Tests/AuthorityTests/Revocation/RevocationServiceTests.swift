import Authority
import EnrollmentCore
import EnrollmentTestKit
import Logging
import ServiceRuntime
import Synchronization
import Testing
import X509Kit

@Suite("Revocation service", .timeLimit(.minutes(25)))
struct RevocationServiceTests {
    private static func service(
        _ rig: RevocationRig,
        _ cooperation: RevocationService.Cooperation = .init()
    ) -> RevocationService {
        RevocationService(
            keys: rig.keys,
            publisher: rig.publisher,
            responder: rig.responder,
            keeper: rig.keeper,
            cooperation: cooperation,
            clock: rig.clock,
            logger: Logger(label: "revocation", factory: { _ in SwiftLogNoOpLogHandler() })
        )
    }

    /// Waits, for as long as the suite may take, until the condition holds.
    private static func wait(for condition: () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(20)) }
    }

    @Test("once it is prepared, every shard has a CRL and every issuer a responder")
    func prepared() async throws {
        let rig = try await RevocationRig()
        try await Self.service(rig).prepare()
        #expect(try await rig.book.shards().allSatisfy { $0.published != nil })
        #expect(rig.renewed.uses == ["ocsp/root-2026", "ocsp/2026-a"])
        let device = try await rig.device()
        #expect(try await rig.status(try rig.question(device.serialNumber)) == .good)
    }

    @Test("as long as it runs, revocations reach answers and CRLs, through an absence of the store; it ends when told")
    func running() async throws {
        let rig = try await RevocationRig()
        let service = Self.service(rig)
        try await service.prepare()
        let serial = try await rig.device().serialNumber
        let question = try rig.question(serial)
        let shutdown = ShutdownSignal()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run(until: shutdown) }
            // Kept only once the log is followed.
            try await Self.wait {
                _ = await rig.responder.answer(question)
                return rig.responder.cached(for: question) != nil
            }
            rig.book.with { $0.isAway = true }
            rig.book.set(.keyCompromise, of: serial, at: rig.clock.now)
            rig.clock.advance(seconds: 11)
            try await Task.sleep(for: .milliseconds(300))
            rig.book.with { $0.isAway = false }
            try await Self.wait {
                guard let kept = rig.responder.cached(for: question) else { return false }
                return try OCSPResponse(der: kept.octets).singles.first?.status != .good
            }
            try await Self.wait { try await rig.crl(of: serial)?.facts.entryCount == 1 }
            shutdown.raise()
            try await group.waitForAll()
        }
        #expect(try await rig.status(question) != .good)
    }

    @Test("what another process does is left to it, until it is ours; answers are given all the same")
    func sharedDuties() async throws {
        let rig = try await RevocationRig()
        let isOurs = Mutex(false)
        let ask = { @Sendable in isOurs.withLock { $0 } }
        let bell = Doorbell()
        let service = Self.service(rig, .init(publishes: ask, renews: ask, followEvery: .seconds(3_600), bell: bell))
        try await service.prepare()
        #expect(rig.renewed.uses == [])
        #expect(try await rig.book.shards().allSatisfy { $0.published == nil })
        // Somebody else made them.
        _ = await rig.keeper.renewDue()
        let renewed = rig.renewed.uses.count
        let shutdown = ShutdownSignal()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run(until: shutdown) }
            let serial = try await rig.device().serialNumber
            let question = try rig.question(serial)
            try await Self.wait {
                _ = await rig.responder.answer(question)
                bell.ring()
                return rig.responder.cached(for: question) != nil
            }
            rig.book.set(.keyCompromise, of: serial, at: rig.clock.now)
            bell.ring()
            try await Self.wait {
                guard let kept = rig.responder.cached(for: question) else { return false }
                return try OCSPResponse(der: kept.octets).singles.first?.status != .good
            }
            #expect(try await rig.book.shards().allSatisfy { $0.published == nil })
            isOurs.withLock { $0 = true }
            try await Self.wait { try await rig.book.shards().allSatisfy { $0.published != nil } }
            #expect(rig.renewed.uses.count == renewed)
            shutdown.raise()
            try await group.waitForAll()
        }
    }

    @Test("a clock that leaps makes it look after its certificates at once")
    func leap() async throws {
        let rig = try await RevocationRig()
        let service = Self.service(rig)
        try await service.prepare()
        let before = rig.renewed.uses.count
        let shutdown = ShutdownSignal()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run(until: shutdown) }
            for leap in 1...2 {
                // Two thirds of a responder's life.
                rig.clock.advance(seconds: 21 * 86_400)
                try await Self.wait { rig.renewed.uses.count >= before + 2 * leap }
            }
            shutdown.raise()
            try await group.waitForAll()
        }
        // A responder of each of two issuers, twice, and nothing else over and over.
        #expect(rig.renewed.uses.count { $0.hasPrefix("ocsp/") } == before + 4)
    }
}
