/// The forms in which people type who they are.
enum LoginName: Hashable, Sendable {
    /// `kim@corp.example`: a user principal name or a mail address.
    case principal(String)
    /// `CORP\kim`.
    case qualified(domain: String, account: String)
    /// `kim`.
    case account(String)

    /// The longest name that is looked up, in UTF-8 octets; Active Directory's longest user principal name is 1024.
    static let longest = 1024

    /// - Returns: `nil` for a text that can be nobody's name: empty, too long, or with an empty part.
    init?(_ typed: String) {
        guard !typed.isEmpty, typed.utf8.count <= Self.longest else { return nil }
        guard let separator = typed.utf8.firstIndex(of: UInt8(ascii: "\\")) else {
            self = typed.utf8.contains(UInt8(ascii: "@")) ? .principal(typed) : .account(typed)
            return
        }
        // Windows sends `DOMAIN\\user` with the separator doubled in some of its messages.
        let domain = typed[..<separator]
        let account = typed[separator...].drop { $0 == "\\" }
        let doubled = typed.utf8.distance(from: separator, to: account.startIndex)
        guard !domain.isEmpty, !account.isEmpty, doubled <= 2, !account.contains("\\") else { return nil }
        self = .qualified(domain: String(domain), account: String(account))
    }
}
