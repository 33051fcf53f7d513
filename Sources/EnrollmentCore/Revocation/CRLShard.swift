/// One of the CRLs into which an issuer's certificates are divided.
public struct CRLShard: Hashable, Sendable {
    public let issuerID: String
    /// From 0; fixed in a certificate's distribution point when it is issued.
    public let number: Int

    public init(issuerID: String, number: Int) {
        self.issuerID = issuerID
        self.number = number
    }
}

extension CRLShard: CustomStringConvertible {
    public var description: String { "\(self.issuerID)/\(self.number)" }
}

/// What is known of a shard without its octets.
public struct CRLStanding: Hashable, Sendable {
    public let shard: CRLShard
    /// `nil` as long as there was none.
    public let published: CRLFacts?
    /// When the oldest change was recorded that the published one does not show; `nil` when it shows all.
    public let waitingSince: Timestamp?

    public init(shard: CRLShard, published: CRLFacts?, waitingSince: Timestamp?) {
        self.shard = shard
        self.published = published
        self.waitingSince = waitingSince
    }
}

/// A published CRL without its octets.
public struct CRLFacts: Hashable, Sendable {
    /// The CRL number (RFC 5280 § 5.2.3).
    public let number: Int64
    public let thisUpdate: Timestamp
    public let nextUpdate: Timestamp
    public let entryCount: Int
    /// The last change it shows.
    public let through: Int64
    /// SHA-256 over the octets.
    public let thumbprint: [UInt8]
    public let octetCount: Int

    public init(
        number: Int64,
        thisUpdate: Timestamp,
        nextUpdate: Timestamp,
        entryCount: Int,
        through: Int64,
        thumbprint: [UInt8],
        octetCount: Int
    ) {
        self.number = number
        self.thisUpdate = thisUpdate
        self.nextUpdate = nextUpdate
        self.entryCount = entryCount
        self.through = through
        self.thumbprint = thumbprint
        self.octetCount = octetCount
    }
}

/// A published CRL.
public struct PublishedCRL: Hashable, Sendable {
    public let shard: CRLShard
    public let facts: CRLFacts
    public let der: [UInt8]

    public init(shard: CRLShard, facts: CRLFacts, der: [UInt8]) {
        self.shard = shard
        self.facts = facts
        self.der = der
    }
}

/// The right to make the next CRL of a shard, with its number; numbers are never given twice.
public struct CRLTurn: Hashable, Sendable {
    public let shard: CRLShard
    /// The holder of the lease under which it was given.
    public let holder: String
    public let number: Int64
    /// The newest change when the turn was given: entries read from now on show it.
    public let through: Int64
    /// `thisUpdate` of the CRL now published; an entry whose certificate ended before it has had its last appearance.
    public let previousUpdate: Timestamp?

    public init(shard: CRLShard, holder: String, number: Int64, through: Int64, previousUpdate: Timestamp?) {
        self.shard = shard
        self.holder = holder
        self.number = number
        self.through = through
        self.previousUpdate = previousUpdate
    }
}

/// The answer to asking for a ``CRLTurn``.
public enum CRLTurnOutcome: Hashable, Sendable {
    case turn(CRLTurn)
    /// Somebody else is at it.
    case leased(by: String, until: Timestamp)
    /// The shard was never announced.
    case unknownShard
}

/// One entry of a CRL.
public struct CRLEntry: Hashable, Sendable {
    public let serialNumber: SerialNumber
    public let revoked: Timestamp
    public let reason: RevocationReason

    public init(serialNumber: SerialNumber, revoked: Timestamp, reason: RevocationReason) {
        self.serialNumber = serialNumber
        self.revoked = revoked
        self.reason = reason
    }
}
