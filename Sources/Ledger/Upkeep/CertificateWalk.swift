internal import EnrollmentCore
internal import SQLText

/// Reads every certificate and compares its octets with their digests, page by page.
struct CertificateWalk {
    private static let page = 500
    private static let rows: SQL = """
        SELECT ordinal, serial, digest, to_be_signed, thumbprint, der FROM certificate
        WHERE ordinal > ?1 ORDER BY ordinal LIMIT ?2
        """

    /// What one comparison found so far.
    private struct Tally {
        let name: String
        let rule: String
        let remedy: String
        let most: Int
        private var count = 0
        private var examples: [String] = []

        init(_ name: String, _ rule: String, remedy: String, most: Int) {
            self.name = name
            self.rule = rule
            self.remedy = remedy
            self.most = most
        }

        mutating func note(_ serial: [UInt8]) {
            self.count += 1
            if self.examples.count < self.most { self.examples.append("certificate \(Hexadecimal.encode(serial))") }
        }

        var outcome: StoreCheckReport.Outcome {
            .judged(self.name, self.rule, count: self.count, self.examples, remedy: self.remedy)
        }
    }

    private static let remedy =
        "stop the service, restore the last backup in which this holds, and find out who changed the store; until then"
        + " revoke the certificate"

    let connection: LedgerConnection
    let digest: StoreDigest
    /// Rows named at most.
    let most: Int

    /// - Parameter progress: Hears how many more certificates were read.
    /// - Returns: One outcome for each comparison.
    /// - Throws: What the store answered.
    func run(_ progress: (Int) throws -> Void) throws -> [StoreCheckReport.Outcome] {
        var digests = Tally(
            "certificate.digest",
            "the digest of each certificate is that of the octets that were to be signed",
            remedy: Self.remedy,
            most: self.most
        )
        var thumbprints = Tally(
            "certificate.thumbprint",
            "the thumbprint of each certificate is its own",
            remedy: Self.remedy,
            most: self.most
        )
        var octets = Tally(
            "certificate.octets",
            "each certificate holds exactly the octets that were recorded before it was signed",
            remedy: Self.remedy,
            most: self.most
        )
        var last: Int64 = 0
        while true {
            let row = try self.connection.prepare(Self.rows)
            try row.bind(last, at: 1)
            try row.bind(Self.page, at: 2)
            var count = 0
            while try row.step() {
                count += 1
                last = row.integer(0)
                let serial = row.octets(1)
                let toBeSigned = row.octets(3)
                if try self.digest(toBeSigned) != row.octets(2) { digests.note(serial) }
                guard let der = row.optionalOctets(5) else { continue }
                if try self.digest(der) != row.optionalOctets(4) { thumbprints.note(serial) }
                if !Self.isSigned(toBeSigned, in: der) { octets.note(serial) }
            }
            try progress(count)
            guard count == Self.page else { return [digests.outcome, thumbprints.outcome, octets.outcome] }
        }
    }

    /// Whether the certificate is one SEQUENCE of which the octets are the first element, whole (RFC 5280 § 4.1).
    private static func isSigned(_ toBeSigned: [UInt8], in der: [UInt8]) -> Bool {
        guard let outer = Self.content(of: der[...]), outer.endIndex == der.endIndex,
            let inner = Self.content(of: outer)
        else { return false }
        return der[outer.startIndex..<inner.endIndex] == toBeSigned[...]
    }

    /// The content of the SEQUENCE that begins there.
    private static func content(of octets: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var rest = octets
        guard rest.popFirst() == 0x30, let first = rest.popFirst() else { return nil }
        var length = Int(first)
        if first >= 0x80 {
            guard (1...4).contains(first & 0x7f) else { return nil }
            length = 0
            for _ in 0..<(first & 0x7f) {
                guard let octet = rest.popFirst() else { return nil }
                length = length << 8 | Int(octet)
            }
        }
        return length <= rest.count ? rest.prefix(length) : nil
    }
}
