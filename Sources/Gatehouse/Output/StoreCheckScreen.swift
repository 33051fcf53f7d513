import Ledger

/// What a check of the store found, on the screen and as a document.
struct StoreCheckScreen {
    let report: StoreCheckReport
    /// Where the store is.
    let store: String
    /// Whether what is as it has to be is listed, too.
    let showsAll: Bool

    var output: CommandOutput {
        CommandOutput(text: self.text, json: self.json, exit: self.report.isSound ? .done : .failed)
    }

    private func count(_ status: StoreCheckReport.Status) -> Int {
        self.report.outcomes.count { $0.status == status }
    }

    private var text: String {
        let shown = self.showsAll ? self.report.outcomes : self.report.outcomes.filter { $0.status != .sound }
        let width = shown.map(\.name.count).max() ?? 0
        let indentation = String(repeating: " ", count: width + 10)
        var lines = [
            "Store \(self.store), schema \(self.report.version), \(Self.list(self.report.devices, "device")),"
                + " \(Self.list(self.report.certificates, "certificate"))"
        ]
        for outcome in shown {
            let padding = String(repeating: " ", count: width - outcome.name.count)
            let count = outcome.status == .broken ? "\(Numerals.grouped(outcome.count)) not so: " : ""
            lines.append("  \(Self.word(outcome.status))  \(outcome.name)\(padding)  \(count)\(outcome.what)")
            lines += outcome.examples.map { indentation + Table.printable($0) }
            let more = outcome.count - outcome.examples.count
            if more > 0, !outcome.examples.isEmpty { lines.append(indentation + "… \(Numerals.grouped(more)) more") }
            if let remedy = outcome.remedy { lines.append(indentation + remedy) }
        }
        let hidden = self.report.outcomes.count - shown.count
        if hidden > 0 { lines.append("  … \(hidden) more ok (--all)") }
        lines.append("Seen as \(self.report.view).")
        lines.append(
            "\(Numerals.count(self.report.outcomes.count, "check")): \(self.count(.sound)) ok,"
                + " \(self.count(.broken)) not as it has to be, \(Numerals.count(self.count(.note), "note")),"
                + " \(self.count(.skipped)) skipped. Exit \(self.report.isSound ? 0 : 1)."
        )
        return lines.joined(separator: "\n") + "\n"
    }

    private static func list(_ counts: [StoreCheckReport.Count], _ noun: String) -> String {
        Numerals.count(counts.reduce(0) { $0 + $1.count }, noun)
    }

    private static func word(_ status: StoreCheckReport.Status) -> String {
        switch status {
        case .sound: "ok  "
        case .broken: "FAIL"
        case .note: "note"
        case .skipped: "skip"
        }
    }

    private var json: JSONValue {
        let checks = self.report.outcomes.map { outcome in
            JSONValue.object([
                ("name", .string(outcome.name)), ("status", .string(outcome.status.rawValue)),
                ("what", .string(outcome.what)), ("count", .integer(Int64(outcome.count))),
                ("examples", .array(outcome.examples.map { .string($0) })), ("remedy", .optional(outcome.remedy)),
            ])
        }
        return .object([
            ("schema", .string("gatehouse.store-check/1")), ("store", .string(self.store)),
            ("sound", .boolean(self.report.isSound)), ("version", .integer(Int64(self.report.version))),
            ("view", .string(self.report.view)), ("rows", Self.object(self.report.rows)),
            ("devices", Self.object(self.report.devices)), ("certificates", Self.object(self.report.certificates)),
            ("checks", .array(checks)),
        ])
    }

    private static func object(_ counts: [StoreCheckReport.Count]) -> JSONValue {
        .object(counts.map { ($0.name, .integer(Int64($0.count))) })
    }
}
