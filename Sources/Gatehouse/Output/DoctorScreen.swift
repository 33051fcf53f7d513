/// What the doctor found, on the screen and as a document.
struct DoctorScreen {
    let findings: [Finding]
    /// Whether what is in order is listed, too.
    let showsAll: Bool
    /// Whether a warning ends with 1.
    let isStrict: Bool

    var output: CommandOutput {
        CommandOutput(text: self.text, json: self.json, exit: self.needsPerson ? .failed : .done)
    }

    private var needsPerson: Bool {
        self.count(.failure) > 0 || (self.isStrict && self.count(.warning) > 0)
    }

    private func count(_ status: Finding.Status) -> Int {
        self.findings.count { $0.status == status }
    }

    private var text: String {
        let shown = self.showsAll ? self.findings : self.findings.filter { $0.status != .ok }
        let width = shown.map(\.name.count).max() ?? 0
        var lines: [String] = []
        for finding in shown {
            let padding = String(repeating: " ", count: width - finding.name.count)
            lines.append("  \(Self.word(finding.status))  \(finding.name)\(padding)  \(Table.printable(finding.what))")
            if let remedy = finding.remedy, finding.status == .warning || finding.status == .failure {
                lines.append("        \(String(repeating: " ", count: width))  \(Table.printable(remedy))")
            }
        }
        let hidden = self.findings.count - shown.count
        if hidden > 0 { lines.append("  … \(hidden) \(lines.isEmpty ? "" : "more ")ok (--all)") }
        lines.append(
            "\(Numerals.count(self.findings.count, "check")): \(self.count(.ok)) ok,"
                + " \(Numerals.count(self.count(.warning), "warning")),"
                + " \(Numerals.count(self.count(.failure), "failure")), \(self.count(.skipped)) skipped."
                + " Exit \(self.needsPerson ? 1 : 0)."
        )
        return lines.joined(separator: "\n") + "\n"
    }

    private static func word(_ status: Finding.Status) -> String {
        switch status {
        case .ok: "ok  "
        case .warning: "WARN"
        case .failure: "FAIL"
        case .skipped: "skip"
        }
    }

    private var json: JSONValue {
        let checks = self.findings.map { finding in
            JSONValue.object([
                ("status", .string(finding.status.rawValue)), ("name", .string(finding.name)),
                ("what", .string(finding.what)), ("remedy", .optional(finding.remedy)),
            ])
        }
        let counts = Finding.Status.allCases.map { ($0.rawValue, JSONValue.integer(Int64(self.count($0)))) }
        return .object([
            ("schema", .string("gatehouse.doctor/1")), ("needsPerson", .boolean(self.needsPerson)),
            ("counts", .object(counts)), ("checks", .array(checks)),
        ])
    }
}
