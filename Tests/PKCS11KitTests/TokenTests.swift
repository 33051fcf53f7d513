import EnrollmentTestKit
import Foundation
import OpenSSLKit
import Testing

@testable import PKCS11Kit

@Suite("A token", .timeLimit(.minutes(10)))
struct TokenTests {
    private static let message = Array("what is to be signed".utf8)
    private static let name = TokenKeyName(label: "gatehouse-2026-A", id: [0xA0, 0x00, 0x3B])

    private static func request(_ kind: TokenKeyKind) throws -> TokenSignature {
        switch kind {
        case .rsa: .rsaPKCS1(sha256: try Digest.sha256(self.message))
        case .ecdsaP256: .ecdsa(digest: try Digest.sha256(self.message))
        case .ecdsaP384: .ecdsa(digest: try Digest.octets(of: self.message, with: .sha384))
        case .ed25519: .ed25519(message: self.message)
        }
    }

    private static func algorithm(_ kind: TokenKeyKind) -> SignatureAlgorithm {
        switch kind {
        case .rsa: .rsaPKCS1(.sha256)
        case .ecdsaP256: .ecdsa(.sha256)
        case .ecdsaP384: .ecdsa(.sha384)
        case .ed25519: .ed25519
        }
    }

    @Test(
        "makes keys whose signatures verify, and of which the private half cannot be read",
        arguments: [
            TokenKeyKind.ecdsaP256, .ecdsaP384, .ed25519, .rsa(bits: 2_048), .rsa(bits: 3_072), .rsa(bits: 4_096),
        ]
    )
    func algorithms(_ kind: TokenKeyKind) async throws {
        let (token, _) = try await Token.fresh()
        let made = try await token.generate(kind, named: Self.name)
        #expect(made.kind == kind)
        #expect(made.name == Self.name)
        #expect(try await token.publicKey(of: Self.name) == made)
        #expect(try await token.publicKeys() == [made])

        let key = try VerifyingKey(publicKeyInfo: made.publicKeyInfo)
        // Numbers of a signature are shorter now and then.
        for _ in 0..<(kind == .ecdsaP256 ? 300 : 3) {
            let signature = try await token.sign(try Self.request(kind), with: Self.name)
            #expect(try key.verifies(signature, over: Self.message, with: Self.algorithm(kind)))
        }
        let blocking = try token.signBlocking(try Self.request(kind), with: Self.name)
        #expect(try key.verifies(blocking, over: Self.message, with: Self.algorithm(kind)))
        try await Self.expectOpenSSLVerifies(blocking, by: made.publicKeyInfo, kind)

        let secrecy = try await token.perform { (session) throws(PKCS11Error) in try session.secrecy(of: Self.name) }
        #expect(secrecy == [.isPrivate: [1], .isSensitive: [1], .isExtractable: [0]])
    }

    /// The command line's word, from files as anybody would give it.
    private static func expectOpenSSLVerifies(
        _ signature: [UInt8],
        by publicKeyInfo: [UInt8],
        _ kind: TokenKeyKind
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // Left behind at worst.
        for (name, octets) in [("key", publicKeyInfo), ("signature", signature), ("message", self.message)] {
            try Data(octets).write(to: folder.appending(path: name))
        }
        let digest =
            switch kind {
            case .ed25519: [String]()
            case .ecdsaP384: ["-digest", "sha384"]
            case .rsa, .ecdsaP256: ["-digest", "sha256"]
            }
        let outcome = try await ExternalCommand.run(
            "openssl",
            ["pkeyutl", "-verify", "-rawin", "-pubin", "-keyform", "DER", "-inkey", "\(folder.path)/key"]
                + ["-in", "\(folder.path)/message", "-sigfile", "\(folder.path)/signature"] + digest
        )
        #expect(outcome.status == 0, "\(outcome.output)")
    }

