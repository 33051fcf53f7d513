import EnrollmentTestKit
import PKCS11Kit

extension Token {
    /// A fresh token of SoftHSM with a pool of its own.
    static func fresh(sessions: Int = 2) async throws -> (token: Token, soft: SoftToken) {
        let soft = try await SoftHSM.shared().makeToken()
        return (try Token.opening(soft, sessions: sessions), soft)
    }

    /// Another pool for a token, with its PIN or another one.
    static func opening(
        _ soft: SoftToken,
        module: String? = nil,
        pin: String? = nil,
        label: String? = nil,
        sessions: Int = 2,
        onChange: @escaping @Sendable (TokenStanding) -> Void = { _ in }
    ) throws -> Token {
        try Token(
            // Tests run beside many others on few cores.
            TokenSettings(
                module: try module ?? SoftHSM.shared().module,
                label: label ?? soft.label,
                sessions: sessions,
                timeLimit: .seconds(60)
            ),
            pin: PIN(Array((pin ?? soft.pin).utf8)),
            onChange: onChange
        )
    }
}
