internal import CLDAP

/// An LDAP result code (RFC 4511 § 4.1.9), or a negative code that libldap adds for what happened on this side.
public struct LDAPResultCode: RawRepresentable, Hashable, Sendable {
    public let rawValue: Int32

    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    public static let success = Self(rawValue: 0)
    public static let operationsError = Self(rawValue: 1)
    public static let protocolError = Self(rawValue: 2)
    public static let timeLimitExceeded = Self(rawValue: 3)
    public static let sizeLimitExceeded = Self(rawValue: 4)
    public static let strongerAuthenticationRequired = Self(rawValue: 8)
    public static let referral = Self(rawValue: 10)
    public static let adminLimitExceeded = Self(rawValue: 11)
    public static let confidentialityRequired = Self(rawValue: 13)
    public static let constraintViolation = Self(rawValue: 19)
    public static let noSuchObject = Self(rawValue: 32)
    public static let invalidDNSyntax = Self(rawValue: 34)
    public static let inappropriateAuthentication = Self(rawValue: 48)
    public static let invalidCredentials = Self(rawValue: 49)
    public static let insufficientAccessRights = Self(rawValue: 50)
    public static let busy = Self(rawValue: 51)
    public static let unavailable = Self(rawValue: 52)
    public static let unwillingToPerform = Self(rawValue: 53)

    public static let other = Self(rawValue: 80)

    /// The connection could not be made, or was lost.
    public static let serverDown = Self(rawValue: -1)
    /// No complete answer within the time allowed.
    public static let timedOut = Self(rawValue: -5)
    /// The search filter could not be read by libldap.
    public static let filterError = Self(rawValue: -7)
    /// An argument was refused before anything was sent.
    public static let invalidArgument = Self(rawValue: -9)
    /// TLS could not be established: most likely the certificate was refused.
    public static let connectError = Self(rawValue: -11)
}

extension LDAPResultCode: CustomStringConvertible {
    /// libldap's words for the code, for example `Invalid credentials (49)`.
    public var description: String {
        let name = ldap_err2string(self.rawValue).map { String(cString: $0) } ?? "Unknown"
        return "\(name) (\(self.rawValue))"
    }
}