    @Test("finds a key by label and id together, and says when there is none or more than one")
    func naming() async throws {
        let (token, _) = try await Token.fresh()
        _ = try await token.generate(.ecdsaP256, named: Self.name)
        let others = [
            TokenKeyName(label: Self.name.label, id: [0xA0]), TokenKeyName(label: "another", id: Self.name.id),
        ]
        for other in others {
            let error = await #expect(throws: PKCS11Error.self) {
                try await token.sign(try Self.request(.ecdsaP256), with: other)
            }
            #expect(error?.kind == .keyMissing)
        }
        let error = await #expect(throws: PKCS11Error.self) {
            try await token.generate(.ecdsaP256, named: Self.name)
        }
        #expect(error?.kind == .ambiguousKey)
        // As another program may have done it.
        _ = try await token.perform { (session) throws(PKCS11Error) in
            try session.writing { (session) throws(PKCS11Error) in
                try session.generate(.ecdsaP384, named: Self.name)
            }
        }
        let doubt = await #expect(throws: PKCS11Error.self) { try await token.publicKey(of: Self.name) }
        #expect(doubt?.kind == .ambiguousKey)
        let refusal = await #expect(throws: PKCS11Error.self) {
            try await token.destroy(Self.name, publicKeyInfo: [])
        }
        #expect(refusal?.kind == .ambiguousKey)
        #expect(try await token.publicKeys().count == 2)
    }

    @Test("destroys the key that is meant and no other, and doing it again does nothing")
    func destruction() async throws {
        let (token, soft) = try await Token.fresh()
        let made = try await token.generate(.ecdsaP256, named: Self.name)
        let second = TokenKeyName(label: Self.name.label, id: [1])
        let other = try await token.generate(.ecdsaP256, named: second)
        let elsewhere = try Token.opening(soft)
        _ = try await elsewhere.sign(try Self.request(.ecdsaP256), with: Self.name)

        #expect(try await token.destroy(Self.name, publicKeyInfo: made.publicKeyInfo))
        #expect(try await token.destroy(Self.name, publicKeyInfo: made.publicKeyInfo) == false)
        for pool in [token, elsewhere] {
            let error = await #expect(throws: PKCS11Error.self) {
                try await pool.sign(try Self.request(.ecdsaP256), with: Self.name)
            }
            #expect(error?.kind == .keyMissing)
        }
        #expect(try await token.publicKeys() == [other])
        _ = try await elsewhere.sign(try Self.request(.ecdsaP256), with: second)
    }

    @Test("whose module gives out one object at a time is searched to the end")
    func slowSearch() async throws {
        let soft = try await SoftHSM.shared().makeToken()
        let module = try await WatchedModule()
        let token = try Token.opening(soft, module: module.path)
        let second = TokenKeyName(label: Self.name.label, id: [1])
        let made = try await token.generate(.ecdsaP256, named: Self.name)
        let other = try await token.generate(.ecdsaP256, named: second)
        #expect(Set(try await token.publicKeys()) == [made, other])
        for key in [made, other] {
            #expect(try await token.destroy(key.name, publicKeyInfo: key.publicKeyInfo))
        }
        // As another program may have done it.
        for _ in 0..<2 {
            _ = try await token.perform { (session) throws(PKCS11Error) in
                try session.writing { (session) throws(PKCS11Error) in
                    try session.generate(.ecdsaP256, named: Self.name)
                }
            }
        }
        let doubt = await #expect(throws: PKCS11Error.self) {
            try await token.sign(try Self.request(.ecdsaP256), with: Self.name)
        }
        #expect(doubt?.kind == .ambiguousKey)
        #expect(await token.close())
    }

    @Test("is told a wrong PIN once, and from then on nothing")
    func wrongPIN() async throws {
        let soft = try await SoftHSM.shared().makeToken()
        let token = try Token.opening(soft, pin: "00000000", sessions: 4)
        try await withThrowingTaskGroup(of: PKCS11Error?.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    do throws(PKCS11Error) {
                        _ = try await token.publicKeys()
                        return nil
                    } catch {
                        return error
                    }
                }
            }
            for try await error in group {
                #expect(error?.kind == .pin)
                #expect(error?.code == "CKR_PIN_INCORRECT")
                #expect(error.map { "\($0)".contains("00000000") } == false)
            }
        }
        #expect(token.offeredPINs == 1)
        guard case .away(let error) = token.standing else {
            Issue.record("it counts as in reach")
            return
        }
        #expect(error.kind == .pin)
        let right = try Token.opening(soft)
        #expect(try await right.publicKeys().isEmpty)
    }

    @Test("that is not there is out of reach, by its label")
    func missing() async throws {
        let soft = try await SoftHSM.shared().makeToken()
        let token = try Token.opening(soft, label: "nobody's")
        let error = await #expect(throws: PKCS11Error.self) { try await token.publicKeys() }
        #expect(error?.kind == .away)
        #expect(error.map { "\($0)" } == "finding the token: no token is labelled nobody's")
        #expect(!token.standing.isPresent)
    }

    @Test("behind a file that is no module is refused", arguments: ["/nowhere/module.so", "libm.so.6"])
    func noModule(_ path: String) {
        let error = #expect(throws: PKCS11Error.self) {
            try Token(TokenSettings(module: path, label: "any"), pin: PIN([]))
        }
        #expect(error?.kind == .module)
    }

    @Test("asked for what it does not make says so")
    func unsupported() async throws {
        let (token, _) = try await Token.fresh()
        let error = await #expect(throws: PKCS11Error.self) {
            try await token.generate(.rsa(bits: 99), named: Self.name)
        }
        #expect(error?.kind == .unsupported)
        #expect(try await token.publicKeys().isEmpty)
    }
}
