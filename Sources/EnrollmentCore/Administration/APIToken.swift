/// What a caller of the admin interface may do.
///
/// Each route asks for exactly one; none includes another.
public enum APIScope: String, Hashable, Sendable, CaseIterable {
    /// The feed of events.
    case readEvents = "events:read"
    /// Whose a certificate is, and what it is worth.
    case readIdentities = "identities:read"
    /// Reporting that a device was seen.
    case confirmContact = "contacts:write"
    case readDevices = "devices:read"
    /// How destinations do.
    case readHandOff = "handoff:read"
    /// Sending events again, resuming destinations.
    case writeHandOff = "handoff:write"
}

/// Lets a machine use the admin interface; the secret itself is known to its holder alone.
public struct APIToken: Hashable, Sendable {
    /// Names it, and is the token's first part; 12 symbols of Crockford's base 32.
    public let id: String
    /// SHA-256 over the whole token.
    public let digest: [UInt8]
    public let name: String
    /// The person or team who answers for it.
    public let owner: String
    public let scopes: Set<APIScope>
    public let created: Timestamp
    public let expires: Timestamp
    /// Known to the hour; `nil` as long as it was not used.
    public var lastUsed: Timestamp?
    public var revoked: Timestamp?

    public init(
        id: String,
        digest: [UInt8],
        name: String,
        owner: String,
        scopes: Set<APIScope>,
        created: Timestamp,
        expires: Timestamp,
        lastUsed: Timestamp? = nil,
        revoked: Timestamp? = nil
    ) {
        self.id = id
        self.digest = digest
        self.name = name
        self.owner = owner
        self.scopes = scopes
        self.created = created
        self.expires = expires
        self.lastUsed = lastUsed
        self.revoked = revoked
    }

    /// Whether it opens anything at that moment.
    public func isValid(at now: Timestamp) -> Bool { self.revoked == nil && now < self.expires }
}
