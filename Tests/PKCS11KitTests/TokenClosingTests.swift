import EnrollmentTestKit
import Foundation
import Glibc
import Synchronization
import Testing

@testable import PKCS11Kit

@Suite("A token that is closed", .timeLimit(.minutes(10)))
struct TokenClosingTests {
    private static let name = TokenKeyName(label: "gatehouse-2026-A", id: [7])
    private static let request = TokenSignature.ecdsa(digest: [UInt8](repeating: 7, count: 32))

    @Test("has done what waited, takes nothing more, and may be opened again")
    func closed() async throws {
        let (token, soft) = try await Token.fresh()
        _ = try await token.generate(.ecdsaP256, named: Self.name)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask {
                    do throws(PKCS11Error) {
                        _ = try await token.sign(Self.request, with: Self.name)
                    } catch {
                        #expect(error.explanation == "the token was closed")
                    }
                }
            }
            #expect(await token.close(within: .seconds(60)))
            try await group.waitForAll()
        }
        let error = await #expect(throws: PKCS11Error.self) { try await token.sign(Self.request, with: Self.name) }
        #expect(error?.kind == .away)
        #expect(await token.close(), "closed before")
        let again = try Token.opening(soft)
        _ = try await again.sign(Self.request, with: Self.name)
        #expect(await again.close(within: .seconds(60)))
    }

    @Test("says that a call does not return, and is closed once it has")
    func stuck() async throws {
        let (token, _) = try await Token.fresh(sessions: 1)
        _ = try await token.publicKeys()
        let hasBegun = Atomic(false)
        let mayReturn = DispatchSemaphore(value: 0)
        // As long as a busy machine may take to begin.
        async let errand: Void? = try? await token.perform(before: .now + .seconds(5)) { _ in
            hasBegun.store(true, ordering: .relaxed)
            mayReturn.wait()
        }
        while !hasBegun.load(ordering: .relaxed) { try await Task.sleep(for: .milliseconds(10)) }
        #expect(!(await token.close(within: .milliseconds(100))))
        // Whoever waits is told although nobody takes errands any more.
        #expect(await errand == nil)
        #expect(await !token.close(within: .milliseconds(1)))
        mayReturn.signal()
        #expect(await token.close(within: .seconds(60)))
    }

    @Test("leaves no thread, and its module finalized")
    func nothingLeft() async {
        await #expect(processExitsWith: .success) {
            let soft = try await SoftHSM.shared().makeToken()
            let module = try TokenModule.at(try SoftHSM.shared().module)
            for _ in 0..<3 {
                let (one, other) = (try Token.opening(soft, sessions: 8), try Token.opening(soft, sessions: 8))
                for token in [one, other] { _ = try await token.publicKeys() }
                let busy = try Self.threads()
                #expect(await one.close(within: .seconds(60)))
                #expect(module.isStarted, "the other one uses it")
                _ = try await other.publicKeys()
                #expect(await other.close(within: .seconds(60)))
                #expect(!module.isStarted)
                // The last steps of a thread are the system's.
                while try Self.threads() > busy - 16 { try await Task.sleep(for: .milliseconds(10)) }
            }
            var dropped: Token? = try Token.opening(soft)
            _ = try await dropped?.publicKeys()
            dropped = nil
            while module.isStarted { try await Task.sleep(for: .milliseconds(10)) }
        }
    }

    private static func threads() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
    }

    @Test("or is not, by a process that ends in the midst of signatures: it ends as it was told to")
    func abandoned() async {
        await #expect(processExitsWith: .exitCode(3)) {
            let (token, _) = try await Token.fresh(sessions: 8)
            _ = try await token.generate(.ecdsaP256, named: Self.name)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<32 {
                    // What is asked for at the end fails.
                    group.addTask { while true { _ = try? await token.sign(Self.request, with: Self.name) } }
                }
                usleep(300_000)
                exit(3)
            }
        }
    }

    @Test("or cannot be, since a call does not return: the process ends all the same, as it was told to")
    func hanging() async {
        await #expect(processExitsWith: .exitCode(4)) {
            let (token, _) = try await Token.fresh()
            async let errand: Void? = try? await token.perform(before: .now + .milliseconds(200)) { _ in sleep(3_600) }
            _ = await errand
            #expect(!(await token.close(within: .milliseconds(100))))
            exit(4)
        }
    }
}
