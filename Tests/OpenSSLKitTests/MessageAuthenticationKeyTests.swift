import OpenSSLKit
import Testing

@Suite("A message authentication key")
struct MessageAuthenticationKeyTests {
    /// RFC 4231 § 4, cases 1, 2, 3, 6 and 7.
    private static let vectors: [(key: [UInt8], message: [UInt8], code: String)] = [
        (
            [UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"
        ),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 20), [UInt8](repeating: 0xdd, count: 50),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
    ]

    @Test("gives the codes of RFC 4231, in how many parts the message may come", arguments: Self.vectors)
    func vector(key: [UInt8], message: [UInt8], code: String) throws {
        let authenticator = try MessageAuthenticationKey(SecretOctets(key))
        #expect(try authenticator.code(over: [message]) == octets(code))
        let half = message.count / 2
        #expect(
            try authenticator.code(over: [Array(message[..<half]), [], Array(message[half...])]) == octets(code)
        )
        // The first message left nothing behind in the key.
        #expect(try authenticator.code(over: [message]) == octets(code))
        #expect(ErrorQueue.leftovers.isEmpty)
    }

    @Test("takes its own code and no other, shorter or longer one")
    func authenticates() throws {
        let key = try MessageAuthenticationKey(SecretOctets([1, 2, 3]))
        let code = try key.code(over: [[1], [2]])
        #expect(try key.authenticates(code, over: [[1, 2]]))
        #expect(try !key.authenticates(code, over: [[1, 3]]))
        #expect(try !key.authenticates(Array(code.dropLast()), over: [[1, 2]]))
        #expect(try !key.authenticates(code + [0], over: [[1, 2]]))
        #expect(try !key.authenticates([], over: [[1, 2]]))
        for position in code.indices {
            var altered = code
            altered[position] ^= 1
            #expect(try !key.authenticates(altered, over: [[1, 2]]))
        }
    }

    @Test("cannot be empty")
    func empty() {
        #expect(throws: OpenSSLError.self) { try MessageAuthenticationKey(SecretOctets([])) }
    }

    @Test("serves many threads at once")
    func shared() async throws {
        let key = try MessageAuthenticationKey(SecretOctets(Array("Jefe".utf8)))
        let expected = try key.code(over: [[7]])
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<500 where try key.code(over: [[7]]) != expected { return false }
                    return true
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }
}
