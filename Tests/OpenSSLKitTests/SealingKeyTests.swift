import OpenSSLKit
import Testing

@Suite("Sealing key", .timeLimit(.minutes(25)))
struct SealingKeyTests {
    /// Cheap on purpose: the cost is tried once, below.
    private static let parameters = SealingKey.Parameters(
        salt: [UInt8](0..<16),
        logarithmicCost: 4,
        blockSize: 1
    )
    private static let secret = Array("the private numbers".utf8)

    private static func key(_ passphrase: String = "correct horse") throws -> SealingKey {
        try SealingKey(passphrase: SecretOctets(Array(passphrase.utf8)), parameters: Self.parameters)
    }

    /// `SecretOctets` cannot be copied, so the error is caught here and not by a macro.
    private static func outcome(_ key: SealingKey, _ blob: [UInt8], _ purpose: String) -> SealingKey.OpeningError? {
        do throws(SealingKey.OpeningError) {
            _ = try key.open(blob, for: purpose)
            return nil
        } catch {
            return error
        }
    }

    @Test("what was sealed is opened with the same passphrase for the same purpose", arguments: [0, 1, 19, 4_096])
    func roundTrip(_ count: Int) throws {
        let secret = [UInt8](repeating: 0x5a, count: count)
        let blob = try Self.key().seal(SecretOctets(secret), for: "key/a")
        #expect(blob.count == 1 + 12 + count + 16)
        let opened = try Self.key().open(blob, for: "key/a").withOctets { Array($0) }
        #expect(opened == secret)
        #expect(ErrorQueue.leftovers.isEmpty)
    }

    @Test("today's parameters derive a key that another process derives again")
    func today() throws {
        let parameters = try SealingKey.Parameters.fresh()
        let blob = try SealingKey(passphrase: SecretOctets([1, 2, 3]), parameters: parameters)
            .seal(SecretOctets(Self.secret), for: "key/a")
        let again = try SealingKey(
            passphrase: SecretOctets([1, 2, 3]),
            parameters: SealingKey.Parameters(
                salt: parameters.salt,
                logarithmicCost: parameters.logarithmicCost,
                blockSize: parameters.blockSize
            )
        )
        let opened = try again.open(blob, for: "key/a").withOctets { Array($0) }
        #expect(opened == Self.secret)
        #expect(parameters.salt.count == 16)
        #expect(try SealingKey.Parameters.fresh().salt != parameters.salt)
    }

    @Test("the same secret is sealed differently each time, and is not to be seen in it")
    func nonce() throws {
        let key = try Self.key()
        let blobs = try (0..<50).map { _ in try key.seal(SecretOctets(Self.secret), for: "key/a") }
        #expect(Set(blobs.map { Array($0[1..<13]) }).count == 50)
        #expect(blobs.allSatisfy { !$0.contains(Self.secret) })
    }

    @Test("another passphrase does not open it", arguments: ["", "correct hors", "correct horse ", "Correct horse"])
    func passphrase(_ passphrase: String) throws {
        let blob = try Self.key().seal(SecretOctets(Self.secret), for: "key/a")
        #expect(Self.outcome(try Self.key(passphrase), blob, "key/a") == .notAuthentic)
        #expect(ErrorQueue.leftovers.isEmpty)
    }

    @Test("another salt does not open it")
    func salt() throws {
        let blob = try Self.key().seal(SecretOctets(Self.secret), for: "key/a")
        let other = SealingKey.Parameters(salt: [UInt8](1...16), logarithmicCost: 4, blockSize: 1)
        let key = try SealingKey(passphrase: SecretOctets(Array("correct horse".utf8)), parameters: other)
        #expect(Self.outcome(key, blob, "key/a") == .notAuthentic)
    }

    @Test("it does not open for another purpose", arguments: ["key/b", "key/", "", "key/a "])
    func purpose(_ purpose: String) throws {
        let key = try Self.key()
        let blob = try key.seal(SecretOctets(Self.secret), for: "key/a")
        #expect(Self.outcome(key, blob, purpose) == .notAuthentic)
    }

    @Test("each octet of it is protected")
    func tampering() throws {
        let key = try Self.key()
        let blob = try key.seal(SecretOctets(Self.secret), for: "key/a")
        for index in blob.indices {
            var altered = blob
            altered[index] ^= 0x80
            #expect(Self.outcome(key, altered, "key/a") == (index == 0 ? .malformed : .notAuthentic))
        }
        #expect(ErrorQueue.leftovers.isEmpty)
    }

    @Test("it does not open cut off or drawn out")
    func length() throws {
        let key = try Self.key()
        let blob = try key.seal(SecretOctets(Self.secret), for: "key/a")
        for length in blob.indices {
            let expected: SealingKey.OpeningError = length < 29 ? .malformed : .notAuthentic
            #expect(Self.outcome(key, Array(blob.prefix(length)), "key/a") == expected)
        }
        #expect(Self.outcome(key, blob + [0], "key/a") == .notAuthentic)
        #expect(ErrorQueue.leftovers.isEmpty)
    }

    @Test(
        "parameters that scrypt does not take are an error",
        arguments: [(0, 8), (63, 8), (15, 0)] as [(UInt8, UInt8)]
    )
    func parameters(_ cost: UInt8, _ blockSize: UInt8) {
        let parameters = SealingKey.Parameters(salt: [1], logarithmicCost: cost, blockSize: blockSize)
        #expect(throws: OpenSSLError.self) {
            try SealingKey(passphrase: SecretOctets([1]), parameters: parameters)
        }
        #expect(ErrorQueue.leftovers.isEmpty)
    }

}
