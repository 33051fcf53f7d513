import OpenSSLKit
import Testing

@Suite("A digest over pieces")
struct RunningDigestTests {
    @Test("is that over the whole, however it is cut", arguments: [0, 1, 63, 64, 65, 1_000])
    func pieces(size: Int) throws {
        let message = (0..<1_000).map { UInt8(truncatingIfNeeded: $0) }
        let digest = try RunningDigest()
        try digest.append(message[..<size])
        try digest.append([])
        try digest.append(message[size...])
        #expect(try digest.finish() == Digest.sha256(message))
    }
}
