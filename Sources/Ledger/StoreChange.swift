/// What changed in a store that several processes share.
package enum StoreChange: String, Hashable, Sendable, CaseIterable {
    /// Something was revoked, or taken off hold.
    case revocation
    /// A CRL was published.
    case crl
    /// An issuer or a certificate of the service's own was stored.
    case authority
    /// What the replicas agree on.
    case agreement
    /// Events got their places in the feed, or are to be sent once more.
    case events
    /// Nobody said what, or somebody may have said it while nobody listened: look at everything.
    case anything
}
