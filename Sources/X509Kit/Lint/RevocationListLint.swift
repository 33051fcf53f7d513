/// One thing that must hold of every CRL this authority publishes.
public struct RevocationListRule: Sendable {
    /// A stable dotted name: `crl.list-not-empty`.
    public let name: String
    /// Where the rule comes from.
    public let source: String
    /// Says what is wrong, or `nil`.
    let judge: @Sendable (RevocationListSubject) throws -> String?

    init(_ name: String, _ source: String, _ judge: @escaping @Sendable (RevocationListSubject) throws -> String?) {
        self.name = name
        self.source = source
        self.judge = judge
    }
}

/// A CRL together with what it is judged against.
struct RevocationListSubject: Sendable {
    let list: CertificateRevocationList
    let issuer: Certificate
    let distributionPoint: String
    let entries: EntrySurvey
}

/// What is to be said about all the entries, gathered in one pass: there may be a million.
struct EntrySurvey: Sendable {
    /// Why reading ended before the end.
    var unreadable: String?
    var badSerialNumber: String?
    var badReason: String?
    var hasOtherExtensions = false
    var latest: Int64?

    init(of entries: RevocationListEntries) {
        var reader = entries.reader()
        do throws(X509Error) {
            while let entry = try reader.next() { self.take(entry) }
        } catch {
            self.unreadable = error.description
        }
    }

    private mutating func take(_ entry: RevocationListEntries.Entry) {
        let octets = entry.serialNumber
        if octets.isEmpty || octets.count > 20 || octets.first ?? 0x80 >= 0x80 || octets.allSatisfy({ $0 == 0 }) {
            self.badSerialNumber = "a serial number of \(octets.count) octets that is empty, too long or not positive"
        }
        switch entry.reason.map({ CRLReason(rawValue: $0) }) {
        case .some(nil): self.badReason = "a reason that RFC 5280 does not know"
        case .removeFromCRL: self.badReason = "removeFromCRL, which belongs into delta CRLs"
        case .unspecified: self.badReason = "the reason unspecified is written out"
        default: break
        }
        if entry.hasOtherExtensions { self.hasOtherExtensions = true }
        self.latest = max(self.latest ?? entry.revokedAt, entry.revokedAt)
    }
}

/// Judges CRLs by every rule there is; asked before one is published.
public enum RevocationListLint {
    /// Every rule, in the order of the CRL's fields.
    public static let rules: [RevocationListRule] = structureRules + timeRules + entryRules + extensionRules

    /// The rule that octets break which cannot be taken apart at all.
    public static let readable = RevocationListRule("crl.readable", "X.690; RFC 5280 § 5.1") { _ in nil }

    /// Every rule that `der` breaks; empty for a good CRL of `issuer` for the shard that certificates name by the URL
    /// `distributionPoint`.
    public static func findings(
        in der: [UInt8],
        issuer: Certificate,
        distributionPoint: String
    ) -> [LintFinding] {
        do throws(X509Error) {
            return self.findings(
                in: try CertificateRevocationList(der: der),
                issuer: issuer,
                distributionPoint: distributionPoint
            )
        } catch {
            return [LintFinding(rule: self.readable.name, message: error.description)]
        }
    }

    /// Every rule that `list` breaks.
    public static func findings(
        in list: CertificateRevocationList,
        issuer: Certificate,
        distributionPoint: String
    ) -> [LintFinding] {
        let subject = RevocationListSubject(
            list: list,
            issuer: issuer,
            distributionPoint: distributionPoint,
            entries: EntrySurvey(of: list.entries)
        )
        return self.rules.compactMap { rule in
            do {
                return try rule.judge(subject).map { LintFinding(rule: rule.name, message: $0) }
            } catch {
                // What a rule cannot even read breaks it.
                return LintFinding(rule: rule.name, message: "\(error)")
            }
        }
    }
}
