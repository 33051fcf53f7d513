import DeviceSimulator

/// What whole lives found, for people and for programs.
enum LifetimeScreen {
    static func text(_ report: LifetimeReport) -> String {
        var lines = [
            "\(report.whole) of \(report.devices) lives went as they had to, \(report.broken) otherwise, \(report.left) left;"
                + " \(report.renewals) renewals in \(Figures.tenths(report.seconds)) s"
        ]
        var table = Table([
            .init(title: "Step"), .init(title: "Has to be"), .init(title: "As expected", isNumeric: true),
            .init(title: "Otherwise", isNumeric: true), .init(title: "p50 ms", isNumeric: true),
            .init(title: "p99 ms", isNumeric: true),
        ])
        for line in report.lines where line.skipped == nil {
            table.append(
                line.step.rawValue,
                line.step.expectation.rawValue,
                "\(line.asExpected)",
                "\(line.otherwise)",
                Figures.tenths(line.times.p50),
                Figures.tenths(line.times.p99)
            )
        }
        lines.append(String(table.text.dropLast()))
        for line in report.lines {
            if let reason = line.skipped { lines.append("left out: \(line.step.rawValue), \(reason)") }
            if let example = line.example {
                lines.append("otherwise \(line.otherwise): \(line.step.rawValue). First: \(example)")
            }
        }
        if let deviation = report.firstDeviation { lines.append("First deviation from the protocol: \(deviation)") }
        if let trouble = report.trouble { lines.append("The run could not go on: \(trouble)") }
        return lines.joined(separator: "\n") + "\n"
    }

    static func json(_ report: LifetimeReport) -> JSONValue {
        let steps = report.lines.map { line in
            JSONValue.object([
                ("step", .string(line.step.rawValue)), ("expectation", .string(line.step.expectation.rawValue)),
                ("asExpected", .integer(Int64(line.asExpected))), ("otherwise", .integer(Int64(line.otherwise))),
                ("milliseconds", Figures.json(line.times)), ("example", .optional(line.example)),
                ("skipped", .optional(line.skipped)),
            ])
        }
        return .object([
            ("schema", .string("gatehouse.lifetime/1")), ("devices", .integer(Int64(report.devices))),
            ("whole", .integer(Int64(report.whole))), ("broken", .integer(Int64(report.broken))),
            ("left", .integer(Int64(report.left))), ("renewals", .integer(Int64(report.renewals))),
            ("seconds", .number(report.seconds)), ("steps", .array(steps)),
            ("firstDeviation", .optional(report.firstDeviation.map { "\($0)" })),
            ("trouble", .optional(report.trouble.map { "\($0)" })),
        ])
    }
}
