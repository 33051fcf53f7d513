import EnrollmentTestKit
import OpenSSLKit
import PKCS11Kit
import Synchronization
import Testing

@Suite("A token that comes and goes", .timeLimit(.minutes(10)))
struct TokenRecoveryTests {
    private static let name = TokenKeyName(label: "gatehouse-2026-A", id: [7])

    /// What a load of signatures came to.
    private final class Tally: Sendable {
        private let counts = Mutex<[PKCS11Error.Kind?: Int]>([:])

        private let isOver = Atomic(false)

        /// Whether the load is to end.
        var isClosed: Bool { self.isOver.load(ordering: .relaxed) }

        func close() {
            self.isOver.store(true, ordering: .relaxed)
        }

        func add(_ kind: PKCS11Error.Kind?) {
            self.counts.withLock { $0[kind, default: 0] += 1 }
        }

        /// Of `nil`: signatures.
        func count(_ kind: PKCS11Error.Kind?) -> Int {
            self.counts.withLock { $0[kind] ?? 0 }
        }

        var kinds: Set<PKCS11Error.Kind?> { self.counts.withLock { Set($0.keys) } }
    }

    private static func wait(_ what: Comment, until isSo: () -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(120)
        while !isSo() {
            try #require(ContinuousClock.now < end, what)
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    @Test("fails what it is asked while it is away, and signs again once it is back, as often as that happens")
    func pulledOut() async throws {
        let soft = try await SoftHSM.shared().makeToken()
        let changes = Mutex<[Bool]>([])
        let token = try Token.opening(soft, sessions: 3) { standing in
            changes.withLock { $0.append(standing.isPresent) }
        }
        let made = try await token.generate(.ecdsaP256, named: Self.name)
        let key = try VerifyingKey(publicKeyInfo: made.publicKeyInfo)
        let tally = Tally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    var number = 0
                    while !tally.isClosed {
                        number += 1
                        let message = Array("\(worker), \(number)".utf8)
                        let digest = try Digest.sha256(message)
                        let signature: [UInt8]
                        do throws(PKCS11Error) {
                            signature = try await token.sign(.ecdsa(digest: digest), with: Self.name)
                        } catch {
                            tally.add(error.kind)
                            try await Task.sleep(for: .milliseconds(5))
                            continue
                        }
                        tally.add(nil)
                        // A signature by somebody else's session would be of something else.
                        #expect(try key.verifies(signature, over: message, with: .ecdsa(.sha256)))
                    }
                }
            }
            do {
                for _ in 0..<2 {
                    let (signed, lost) = (tally.count(nil), tally.count(.away))
                    try await Self.wait("signatures") { tally.count(nil) > signed + 50 }
                    try soft.pullOut()
                    try await Self.wait("refusals") { tally.count(.away) > lost + 50 }
                    #expect(!token.standing.isPresent)
                    let whileAway = tally.count(nil)
                    try await Task.sleep(for: .milliseconds(50))
                    #expect(tally.count(nil) == whileAway)
                    try soft.putBack()
                    try await Self.wait("signatures again") { tally.count(nil) > whileAway + 50 }
                    #expect(token.standing.isPresent)
                }
            } catch {
                tally.close()
                throw error
            }
            tally.close()
            try await group.waitForAll()
        }
        #expect(tally.kinds == [nil, .away])
        #expect(changes.withLock { $0 } == [false, true, false, true])
    }

    @Test("whose module does not start for the moment is away until it does")
    func latecomer() async throws {
        let soft = try await SoftHSM.shared().makeToken()
        let module = try await WatchedModule()
        try module.breakDown(true)
        let changes = Mutex<[Bool]>([])
        let token = try Token(
            TokenSettings(module: module.path, label: soft.label, sessions: 2, timeLimit: .seconds(3)),
            pin: PIN(Array(soft.pin.utf8))
        ) { standing in changes.withLock { $0.append(standing.isPresent) } }
        for _ in 0..<3 {
            let error = await #expect(throws: PKCS11Error.self) { try await token.publicKeys() }
            #expect(error?.kind == .away)
            #expect(error?.code == "CKR_GENERAL_ERROR")
        }
        #expect(!token.standing.isPresent)
        try module.breakDown(false)
        let end = ContinuousClock.now + .seconds(120)
        while true {
            do throws(PKCS11Error) {
                #expect(try await token.publicKeys().isEmpty)
                break
            } catch {
                #expect(error.kind == .away)
                try #require(ContinuousClock.now < end, "the module starts, and nobody notices")
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        #expect(changes.withLock { $0 } == [false, true])
        #expect(await token.close())
        #expect(try module.takeCalls().last == "finalize")
    }

    @Test("does not take others on the same module with it")
    func neighbour() async throws {
        let (token, _) = try await Token.fresh()
        let made = try await token.generate(.ecdsaP256, named: Self.name)
        let key = try VerifyingKey(publicKeyInfo: made.publicKeyInfo)
        let message = Array("the neighbour's".utf8)
        let digest = try Digest.sha256(message)
        let gone = try await SoftHSM.shared().makeToken()
        let lost = try Token.opening(gone)
        _ = try await lost.publicKeys()
        try gone.pullOut()
        // Long enough for the module to be started over for the lost one, again and again.
        let end = ContinuousClock.now + .seconds(3)
        while ContinuousClock.now < end {
            let error = await #expect(throws: PKCS11Error.self) {
                try await lost.sign(.ecdsa(digest: digest), with: Self.name)
            }
            #expect(error?.kind == .away || error?.kind == .keyMissing)
            let signature = try await token.sign(.ecdsa(digest: digest), with: Self.name)
            #expect(try key.verifies(signature, over: message, with: .ecdsa(.sha256)))
        }
    }
}
