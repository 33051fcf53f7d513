import AdminAPI
import EnrollmentCore
import EnrollmentTestKit
import Testing

@Suite("Token secret")
struct TokenSecretTests {
    @Test("holds all of its random octets, reads itself back, and shows itself to nobody by accident")
    func roundTrip() throws {
        let zero = TokenSecret(random: [UInt8](repeating: 0, count: TokenSecret.randomOctets))
        #expect(
            zero.text.reveal() == "ght_" + String(repeating: "0", count: 12) + "_" + String(repeating: "0", count: 52)
        )
        let full = TokenSecret(random: [UInt8](repeating: 255, count: TokenSecret.randomOctets))
        // 256 bits leave one of five for the last symbol.
        #expect(full.text.reveal() == "ght_ZZZZZZZZZZZZ_" + String(repeating: "Z", count: 51) + "G")
        #expect(!"\(full)".contains("ZG"))
        for octet in 0..<TokenSecret.randomOctets where octet != 7 {
            var random = [UInt8](repeating: 0, count: TokenSecret.randomOctets)
            random[octet] = 1
            let secret = TokenSecret(random: random)
            let text = secret.text.reveal()
            #expect(text != zero.text.reveal(), "octet \(octet) is lost")
            let read = try #require(TokenSecret(text))
            #expect(read.id == secret.id)
            #expect(try read.digest() == secret.digest())
        }
    }

    @Test(
        "has one spelling",
        arguments: [
            "", "ght_", "ght_ZZZZZZZZZZZZ_" + String(repeating: "Z", count: 51),
            "ght_ZZZZZZZZZZZZ_" + String(repeating: "Z", count: 53),
            "GHT_ZZZZZZZZZZZZ_" + String(repeating: "Z", count: 52),
            "ght_zZZZZZZZZZZZ_" + String(repeating: "Z", count: 52),
            "ght_OZZZZZZZZZZZ_" + String(repeating: "Z", count: 52),
            "ght_ZZZZZZZZZZZZ-" + String(repeating: "Z", count: 52),
            "ght_ZZZZZZZZZZZZ_ " + String(repeating: "Z", count: 51),
            "ght_ZZZZZZZZZZZZ_" + String(repeating: "Z", count: 50) + "é",
        ]
    )
    func spelling(text: String) {
        #expect(TokenSecret(text) == nil)
    }
}
