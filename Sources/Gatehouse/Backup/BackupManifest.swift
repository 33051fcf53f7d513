import EnrollmentCore
import Ledger
import ServiceRuntime

/// What a backup says of itself; signed by the authority whose store it is.
struct BackupManifest: Hashable, Sendable {
    static let schema = "gatehouse.backup-manifest/1"
    private static let largest = 1 << 53

    struct Issuer: Hashable, Sendable {
        let id: String
        let role: String
        let state: String
        /// SHA-256 of its certificate.
        let thumbprint: [UInt8]
    }

    /// In whole seconds: a moment before the one that the image shows.
    let made: Timestamp
    let madeBy: String
    /// The program that made it.
    let program: String
    /// `sqlite` or `postgres`.
    let storeKind: String
    let storeName: String
    let imageLength: Int64
    /// SHA-256 of the image.
    let imageDigest: [UInt8]
    let schemaVersion: Int
    let tables: [StoreImageFacts.Table]
    let shards: [StoreImageFacts.Shard]
    let issuers: [Issuer]
    let newestCertificate: Int64
    let newestChange: Int64
    let feedPosition: Int64

    init(
        _ facts: StoreImageFacts,
        image: (length: Int64, digest: [UInt8]),
        of store: StoreLocation,
        made: Timestamp,
        by maker: String,
        program: String,
        thumbprint: ([UInt8]) throws(CommandProblem) -> [UInt8]
    ) throws(CommandProblem) {
        self.made = Timestamp(seconds: made.seconds)
        self.madeBy = maker
        self.program = program
        self.storeKind = store.isShared ? "postgres" : "sqlite"
        self.storeName = store.name
        self.imageLength = image.length
        self.imageDigest = image.digest
        self.schemaVersion = facts.schemaVersion
        self.tables = facts.tables
        self.shards = facts.shards
        self.issuers = try Self.issuers(facts.issuers, thumbprint)
        self.newestCertificate = facts.newestCertificate
        self.newestChange = facts.newestChange
        self.feedPosition = facts.feedPosition
    }

    static func issuers(
        _ records: [IssuerRecord],
        _ thumbprint: ([UInt8]) throws(CommandProblem) -> [UInt8]
    ) throws(CommandProblem) -> [Issuer] {
        var issuers: [Issuer] = []
        for record in records {
            issuers.append(
                Issuer(
                    id: record.id,
                    role: record.role.rawValue,
                    state: record.state.rawValue,
                    thumbprint: try thumbprint(record.certificate)
                )
            )
        }
        return issuers
    }

    /// What is not in the image as the manifest says.
    func differences(from facts: StoreImageFacts, issuers: [Issuer]) -> [String] {
        var differences: [String] = []
        for table in self.tables {
            guard let found = facts.tables.first(where: { $0.name == table.name }) else {
                differences.append("the table \(table.name) is missing")
                continue
            }
            if found.rows != table.rows {
                differences.append("\(table.name): \(found.rows) rows, and \(table.rows) in the manifest")
            } else if found.digest != table.digest {
                differences.append("\(table.name): its rows are not those that were read from the store")
            }
        }
        let known = Set(self.tables.map(\.name))
        differences += facts.tables.filter { !known.contains($0.name) }.map {
            "the table \($0.name) is not in the manifest"
        }
        if facts.shards != self.shards { differences.append("the numbers of CRLs are not those in the manifest") }
        if issuers != self.issuers { differences.append("the issuers are not those in the manifest") }
        let numbers = [facts.newestCertificate, facts.newestChange, facts.feedPosition]
        if numbers != [self.newestCertificate, self.newestChange, self.feedPosition] {
            differences.append("the newest numbers are not those in the manifest")
        }
        return differences
    }

    func rows(of table: String) -> Int { self.tables.first { $0.name == table }?.rows ?? 0 }

    // MARK: As a document

