package import EnrollmentCore

/// What an image of a store holds, in figures: what a manifest says and a verification finds again.
package struct StoreImageFacts: Hashable, Sendable {
    package struct Table: Hashable, Sendable {
        package let name: String
        package let rows: Int
        /// SHA-256 over its rows in the order of their keys.
        package let digest: [UInt8]

        package init(name: String, rows: Int, digest: [UInt8]) {
            self.name = name
            self.rows = rows
            self.digest = digest
        }
    }

    package struct Shard: Hashable, Sendable {
        package let shard: CRLShard
        /// The highest number that was given.
        package let lastNumber: Int64
        package let published: Int64?

        package init(shard: CRLShard, lastNumber: Int64, published: Int64?) {
            self.shard = shard
            self.lastNumber = lastNumber
            self.published = published
        }
    }

    /// Of the schema that all stores have: the image's own, which is SQLite's.
    package var schemaVersion: Int
    package var tables: [Table]
    package var shards: [Shard]
    package var issuers: [IssuerRecord]
    /// The highest ordinals: of certificates, and of the log of revocations.
    package var newestCertificate: Int64
    package var newestChange: Int64
    /// The last position of the feed.
    package var feedPosition: Int64

    package func rows(of table: String) -> Int {
        self.tables.first { $0.name == table }?.rows ?? 0
    }
}
