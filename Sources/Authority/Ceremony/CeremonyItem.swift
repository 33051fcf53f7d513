/// One thing that a root is asked to sign, or signed.
package struct CeremonyItem: Hashable, Sendable {
    /// What the octets are.
    package enum Content: Hashable, Sendable {
        /// A TBSCertificate of the issuing authority `issuerID`.
        case certificate
        /// A TBSCertList; the turn under which its number was given is still the store's.
        case list(ListTurn)
    }

    /// What the store needs to take a CRL in: see ``CRLTurn``.
    package struct ListTurn: Hashable, Sendable {
        package let shard: Int
        package let holder: String
        package let number: Int64
        package let through: Int64
        package let thisUpdate: Int64
        package let nextUpdate: Int64
        package let entryCount: Int64
        package let distributionPoint: String

        package init(
            shard: Int,
            holder: String,
            number: Int64,
            through: Int64,
            thisUpdate: Int64,
            nextUpdate: Int64,
            entryCount: Int64,
            distributionPoint: String
        ) {
            self.shard = shard
            self.holder = holder
            self.number = number
            self.through = through
            self.thisUpdate = thisUpdate
            self.nextUpdate = nextUpdate
            self.entryCount = entryCount
            self.distributionPoint = distributionPoint
        }
    }

    package let content: Content
    /// Exactly what is to be signed, DER.
    package let toBeSigned: [UInt8]

    package init(_ content: Content, toBeSigned: [UInt8]) {
        self.content = content
        self.toBeSigned = toBeSigned
    }
}
