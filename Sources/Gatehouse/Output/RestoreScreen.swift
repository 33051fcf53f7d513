import Authority
import EnrollmentCore
import Ledger

/// A restore, rehearsed, refused or done.
struct RestoreScreen {
    /// Rows named at most for each kind of loss.
    private static let most = 10

    let backup: OpenedBackup
    let target: String
    let judgement: Restoring.Judgement
    let accepted: Set<LossKind>
    /// `nil` when nothing was changed.
    let outcome: RestoreOutcome?
    /// The command that does it, everything accepted that would be lost.
    let command: String

    private var loss: RestoreLoss { self.judgement.loss }

    var output: CommandOutput {
        CommandOutput(text: self.text, json: self.json, exit: self.judgement.isRefused ? .refused : .done)
    }

    private var stage: String {
        if self.outcome != nil { return "restored" }
        return self.judgement.isRefused ? "refused" : "rehearsed"
    }

    // MARK: - On the screen

    private var text: String {
        let manifest = self.backup.manifest
        let now = SystemClock().now
        var lines = [self.headline, ""]
        lines += [
            "  backup        \(self.backup.file)",
            "  made          \(manifest.made), \(Numerals.duration(now.seconds(since: manifest.made))) ago",
            "  signed under  \(Hexadecimal.encode(self.backup.signer.root))"
                + (self.backup.isVouchedFor ? "" : " (nobody vouched for this root: --root FILE)"),
            "  store         \(self.target)",
        ]
        lines += self.judgement.evidence.map { "  looked at     \(Table.printable($0))" }
        if self.judgement.evidence.isEmpty {
            lines.append("  looked at     nothing: nobody knows what was published after the backup (--published)")
        }
        lines += self.backup.broken.map { "  ! not sound   \(Table.printable($0))" }
        lines += self.lostLines
        lines += self.judgement.obstacles.map { "  ! refused     \(Table.printable($0))" }
        lines += self.doneLines
        for kind in self.judgement.missing { lines += ["", "\(kind.option): \(kind.meaning)"] }
        return (lines + ["", self.ending]).joined(separator: "\n") + "\n"
    }

    private var headline: String {
        switch self.stage {
        case "restored": "Done. The store is as it was at \(self.backup.manifest.made)."
        case "refused": "Refused. Nothing was changed."
        default: "Rehearsal. Nothing will be changed."
        }
    }

