/// What a request offers as proof of who its user is.
///
/// Every kind is bound to the endpoints that accept it by its type; an unknown kind does not get this far.
public enum Credential: Sendable {
    /// A WS-Security UsernameToken ([MS-MDE2] § 3.3.4.1.1.1).
    case password(UsernamePassword)
}

/// A user name as typed and its password.
public struct UsernamePassword: Sendable {
    /// UPN, `DOMAIN\user`, mail address or account name, as sent, surrounding white space removed.
    public let name: String
    public let password: Redacted<String>

    public init(name: String, password: Redacted<String>) {
        self.name = name
        self.password = password
    }
}

extension Credential {
    /// The user name that was claimed, for records; nothing about it is proven.
    public var claimedName: String {
        switch self {
        case .password(let token): token.name
        }
    }

    /// How the user authenticates, for records: `password`.
    public var kind: String {
        switch self {
        case .password: "password"
        }
    }
}
