import Authority
import EnrollmentCore
import OpenSSLKit

/// Keys that are to be sealed anew, rehearsed or done, on the screen and as a document.
struct ResealScreen {
    private struct Row {
        let name: String
        let text: String
    }

    let title: String
    let facts: [String]
    /// Its id.
    let plan: String
    private let kind: String
    private let rows: [Row]
    private let undo: String
    private let next: [String]
    private let words: [String]
    private let config: String?

    init(
        _ wish: CACommand.Reseal.Wish,
        _ keys: SealedKeys,
        words: [String],
        config: String?
    ) throws(EnrollmentError) {
        self.words = words
        self.config = config
        let sealed = keys.issuers.filter { $0.key.place == "sealed" }
        switch wish {
        case .passphrase(_, let file):
            self.kind = "passphrase"
            self.title = "a new passphrase for \(Numerals.count(sealed.count, "authority key"))"
            self.rows =
                sealed.map { Row(name: $0.id, text: "key sealed under a fresh data key") }
                + keys.services.map { Row(name: $0.use, text: "key sealed under a fresh data key") }
            self.undo = "the same command with the former passphrase"
            self.next = [
                "put the passphrase of \(file) in its place at every replica, then erase the former one",
                "keep it apart from backups; one made before still needs the former passphrase",
            ]
        case .split(let root, let numbers, let folder):
            self.kind = "split"
            self.title = "the key of \(root) among \(numbers.count) people"
            self.rows = [
                Row(name: root, text: "key sealed -> split, any \(numbers.threshold) of \(numbers.count) shares")
            ]
            self.undo = "gatehouse ca reseal \(root) --share-file …, with \(numbers.threshold) shares"
            self.next = [
                "print the files in \(folder), give each to another person, erase them",
                "destroy older backups, and archived logs of the database: the passphrase opens \(root)'s key in them",
                "its CRLs come no more by themselves: gatehouse crl publish \(root) --share-file …, before the last one ends",
            ]
        case .join(let root, _):
            self.kind = "join"
            self.title = "the key of \(root) for the passphrase"
            self.rows = [Row(name: root, text: "key split -> sealed, the service signs with it by itself")]
            self.undo = "gatehouse ca reseal \(root) --shares K/N --share-folder …"
            self.next = ["destroy the shares: they open every backup from before"]
        }
        var facts = ["\(self.kind): \(words.joined(separator: " "))"]
        facts.append("parameters \(try Self.digest(keys.parameters ?? []))")
        for issuer in keys.issuers {
            facts.append("\(issuer.id) \(issuer.key.place) \(try Self.digest(issuer.key.octets))")
        }
        for service in keys.services {
            facts.append("\(service.use) \(service.serialNumber) \(try Self.digest(service.sealedKey))")
        }
        self.facts = facts
        self.plan = try PlanID.of(facts)
    }

    private static func digest(_ octets: [UInt8]) throws(EnrollmentError) -> String {
        do throws(OpenSSLError) {
            return Hexadecimal.encode(Array(try Digest.sha256(octets).prefix(8)))
        } catch {
            throw EnrollmentError(
                .internalService,
                "The cryptographic library made no digest: \(error).",
                rule: "plan.digest",
                cause: error
            )
        }
    }

    /// The command that rehearses this, or carries it out.
    func command(committing isReal: Bool) -> String {
        let commit = isReal ? ["--commit", "--plan", self.plan, "--reason", "…"] : []
        return ShellWords.line(
            ["gatehouse", "ca", "reseal"] + self.words + commit + (self.config.map { ["--config", $0] } ?? [])
        )
    }

    func rehearsal(note: String?) -> CommandOutput {
        var lines = ["Rehearsal. Nothing will be changed: \(self.title).", ""] + self.table
        lines += [
            "", "Undo      \(self.undo)",
            "Plan      \(self.plan), good until a key in the store changes" + (note.map { "; \($0)" } ?? ""),
            "", "To do it:  \(self.command(committing: true))",
        ]
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: self.document("rehearsed", files: [], trace: nil)
        )
    }

    /// - Parameters:
    ///   - trace: The act's.
    ///   - files: What was written.
    ///   - left: Why the store still has the former keys somewhere; `nil` when it does not.
    /// - Returns: What is shown.
    func done(_ trace: TraceID, files: [String], left: String?) -> CommandOutput {
        var lines = ["Done: \(self.title).", ""] + self.table
        lines += files.map { "  + made    \($0)" }
        lines += ["", "  = proven  every key above was opened again from the store"]
        lines.append("  \(left == nil ? "=" : "!") former  \(left ?? "sealed keys were cleared out of the store")")
        lines.append("")
        lines += self.next.enumerated().map { "\($0 == 0 ? "Next " : "     ")     \($1)" }
        lines.append("Trace     \(trace)")
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: self.document("done", files: files, trace: trace, left: left)
        )
    }

    private var table: [String] {
        let width = self.rows.map(\.name.count).max() ?? 0
        return self.rows.map { row in
            "  ~ \(row.name)\(String(repeating: " ", count: width - row.name.count))  \(row.text)"
        }
    }

    private func document(_ status: String, files: [String], trace: TraceID?, left: String? = nil) -> JSONValue {
        .object([
            ("schema", .string("gatehouse.reseal/1")), ("status", .string(status)), ("kind", .string(self.kind)),
            ("plan", .string(self.plan)), ("keys", .array(self.rows.map { .string($0.name) })),
            ("files", .array(files.map { .string($0) })), ("trace", .optional(trace.map { "\($0)" })),
            ("formerLeft", .optional(left)),
        ])
    }
}
