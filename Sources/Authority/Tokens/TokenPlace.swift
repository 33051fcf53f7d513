package import EnrollmentCore
internal import PKCS11Kit

/// A token as the configuration names it.
package struct TokenPlace: Sendable {
    /// Its name in the configuration and in commands.
    package let name: String
    let settings: TokenSettings
    private let fetchPIN: @Sendable () throws(EnrollmentError) -> Redacted<[UInt8]>

    /// - Parameters:
    ///   - name: Its name in the configuration.
    ///   - module: Path of the PKCS #11 module.
    ///   - label: The token's own label.
    ///   - sessions: How many signatures it makes at once.
    ///   - seconds: How long one may take, waiting included.
    ///   - fetchPIN: Fetches the user's PIN; asked when the token is first used.
    package init(
        name: String,
        module: String,
        label: String,
        sessions: Int,
        seconds: Int,
        fetchPIN: @escaping @Sendable () throws(EnrollmentError) -> Redacted<[UInt8]>
    ) {
        self.name = name
        self.settings = TokenSettings(module: module, label: label, sessions: sessions, timeLimit: .seconds(seconds))
        self.fetchPIN = fetchPIN
    }

    func open(onChange: @escaping @Sendable (TokenReach) -> Void) throws(EnrollmentError) -> Token {
        let pin = PIN(try self.fetchPIN().reveal())
        let name = self.name
        do throws(PKCS11Error) {
            return try Token(self.settings, pin: pin) { onChange(TokenReach(name, $0)) }
        } catch {
            throw EnrollmentError(error, token: name)
        }
    }
}

/// Whether a token is in reach, as of when it was last used.
package struct TokenReach: Hashable, Sendable {
    /// Its name in the configuration.
    package let name: String
    /// Why it is out of reach, without a full stop; `nil` while it is in reach.
    package let trouble: String?
    /// What is to be done, where it does not come back by itself.
    package let remedy: String?

    init(_ name: String, _ standing: TokenStanding) {
        self.name = name
        guard case .away(let error) = standing else {
            self.trouble = nil
            self.remedy = nil
            return
        }
        self.trouble = "\(error)"
        self.remedy = error.kind == .away ? nil : EnrollmentError.remedy(for: error.kind)
    }
}

/// Why a token does not sign with an issuer's key, though it answers.
package struct TokenKeyTrouble: Sendable {
    package let issuer: IssuerRecord
    /// The token's name in the configuration.
    package let token: String
    /// Sentences.
    package let detail: String
}

extension EnrollmentError {
    /// What a token did not do; code `inMaintenance` where it may do it later.
    init(_ error: PKCS11Error, token name: String) {
        let code: Code =
            switch error.kind {
            case .away, .busy, .timeLimit: .inMaintenance
            case .module, .pin, .ambiguousToken, .keyMissing, .ambiguousKey, .unsupported, .refused: .internalService
            }
        self.init(
            code,
            "Token \(name): \(error). \(Self.remedy(for: error.kind))",
            rule: "token.\(error.kind.rawValue)",
            cause: error
        )
    }

    fileprivate static func remedy(for kind: PKCS11Error.Kind) -> String {
        switch kind {
        case .module: "See tokens[].module in the configuration."
        case .away: "It is looked for again by itself; see that it is plugged in and its service runs."
        case .busy: "Raise tokens[].sessions if the token allows it."
        case .timeLimit: "See what keeps it; requests are told to come again."
        case .pin: "Correct tokens[].pin and start again; the wrong one is not offered twice."
        case .ambiguousToken: "Give one of them another label, or take it away."
        case .keyMissing: "Restore the token from its own backup."
        case .ambiguousKey: "Remove the surplus one by the vendor's tool."
        case .unsupported: "Choose another --algorithm."
        case .refused: "See the token's own log."
        }
    }
}