    private var lostLines: [String] {
        var lines: [String] = []
        let numberings = self.loss.numberings
        for item in numberings.prefix(Self.most) {
            lines.append(
                "  - CRL         \(item.shard): number \(item.known) was published (\(Table.printable(item.source))), the backup"
                    + " knows \(item.backup): \(item.known - item.backup) behind"
            )
        }
        if numberings.count > Self.most { lines.append("  - CRL         … \(numberings.count - Self.most) more") }
        if !self.loss.certificates.isEmpty {
            lines.append("  - lost        \(Numerals.count(self.loss.certificates.count, "certificate")) issued since")
            lines += Self.first(self.loss.certificates).map { "                \($0)" }
        }
        if !self.loss.revocations.isEmpty {
            lines.append(
                "  ~ revoked     \(Numerals.count(self.loss.revocations.count, "certificate")) since, to be revoked again"
            )
            lines += Self.first(Set(self.loss.revocations.keys)).map { "                \($0)" }
        }
        if !self.loss.strangers.isEmpty {
            lines.append(
                "  - revoked     \(Numerals.count(self.loss.strangers.count, "certificate")) that the backup does not know"
            )
        }
        if !self.loss.blockedKeys.isEmpty {
            lines.append(
                "  ~ blocked     \(Numerals.count(self.loss.blockedKeys.count, "key")) since, to be blocked again"
            )
        }
        lines += self.loss.issuers.map { "  - issuer      \(Table.printable($0))" }
        for (shard, list) in self.loss.lists.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            lines.append("  ~ CRL         \(shard): number \(list.number) of \(list.thisUpdate), to be shown again")
        }
        return lines + self.accessLines
    }

    private var accessLines: [String] {
        var lines: [String] = []
        if !self.loss.tokens.isEmpty {
            lines.append(
                "  ~ tokens      \(Numerals.count(self.loss.tokens.count, "token")) revoked since, to be revoked again"
            )
        }
        if !self.loss.permits.isEmpty {
            lines.append(
                "  ~ permits     \(Numerals.count(self.loss.permits.count, "permit")) used or taken back since, to be taken back"
            )
        }
        if !self.loss.access.isNone {
            lines.append(
                "  - access      \(Numerals.count(self.loss.access.tokens, "token")) and"
                    + " \(Numerals.count(self.loss.access.permits, "permit")) that are good in the backup, and perhaps were not"
                    + " any more"
            )
        }
        return lines
    }

    private static func first(_ serials: Set<SerialNumber>) -> [String] {
        let sorted = serials.sorted { $0.octets.lexicographicallyPrecedes($1.octets) }
        let more = sorted.count > self.most ? ["… \(Numerals.grouped(sorted.count - self.most)) more"] : []
        return sorted.prefix(self.most).map { "\($0)" } + more
    }

    private var doneLines: [String] {
        guard let outcome else { return [] }
        let numbers = outcome.numbers.sorted { "\($0.key)" < "\($1.key)" }
        var lines: [String] = []
        if let lowest = numbers.min(by: { $0.value < $1.value }) {
            lines.append(
                "  CRLs          go on above number \(lowest.value) (\(lowest.key)) and higher; new ones as the service starts"
            )
        }
        lines.append("  feed          goes on above position \(outcome.feedPosition); readers are told to reconcile")
        if outcome.revoked > 0 {
            lines.append("  revoked       \(Numerals.count(outcome.revoked, "certificate")) again")
        }
        if outcome.blockedKeys > 0 {
            lines.append("  blocked       \(Numerals.count(outcome.blockedKeys, "key")) again")
        }
        if outcome.tokens + outcome.permits > 0 {
            lines.append(
                "  access        \(Numerals.count(outcome.tokens, "token")) revoked again,"
                    + " \(Numerals.count(outcome.permits, "permit")) taken back"
            )
        }
        for (shard, number) in outcome.lists.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            lines.append("  CRL           \(shard): number \(number) is shown again, as it was seen")
        }
        for shard in self.former {
            lines.append(
                "  ! CRL         \(shard) is the backup's: if a later one was published, make the next by a ceremony"
                    + " (gatehouse crl publish --offline)"
            )
        }
        if let former = outcome.former { lines.append("  put aside     \(former)") }
        return lines
    }

    /// CRLs that nobody here can make, of which nothing newer was seen than the backup has.
    private var former: [String] {
        let away = Set(self.backup.facts.issuers.filter { !$0.key.isAtHand && $0.key != .destroyed }.map(\.id))
        return self.backup.facts.shards.map(\.shard)
            .filter { away.contains($0.issuerID) && self.outcome?.lists[$0] == nil }.map { "\($0)" }
    }

    private var ending: String {
        switch self.stage {
        case "restored": "Next:  gatehouse store check, then gatehouse serve, then gatehouse handoff reconcile"
        case "refused" where self.judgement.obstacles.isEmpty: "To do it all the same:  \(self.command)"
        case "refused": "Once that is mended:  \(self.command)"
        default: "To do it:  \(self.command)"
        }
    }

    // MARK: - As a document

    private var json: JSONValue {
        .object([
            ("schema", .string("gatehouse.restore/1")), ("stage", .string(self.stage)),
            ("file", .string(self.backup.file)), ("made", .time(self.backup.manifest.made)),
            ("root", .string(Hexadecimal.encode(self.backup.signer.root))),
            ("vouchedFor", .boolean(self.backup.isVouchedFor)), ("store", .string(self.target)),
            ("findings", .array(self.backup.broken.map { .string($0) })),
            ("lookedAt", .array(self.judgement.evidence.map { .string($0) })),
            ("refused", .array(self.judgement.obstacles.map { .string($0) })),
            ("lost", self.lost), ("notAccepted", .array(self.judgement.missing.map { .string($0.rawValue) })),
            ("done", self.done),
        ])
    }

    private var lost: JSONValue {
        .object([
            (
                "crls",
                .array(
                    self.loss.numberings.map { item in
                        .object([
                            ("crl", .string("\(item.shard)")), ("backup", .integer(item.backup)),
                            ("known", .integer(item.known)), ("source", .string(item.source)),
                        ])
                    }
                )
            ),
            ("certificates", .integer(Int64(self.loss.certificates.count))),
            ("revocationsToRepeat", .integer(Int64(self.loss.revocations.count))),
            ("revocationsOfUnknown", .integer(Int64(self.loss.strangers.count))),
            ("blockedKeysToRepeat", .integer(Int64(self.loss.blockedKeys.count))),
            ("issuers", .array(self.loss.issuers.map { .string($0) })),
            ("tokensToRepeat", .integer(Int64(self.loss.tokens.count))),
            ("permitsToRepeat", .integer(Int64(self.loss.permits.count))),
            ("tokensUncertain", .integer(Int64(self.loss.access.tokens))),
            ("permitsUncertain", .integer(Int64(self.loss.access.permits))),
            ("unknown", .boolean(self.loss.isUnknown)),
        ])
    }

    private var done: JSONValue {
        guard let outcome else { return .null }
        let numbers = outcome.numbers.sorted { "\($0.key)" < "\($1.key)" }
        return .object([
            (
                "crlsAbove",
                .array(
                    numbers.map { shard, number in
                        .object([("crl", .string("\(shard)")), ("number", .integer(number))])
                    }
                )
            ),
            ("feedPosition", .integer(outcome.feedPosition)), ("revoked", .integer(Int64(outcome.revoked))),
            ("blockedKeys", .integer(Int64(outcome.blockedKeys))), ("tokens", .integer(Int64(outcome.tokens))),
            ("permits", .integer(Int64(outcome.permits))),
            (
                "crlsShownAgain",
                .array(
                    outcome.lists.sorted { "\($0.key)" < "\($1.key)" }.map { shard, number in
                        .object([("crl", .string("\(shard)")), ("number", .integer(number))])
                    }
                )
            ), ("putAside", .optional(outcome.former)),
        ])
    }
}