    var json: JSONValue {
        .object([
            ("schema", .string(Self.schema)), ("made", .integer(self.made.seconds)), ("madeBy", .string(self.madeBy)),
            ("program", .string(self.program)), ("storeKind", .string(self.storeKind)),
            ("storeName", .string(self.storeName)),
            (
                "image",
                .object([
                    ("octets", .integer(self.imageLength)), ("sha256", .string(Hexadecimal.encode(self.imageDigest))),
                ])
            ),
            ("schemaVersion", .integer(Int64(self.schemaVersion))),
            (
                "tables",
                .array(
                    self.tables.map { table in
                        .object([
                            ("name", .string(table.name)), ("rows", .integer(Int64(table.rows))),
                            ("sha256", .string(Hexadecimal.encode(table.digest))),
                        ])
                    }
                )
            ),
            (
                "shards",
                .array(
                    self.shards.map { shard in
                        .object(
                            [
                                ("issuer", .string(shard.shard.issuerID)),
                                ("number", .integer(Int64(shard.shard.number))),
                                ("lastNumber", .integer(shard.lastNumber)),
                            ] + (shard.published.map { [("published", .integer($0))] } ?? [])
                        )
                    }
                )
            ),
            (
                "issuers",
                .array(
                    self.issuers.map { issuer in
                        .object([
                            ("id", .string(issuer.id)), ("role", .string(issuer.role)),
                            ("state", .string(issuer.state)),
                            ("sha256", .string(Hexadecimal.encode(issuer.thumbprint))),
                        ])
                    }
                )
            ),
            ("newestCertificate", .integer(self.newestCertificate)), ("newestChange", .integer(self.newestChange)),
            ("feedPosition", .integer(self.feedPosition)),
        ])
    }

    /// Reads what ``json`` gave.
    init(reading octets: [UInt8]) throws(SettingsError) {
        let reader = try SettingsReader(parsing: String(decoding: octets, as: UTF8.self), file: "manifest")
        guard try reader.requiredString("schema") == Self.schema else {
            throw reader.error("schema", "is another than \(Self.schema)")
        }
        self.made = Timestamp(seconds: Int64(try reader.requiredInteger("made", in: 0...Self.largest)))
        self.madeBy = try reader.requiredString("madeBy")
        self.program = try reader.requiredString("program")
        self.storeKind = try reader.requiredString("storeKind")
        self.storeName = try reader.requiredString("storeName")
        let image = try reader.requiredObject("image")
        self.imageLength = Int64(try image.requiredInteger("octets", in: 1...Self.largest))
        self.imageDigest = try Self.digest(image)
        try image.finish()
        self.schemaVersion = try reader.requiredInteger("schemaVersion", in: 1...10_000)
        self.tables = try Self.all(reader, "tables") { (table) throws(SettingsError) in
            StoreImageFacts.Table(
                name: try table.requiredString("name"),
                rows: try table.requiredInteger("rows", in: 0...Self.largest),
                digest: try Self.digest(table)
            )
        }
        self.shards = try Self.all(reader, "shards") { (shard) throws(SettingsError) in
            StoreImageFacts.Shard(
                shard: CRLShard(
                    issuerID: try shard.requiredString("issuer"),
                    number: try shard.requiredInteger("number", in: 0...Self.largest)
                ),
                lastNumber: Int64(try shard.requiredInteger("lastNumber", in: 0...Self.largest)),
                published: try shard.integer("published", in: 0...Self.largest).map { Int64($0) }
            )
        }
        self.issuers = try Self.all(reader, "issuers") { (issuer) throws(SettingsError) in
            Issuer(
                id: try issuer.requiredString("id"),
                role: try issuer.requiredString("role"),
                state: try issuer.requiredString("state"),
                thumbprint: try Self.digest(issuer)
            )
        }
        self.newestCertificate = Int64(try reader.requiredInteger("newestCertificate", in: 0...Self.largest))
        self.newestChange = Int64(try reader.requiredInteger("newestChange", in: 0...Self.largest))
        self.feedPosition = Int64(try reader.requiredInteger("feedPosition", in: 0...Self.largest))
        try reader.finish()
    }

    private static func all<Element>(
        _ reader: SettingsReader,
        _ key: String,
        _ body: (SettingsReader) throws(SettingsError) -> Element
    ) throws(SettingsError) -> [Element] {
        var elements: [Element] = []
        for object in try reader.objects(key) {
            elements.append(try body(object))
            try object.finish()
        }
        return elements
    }

    private static func digest(_ reader: SettingsReader) throws(SettingsError) -> [UInt8] {
        guard let octets = Hexadecimal.decode(try reader.requiredString("sha256")), octets.count == 32 else {
            throw reader.error("sha256", "is no SHA-256 in hexadecimal")
        }
        return octets
    }
}
