/// What to look for, and how much of it to bring back.
public struct LDAPSearch: Sendable {
    /// How far below the base to look (RFC 4511 § 4.5.1.2).
    public enum Scope: Int32, Hashable, Sendable {
        case base = 0
        case oneLevel = 1
        case subtree = 2
    }

    public let base: DistinguishedName
    public let scope: Scope
    public let filter: LDAPFilter
    /// The attributes to bring; none at all when empty.
    public let attributes: [LDAPAttributeName]
    /// The most entries to bring; the server stops there.
    public let sizeLimit: Int

    public init(
        under base: DistinguishedName,
        scope: Scope = .subtree,
        filter: LDAPFilter,
        attributes: [LDAPAttributeName],
        sizeLimit: Int
    ) {
        self.base = base
        self.scope = scope
        self.filter = filter
        self.attributes = attributes
        self.sizeLimit = sizeLimit
    }
}

/// What a search brought.
public struct LDAPSearchResult: Sendable {
    public let entries: [LDAPEntry]
    /// Whether the server had more than the size limit allowed.
    public let isTruncated: Bool
}
