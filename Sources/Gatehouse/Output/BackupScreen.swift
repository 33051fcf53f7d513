import Authority
import EnrollmentCore
import Ledger

/// A backup that was made.
struct BackupScreen {
    let file: String
    let outcome: BackupMaking.Outcome
    /// Older ones that were removed.
    let removed: [String]

    var output: CommandOutput { CommandOutput(text: self.text, json: self.json) }

    private var text: String {
        let manifest = self.outcome.manifest
        var lines = [
            "Done. \(self.file), \(Numerals.grouped(Int(self.outcome.octets >> 10))) KiB", "",
            "  shows         \(manifest.made), \(Numerals.count(manifest.rows(of: "device"), "device")),"
                + " \(Numerals.count(manifest.rows(of: "certificate"), "certificate")),"
                + " \(Numerals.count(manifest.tables.reduce(0) { $0 + $1.rows }, "row"))",
            "  image         SHA-256 \(Hexadecimal.encode(manifest.imageDigest))",
            "  signed under  \(Hexadecimal.encode(self.outcome.signer.root))",
            "  trace         \(self.outcome.act.traceID)",
        ]
        lines += self.removed.map { "  removed       \($0)" }
        lines += self.outcome.findings.map { "  ! not sound   \(Table.printable($0))" }
        if !self.outcome.findings.isEmpty {
            lines += [
                "",
                "The store is not sound, and nor is its backup: gatehouse store check says what to do. Keep older backups.",
            ]
        }
        lines += ["", "Look at it:  \(ShellWords.line(["gatehouse", "backup", "verify", self.file]))"]
        return lines.joined(separator: "\n") + "\n"
    }

    private var json: JSONValue {
        let manifest = self.outcome.manifest
        return .object([
            ("schema", .string("gatehouse.backup/1")), ("file", .string(self.file)),
            ("octets", .integer(self.outcome.octets)), ("made", .time(manifest.made)),
            ("rows", .integer(Int64(manifest.tables.reduce(0) { $0 + $1.rows }))),
            ("devices", .integer(Int64(manifest.rows(of: "device")))),
            ("certificates", .integer(Int64(manifest.rows(of: "certificate")))),
            ("imageSha256", .string(Hexadecimal.encode(manifest.imageDigest))),
            ("signedBy", .string(Hexadecimal.encode(self.outcome.signer.issuer))),
            ("root", .string(Hexadecimal.encode(self.outcome.signer.root))),
            ("trace", .string("\(self.outcome.act.traceID)")), ("removed", .array(self.removed.map { .string($0) })),
            ("findings", .array(self.outcome.findings.map { .string($0) })),
        ])
    }
}
