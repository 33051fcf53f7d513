package import EnrollmentCore

/// What is known to have happened after a backup was made, and is not in it.
package struct RestoreLoss: Sendable {
    /// A CRL with a higher number than the backup knows.
    package struct Numbering: Hashable, Sendable {
        package let shard: CRLShard
        /// The last number that the backup knows.
        package let backup: Int64
        package let known: Int64
        /// Where the other number was seen.
        package let source: String
    }

    /// Numbers that were given, by all that is known, behind or not.
    package var numbers: [CRLShard: Int64] = [:]
    package var numberings: [Numbering] = []
    /// Certificates that the backup does not know.
    package var certificates: Set<SerialNumber> = []
    /// Revocations of certificates that the backup knows, which it does not show: they can be made again.
    package var revocations: [SerialNumber: RevocationReason] = [:]
    /// Revocations of certificates that it does not know, which nobody can make again.
    package var strangers: Set<SerialNumber> = []
    /// Keys that were blocked, by SHA-256 over their SubjectPublicKeyInfo, with the reason: they can be blocked again.
    package var blockedKeys: [[UInt8]: String] = [:]
    /// What became of issuers, each in words.
    package var issuers: [String] = []
    /// The last position of the feed that was given.
    package var feedPosition: Int64 = 0

    package init() {}

    package var isNone: Bool {
        self.numberings.isEmpty && self.certificates.isEmpty && self.revocations.isEmpty && self.strangers.isEmpty
            && self.blockedKeys.isEmpty && self.issuers.isEmpty
    }

    package mutating func add(_ other: RestoreLoss) {
        self.numbers.merge(other.numbers) { max($0, $1) }
        self.numberings += other.numberings
        self.certificates.formUnion(other.certificates)
        self.revocations.merge(other.revocations) { $1.replaces($0) ? $1 : $0 }
        self.strangers.formUnion(other.strangers)
        self.blockedKeys.merge(other.blockedKeys) { first, _ in first }
        self.issuers += other.issuers.filter { !self.issuers.contains($0) }
        self.feedPosition = max(self.feedPosition, other.feedPosition)
    }
}
