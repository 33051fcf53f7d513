import Testing

@testable import OpenSSLKit

@Suite("OpenSSL error")
struct OpenSSLErrorTests {
    @Test("it says which call failed and why, and leaves nothing for the next")
    func reasons() throws {
        let error = try #require(throws: OpenSSLError.self) { try VerifyingKey(curve: .p256, point: [4, 1]) }
        #expect(error.operation == "EVP_PKEY_fromdata")
        #expect(!error.entries.isEmpty)
        #expect(error.entries.allSatisfy { error.description.contains($0.reason) })
        #expect(error.description.hasPrefix("EVP_PKEY_fromdata: "))
        #expect(ErrorQueue.leftovers.isEmpty)
    }

    @Test("a failure without a reason says so")
    func noReason() {
        #expect(OpenSSLError(during: "EVP_Digest").description == "EVP_Digest gave no reason")
    }

    @Test("complaints that an earlier call left behind are not taken for its own")
    func leftovers() throws {
        let good = try SigningKey.generate(.ed25519)
        let first = #expect(throws: OpenSSLError.self) { try VerifyingKey(publicKeyInfo: [0x30]) }
        let second = #expect(throws: OpenSSLError.self) { try VerifyingKey(publicKeyInfo: [0x30]) }
        #expect(first == second)
        #expect(try good.sign([1]).count == 64)
    }
}
