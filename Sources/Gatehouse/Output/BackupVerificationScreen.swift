import Authority
import EnrollmentCore
import Ledger

/// What was found in a backup that was read through.
struct BackupVerificationScreen {
    let backup: OpenedBackup

    var output: CommandOutput {
        CommandOutput(text: self.text, json: self.json, exit: self.backup.findings.isEmpty ? .done : .failed)
    }

    private var text: String {
        let manifest = self.backup.manifest
        let root = Hexadecimal.encode(self.backup.signer.root)
        var lines = [
            "Backup \(self.backup.file), \(Numerals.grouped(Int(self.backup.octets >> 10))) KiB", "",
            "  made          \(manifest.made) by \(Table.printable(manifest.madeBy)), \(Table.printable(manifest.program))",
            "  store         \(Table.printable("\(manifest.storeKind) \(manifest.storeName)")), schema \(manifest.schemaVersion)",
            "  holds         \(Numerals.count(manifest.rows(of: "device"), "device")),"
                + " \(Numerals.count(manifest.rows(of: "certificate"), "certificate")),"
                + " \(Numerals.count(manifest.rows(of: "revocation"), "revocation"))",
        ]
        for issuer in manifest.issuers {
            lines.append(
                "  issuer        \(Table.printable(issuer.id)), \(issuer.role), \(issuer.state), SHA-256 "
                    + Hexadecimal.encode(issuer.thumbprint)
            )
        }
        lines.append(
            self.backup.isVouchedFor
                ? "  signed under  \(root), the root of --root"
                : "  signed under  \(root): nobody vouched for this root; compare it, or name it with --root"
        )
        lines += self.backup.findings.map { "  ! \(Table.printable($0))" }
        lines += [
            "",
            self.backup.findings.isEmpty
                ? "Sound: every chunk, the signature, every row, \(self.backup.check.outcomes.count) checks of the store."
                : "Not sound: \(Numerals.count(self.backup.findings.count, "finding")). Use another backup."
                    + (self.backup.damage.isEmpty
                        ? " The store itself was like that; restore takes it with --accept-findings." : ""),
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    private var json: JSONValue {
        let manifest = self.backup.manifest
        return .object([
            ("schema", .string("gatehouse.backup-verification/1")), ("file", .string(self.backup.file)),
            ("octets", .integer(self.backup.octets)), ("sound", .boolean(self.backup.findings.isEmpty)),
            ("vouchedFor", .boolean(self.backup.isVouchedFor)),
            ("signedBy", .string(Hexadecimal.encode(self.backup.signer.issuer))),
            ("root", .string(Hexadecimal.encode(self.backup.signer.root))), ("made", .time(manifest.made)),
            ("madeBy", .string(manifest.madeBy)), ("program", .string(manifest.program)),
            ("store", .string(manifest.storeKind)), ("schemaVersion", .integer(Int64(manifest.schemaVersion))),
            (
                "tables",
                .array(
                    manifest.tables.map { table in
                        .object([
                            ("name", .string(table.name)), ("rows", .integer(Int64(table.rows))),
                            ("sha256", .string(Hexadecimal.encode(table.digest))),
                        ])
                    }
                )
            ),
            (
                "issuers",
                .array(
                    manifest.issuers.map { issuer in
                        .object([
                            ("id", .string(issuer.id)), ("role", .string(issuer.role)),
                            ("state", .string(issuer.state)),
                            ("sha256", .string(Hexadecimal.encode(issuer.thumbprint))),
                        ])
                    }
                )
            ),
            ("findings", .array(self.backup.findings.map { .string($0) })),
            ("restorable", .boolean(self.backup.damage.isEmpty)),
        ])
    }
}
