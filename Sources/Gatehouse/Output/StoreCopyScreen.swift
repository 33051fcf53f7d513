import EnrollmentCore
import Ledger

/// A copy of a store, rehearsed or done, on the screen and as a document.
struct StoreCopyScreen {
    let report: StoreCopyReport
    let from: String
    let to: String
    /// Whether `--commit` was given.
    let isReal: Bool
    /// The command that does it, or goes on.
    let command: String

    var output: CommandOutput {
        CommandOutput(text: self.text, json: self.json, exit: self.exit)
    }

    private var exit: ExitStatus {
        switch self.report.stage {
        case .rehearsed: self.report.obstacles.isEmpty ? .done : .refused
        case .stopped, .different: .failed
        case .finished: .done
        }
    }

    // MARK: - On the screen

    private var text: String {
        var lines = [self.headline, "", "  from   \(self.from)", "  to     \(self.to)", ""]
        lines += self.table.split(separator: "\n").map { "  \($0)" }
        lines += self.report.obstacles.map { "  ! refused   \(Table.printable($0))" }
        lines += self.report.differences.map { "  ! \(Table.printable("\($0.table) \($0.key): \($0.what)"))" }
        let more = self.report.different - self.report.differences.count
        if more > 0 { lines.append("  ! … \(Numerals.grouped(more)) more rows") }
        return (lines + ["", self.ending]).joined(separator: "\n") + "\n"
    }

    private var headline: String {
        let rows = "\(Numerals.count(self.report.rows, "row")) of \(Numerals.count(self.report.tables.count, "table"))"
        switch self.report.stage {
        case .rehearsed where self.isReal: return "Refused. Nothing was changed."
        case .rehearsed: return "Rehearsal. Nothing will be changed."
        case .stopped: return "Stopped on request, before all of \(rows) were copied and compared."
        case .different: return "Copied, but \(Numerals.count(self.report.different, "row")) are not as in the source."
        case .finished: return "Done. \(rows) copied, read back, and found the same."
        }
    }

    private var table: String {
        var table = Table([
            Table.Column(title: "Table"), Table.Column(title: "Rows", isNumeric: true),
            Table.Column(title: "Before", isNumeric: true), Table.Column(title: "Now", isNumeric: true),
            Table.Column(title: "SHA-256 over its rows"),
        ])
        for row in self.report.tables {
            let digest = Hexadecimal.encode(row.digest)
            table.append(
                row.name,
                Numerals.grouped(row.rows),
                row.before > 0 ? Numerals.grouped(row.before) : nil,
                row.copied > 0 ? Numerals.grouped(row.copied) : nil,
                row.digest == row.digestOfCopy ? digest : "differs"
            )
        }
        return table.text
    }

    private var ending: String {
        switch self.report.stage {
        case .rehearsed:
            if !self.report.obstacles.isEmpty { return "Once that is mended:  \(self.command)" }
            return (self.report.isResumed ? "To go on:  " : "To do it:  ") + self.command
        case .stopped: return "To go on:  \(self.command)"
        case .different:
            return "The new store cannot be opened. Find out who wrote to it, then:  \(self.command) --start-over"
        case .finished:
            return "The source is as it was. Name the new store in the configuration (store), and start the service."
        }
    }

    // MARK: - As a document

    private var json: JSONValue {
        let tables = self.report.tables.map { table in
            JSONValue.object([
                ("name", .string(table.name)), ("rows", .integer(Int64(table.rows))),
                ("before", .integer(Int64(table.before))), ("copied", .integer(Int64(table.copied))),
                ("sha256", Self.digest(table.digest)), ("sha256OfCopy", Self.digest(table.digestOfCopy)),
            ])
        }
        let differences = self.report.differences.map { difference in
            JSONValue.object([
                ("table", .string(difference.table)), ("key", .string(difference.key)),
                ("what", .string(difference.what)),
            ])
        }
        return .object([
            ("schema", .string("gatehouse.store-copy/1")), ("stage", .string(self.report.stage.rawValue)),
            ("from", .string(self.from)), ("to", .string(self.to)), ("resumed", .boolean(self.report.isResumed)),
            ("refused", .array(self.report.obstacles.map { .string($0) })), ("tables", .array(tables)),
            ("different", .integer(Int64(self.report.different))), ("differences", .array(differences)),
        ])
    }

    private static func digest(_ octets: [UInt8]) -> JSONValue {
        octets.isEmpty ? .null : .string(Hexadecimal.encode(octets))
    }
}
