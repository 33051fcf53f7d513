/// A CRL that somebody outside has: proof of what was published.
public struct SeenCRL: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        public let serialNumber: SerialNumber
        public let reason: RevocationReason

        public init(serialNumber: SerialNumber, reason: RevocationReason) {
            self.serialNumber = serialNumber
            self.reason = reason
        }
    }

    /// What it takes to show it once more.
    public struct Document: Hashable, Sendable {
        public let der: [UInt8]
        /// SHA-256 over ``der``.
        public let thumbprint: [UInt8]
        /// SHA-256 over the part that is signed.
        public let toBeSignedDigest: [UInt8]
        public let nextUpdate: Timestamp

        public init(der: [UInt8], thumbprint: [UInt8], toBeSignedDigest: [UInt8], nextUpdate: Timestamp) {
            self.der = der
            self.thumbprint = thumbprint
            self.toBeSignedDigest = toBeSignedDigest
            self.nextUpdate = nextUpdate
        }
    }

    public let shard: CRLShard
    public let number: Int64
    public let thisUpdate: Timestamp
    public let entries: [Entry]
    /// `nil` when it does not say until when it may be relied on.
    public let document: Document?

    public init(
        shard: CRLShard,
        number: Int64,
        thisUpdate: Timestamp,
        entries: [Entry],
        document: Document? = nil
    ) {
        self.shard = shard
        self.number = number
        self.thisUpdate = thisUpdate
        self.entries = entries
        self.document = document
    }
}
