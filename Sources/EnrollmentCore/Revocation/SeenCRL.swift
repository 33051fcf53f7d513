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

    public let shard: CRLShard
    public let number: Int64
    public let thisUpdate: Timestamp
    public let entries: [Entry]

    public init(shard: CRLShard, number: Int64, thisUpdate: Timestamp, entries: [Entry]) {
        self.shard = shard
        self.number = number
        self.thisUpdate = thisUpdate
        self.entries = entries
    }
}
