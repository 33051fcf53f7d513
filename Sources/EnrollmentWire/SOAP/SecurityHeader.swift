internal import EnrollmentCore
internal import XMLKit

/// Reads the credential out of a `wsse:Security` header (protocol of [MS-MDE2] § 3.3.4.1.1.1).
///
/// What counts is the token found, not the method that discovery announced: a device that already belongs to a cloud
/// directory attaches its token regardless.
enum SecurityHeader {
    private static let longestName = 1024
    private static let longestPassword = 1024

    /// A kind of token that is recognised and not accepted.
    private enum RefusedKind: String {
        case federated = "a sign-in page's token"
        case jsonWebToken = "a JSON web token"
        case certificate = "a certificate"
        case unknown = "a token of an unknown kind"
    }

    /// The user name in the header, for the record of whatever comes of the message; `nil` unless there is exactly one.
    ///
    /// What keeps it from being read is refused by ``credential(in:)``, which decides; a record just names nobody then.
    static func claimedName(in header: XMLElement?) -> String? {
        guard let token = try? header?.only("UsernameToken", in: Namespace.security),
            let name = try? token.only("Username", in: Namespace.security)?.value(atMost: Self.longestName),
            !name.isEmpty
        else { return nil }
        return name
    }

    /// - Throws: ``EnrollmentError``: `invalidSecurity` for a header that is missing, ambiguous or malformed,
    ///   `notSupported` for a kind of token that is not accepted here, `authentication` for an empty password.
    static func credential(in header: XMLElement?) throws(EnrollmentError) -> Credential {
        guard let header else {
            throw Self.invalid("The message has no Security header.", rule: "credential.missing")
        }
        guard let token = try Self.userToken(in: header) else {
            throw Self.invalid("The Security header holds no token.", rule: "credential.missing")
        }
        return .password(try Self.password(in: token))
    }

    /// The credential of a message that may do without one.
    ///
    /// A device that renews by itself sends no header, one with a time stamp alone, or a UsernameToken whose password is
    /// empty; the name in it then proves nothing ([MS-MDE2] § 3.5.4).
    ///
    /// - Throws: As ``credential(in:)``, except for what is missing.
    static func optionalCredential(in header: XMLElement?) throws(EnrollmentError) -> Credential? {
        guard let header, let token = try Self.userToken(in: header) else { return nil }
        let password: String
        do throws(EnrollmentError) {
            password = try token.only("Password", in: Namespace.security)?.value ?? ""
        } catch {
            throw Self.malformedToken(because: error)
        }
        return password.isEmpty ? nil : .password(try Self.password(in: token))
    }

    /// The UsernameToken, or `nil` when there is no token at all.
    private static func userToken(in header: XMLElement) throws(EnrollmentError) -> XMLElement? {
        let userTokens = header.children.filter { $0.matches("UsernameToken", in: Namespace.security) }
        let binaryTokens = header.children.filter { $0.matches("BinarySecurityToken", in: Namespace.security) }
        let isSigned = header.first("Signature", in: Namespace.signature) != nil
        guard userTokens.count + binaryTokens.count <= 1, !(isSigned && !userTokens.isEmpty) else {
            throw Self.invalid(
                "The Security header holds several tokens; which one counts is not guessed.",
                rule: "credential.ambiguous"
            )
        }
        if let token = userTokens.first { return token }
        if let token = binaryTokens.first { throw Self.refusal(of: isSigned ? .certificate : try Self.kind(of: token)) }
        if isSigned { throw Self.refusal(of: .certificate) }
        return nil
    }

    private static func password(in token: XMLElement) throws(EnrollmentError) -> UsernamePassword {
        let name: String
        let password: XMLElement
        let text: String
        do throws(EnrollmentError) {
            name = try token.required("Username", in: Namespace.security).value(atMost: Self.longestName)
            password = try token.required("Password", in: Namespace.security)
            text = WireText.withoutLayout(try password.textAlone)
        } catch {
            throw Self.malformedToken(because: error)
        }
        if let type = password.attribute("Type"), !WireText.trimmed(type).hasSuffix("#PasswordText") {
            throw Self.invalid(
                "The password is not sent as text, so the directory could not be asked.",
                rule: "credential.password-type"
            )
        }
        guard text.utf8.count <= Self.longestPassword else {
            throw Self.invalid(
                "The password is beyond \(Self.longestPassword) octets.",
                rule: "credential.password-length"
            )
        }
        // A directory answers a bind without password as anonymous, with success.
        guard !name.isEmpty, !text.isEmpty else {
            throw EnrollmentError(
                .authentication,
                "The user name or the password is empty.",
                rule: "credential.empty"
            )
        }
        return UsernamePassword(name: name, password: Redacted(text))
    }

    private static func malformedToken(because cause: EnrollmentError) -> EnrollmentError {
        EnrollmentError(
            .invalidSecurity,
            "The UsernameToken lacks or repeats its user name or password, or one of them holds an element, or the "
                + "name is beyond \(Self.longestName) octets.",
            rule: "credential.username-token",
            cause: cause
        )
    }

    private static func kind(of token: XMLElement) throws(EnrollmentError) -> RefusedKind {
        let type = token.attribute("ValueType").map { WireText.trimmed($0) } ?? ""
        if type == "urn:ietf:params:oauth:token-type:jwt" { return .jsonWebToken }
        if Self.looksLikeJSONWebToken(try token.octetsAlone) { return .jsonWebToken }
        if type.hasSuffix("/DeviceEnrollmentUserToken") { return .federated }
        if type.contains("x509-token-profile-1.0#X509") { return .certificate }
        return .unknown
    }

    /// Either value type is used for either kind, so the content decides: three parts between dots.
    private static func looksLikeJSONWebToken(_ token: ArraySlice<UInt8>) -> Bool {
        guard let text = Base64.decode(token) else { return false }
        return text.starts(with: "ey".utf8) && text.count { $0 == UInt8(ascii: ".") } == 2
    }

    private static func refusal(of kind: RefusedKind) -> EnrollmentError {
        EnrollmentError(
            .notSupported,
            "The device offers \(kind.rawValue); this way of signing in is not enabled here, only user name and password "
                + "are.",
            rule: "credential.not-enabled",
            facts: [Fact("token", "\(kind)")]
        )
    }

    private static func invalid(_ detail: String, rule: String) -> EnrollmentError {
        EnrollmentError(.invalidSecurity, detail, rule: rule)
    }
}
