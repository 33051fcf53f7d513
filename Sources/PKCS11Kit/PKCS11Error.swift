/// Why a token did not do what it was asked, in plain words.
///
/// It never holds a PIN, nor anything that was to be signed.
public struct PKCS11Error: Error, Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The module cannot be loaded, or is not one.
        case module
        /// The token is out of reach; it may come back.
        case away
        /// More ask than are let wait, or the token opens no more sessions.
        case busy
        /// No answer within the time limit.
        case timeLimit
        /// The PIN was not taken. It is not offered a second time.
        case pin
        /// Several tokens have the label.
        case ambiguousToken
        case keyMissing
        /// Several keys have the label and id.
        case ambiguousKey
        /// The token does not offer such keys or signatures.
        case unsupported
        /// Anything else that it answered.
        case refused
    }

    public let kind: Kind
    /// The C function that failed, or what was being done.
    public let operation: String
    /// The name of the code that it returned, such as `CKR_DEVICE_REMOVED`; `nil` where no function failed.
    public let code: String?
    /// What happened, as a sentence without its full stop.
    public let explanation: String

    init(_ kind: Kind, during operation: String, code: String? = nil, _ explanation: String) {
        self.kind = kind
        self.operation = operation
        self.code = code
        self.explanation = explanation
    }

    init(_ code: ReturnCode, during operation: String) {
        self.init(code.kind, during: operation, code: code.name, Self.explanation(of: code.kind))
    }

    private static func explanation(of kind: Kind) -> String {
        switch kind {
        case .module: "the module is not usable"
        case .away: "the token, or the session with it, is gone"
        case .busy: "the token opens no more sessions"
        case .timeLimit: "the token did not answer in time"
        case .pin: "the token did not take the PIN"
        case .ambiguousToken: "several tokens have that label"
        case .keyMissing: "there is no such key"
        case .ambiguousKey: "several keys have that label and id"
        case .unsupported: "the token does not offer that"
        case .refused: "the token refused"
        }
    }
}

extension PKCS11Error: CustomStringConvertible {
    public var description: String {
        let code = self.code.map { " (\($0))" } ?? ""
        return "\(self.operation): \(self.explanation)\(code)"
    }
}
