/// A refused or impossible LDAP operation, and everything the server or libldap said about it.
///
/// It never holds a password; the server's text is cut to ``diagnosticLimit`` octets and stripped of control characters.
public struct LDAPError: Error, Hashable, Sendable {
    /// The longest ``diagnostic`` kept, in UTF-8 octets.
    public static let diagnosticLimit = 512

    /// What was asked, for example `bind`.
    public let operation: String
    public let code: LDAPResultCode
    /// The server's own words (RFC 4511 § 4.1.9 `diagnosticMessage`), or libldap's for a local failure; may be empty.
    public let diagnostic: String
    /// Why the account was refused, when the server told.
    public let condition: AccountCondition?

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - operation: What was asked.
    ///   - code: What was answered.
    ///   - diagnostic: Text from the server; cut and cleaned here. For refused credentials it is searched for Active
    ///     Directory's sub-code.
    ///   - condition: A condition known from elsewhere (a password policy control); wins over the diagnostic's.
    public init(
        _ operation: String,
        _ code: LDAPResultCode,
        diagnostic: String = "",
        condition: AccountCondition? = nil
    ) {
        self.operation = operation
        self.code = code
        self.diagnostic = Self.cleaned(diagnostic)
        let told = code == .invalidCredentials ? AccountCondition(activeDirectoryDiagnostic: self.diagnostic) : nil
        self.condition = condition ?? told
    }

    /// Whether the connection is of no further use and another server may do better.
    public var isConnectionLoss: Bool {
        switch self.code {
        case .serverDown, .timedOut, .connectError, .busy, .unavailable: true
        // Any other negative code is a local failure (encoding, memory) after which the handle's state is unknown.
        default: self.code.rawValue < 0 && self.code != .invalidArgument && self.code != .filterError
        }
    }

    private static func cleaned(_ text: String) -> String {
        var cleaned = ""
        for scalar in text.unicodeScalars {
            if scalar.value == 0 { continue }
            let isControl = scalar.properties.generalCategory == .control
            cleaned.unicodeScalars.append(isControl ? " " : scalar)
            if cleaned.utf8.count >= Self.diagnosticLimit { break }
        }
        return cleaned
    }
}

extension LDAPError: CustomStringConvertible {
    public var description: String {
        let text = self.diagnostic.isEmpty ? "" : ": \(self.diagnostic)"
        return "\(self.operation): \(self.code)\(text)"
    }
}
