/// Tells whose a certificate is.
public protocol IdentityLedger: Sendable {
    /// The device certificate of that SHA-256 with its device; `nil` where no device of ours holds or held it.
    func identity(thumbprint: [UInt8]) async throws(EnrollmentError) -> IdentityRecord?

    /// SHA-256 of the certificates that these events and changes are about, so that what is kept of them can be dropped:
    /// all certificates of the devices of events after `position`, and those of steps of the revocation log after
    /// `ordinal`, at most `limit` of either.
    ///
    /// - Returns: The thumbprints, and up to where they go.
    func staleIdentities(afterChange ordinal: Int64, afterEvent position: Int64, limit: Int)
        async throws(EnrollmentError) -> StaleIdentities

    /// Where ``staleIdentities(afterChange:afterEvent:limit:)`` is to start for whoever has kept nothing yet.
    func newestIdentityChange() async throws(EnrollmentError) -> (change: Int64, event: Int64)
}

/// What is to be forgotten of identities.
public struct StaleIdentities: Hashable, Sendable {
    public let thumbprints: [[UInt8]]
    /// The last step of the revocation log that was looked at.
    public let change: Int64
    /// The last event that was looked at.
    public let event: Int64
    /// Whether there may be more.
    public let isPartial: Bool

    public init(thumbprints: [[UInt8]], change: Int64, event: Int64, isPartial: Bool) {
        self.thumbprints = thumbprints
        self.change = change
        self.event = event
        self.isPartial = isPartial
    }
}
