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

    /// A CRL of an issuer whose key is elsewhere, as it was published: nobody here could make another.
    package struct List: Hashable, Sendable {
        package let number: Int64
        package let thisUpdate: Timestamp
        package let entryCount: Int
        package let document: SeenCRL.Document
    }

    /// A permit, by what it was given for and the act that gave it.
    package struct Grant: Hashable, Sendable {
        package let device: [UInt8]
        package let kind: String
        package let traceID: String
    }

    /// What the backup shows as good and nobody can say about: whether it still was.
    package struct Access: Hashable, Sendable {
        package var tokens = 0
        package var permits = 0

        package var isNone: Bool { self.tokens == 0 && self.permits == 0 }
    }

    /// Nothing at all is known of the time after the backup: no CRL was seen, and no store.
    package var isUnknown = false
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
    /// The newest CRL of each shard of such an issuer that is newer than the backup's: it can be shown again.
    package var lists: [CRLShard: List] = [:]
    /// Tokens of the admin interface that were revoked since, by their ids: they can be revoked again.
    package var tokens: Set<String> = []
    /// Permits that were used or taken back since: they can be taken back.
    package var permits: Set<Grant> = []
    /// Of tokens and permits nobody knows anything.
    package var access = Access()
    /// What became of issuers, each in words.
    package var issuers: [String] = []
    /// The last position of the feed that was given.
    package var feedPosition: Int64 = 0

    package init() {}

    package var isNone: Bool {
        self.numberings.isEmpty && self.certificates.isEmpty && self.revocations.isEmpty && self.strangers.isEmpty
            && self.blockedKeys.isEmpty && self.issuers.isEmpty && self.tokens.isEmpty && self.permits.isEmpty
            && self.access.isNone && !self.isUnknown
    }

    package mutating func add(_ other: RestoreLoss) {
        self.numbers.merge(other.numbers) { max($0, $1) }
        self.numberings += other.numberings
        self.certificates.formUnion(other.certificates)
        self.revocations.merge(other.revocations) { $1.replaces($0) ? $1 : $0 }
        self.strangers.formUnion(other.strangers)
        self.blockedKeys.merge(other.blockedKeys) { first, _ in first }
        self.lists.merge(other.lists) { $1.number > $0.number ? $1 : $0 }
        self.tokens.formUnion(other.tokens)
        self.permits.formUnion(other.permits)
        self.issuers += other.issuers.filter { !self.issuers.contains($0) }
        self.feedPosition = max(self.feedPosition, other.feedPosition)
    }
}
