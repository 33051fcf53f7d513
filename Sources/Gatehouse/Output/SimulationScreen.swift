import DeviceSimulator

/// What a simulation found, for people and for programs.
enum SimulationScreen {
    static func text(_ report: SimulationReport) -> String {
        var lines: [String] = []
        if report.devices == 1, let outcome = report.outcomes.first {
            lines.append("\(outcome)")
            if case .success(let enrolled) = outcome.result {
                lines.append("  device id     \(enrolled.entDMID)")
                lines.append("  subject       \(enrolled.subject)")
                lines.append("  serial        \(enrolled.serialNumber)")
                lines.append("  management    \(enrolled.providerID) at \(enrolled.managementAddress)")
                if enrolled.provedPossession {
                    lines.append(
                        "  possession    proved in a TLS connection; server: \(enrolled.seenByServer ?? "silent")"
                    )
                }
                if let contact = enrolled.management { lines.append("  session       \(contact)") }
            }
        } else {
            lines.append(self.summary(report))
            let rows = report.steps.map { ($0.step.rawValue, $0.times) } + [("whole", report.whole)]
            lines.append(String(Figures.table(rows).dropLast()))
            for failure in report.failures {
                lines.append("failed \(failure.count): \(failure.kind). First: \(failure.example)")
            }
        }
        if report.devices == 1 && report.outcomes.isEmpty {
            lines += report.failures.map { "failed: \($0.example)" }
        }
        if let deviation = report.firstDeviation { lines.append("First deviation from the protocol: \(deviation)") }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func summary(_ report: SimulationReport) -> String {
        "\(report.enrolled) of \(report.devices) enrolled in \(Figures.tenths(report.seconds)) s,"
            + " \(Figures.tenths(report.rate)) per second, \(report.failed) failed, \(report.left) left"
    }

    static func json(_ report: SimulationReport) -> JSONValue {
        .object([
            ("schema", .string("gatehouse.simulation/1")), ("devices", .integer(Int64(report.devices))),
            ("enrolled", .integer(Int64(report.enrolled))), ("failed", .integer(Int64(report.failed))),
            ("left", .integer(Int64(report.left))), ("seconds", .number(report.seconds)),
            ("perSecond", .number(report.rate)), ("milliseconds", Figures.json(report.steps, whole: report.whole)),
            ("failures", Figures.json(report.failures)),
            ("firstDeviation", .optional(report.firstDeviation.map { "\($0)" })),
            ("outcomes", .array(report.outcomes.map(self.json))),
        ])
    }

    private static func json(_ outcome: EnrollmentOutcome) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("name", .string(outcome.device.name)), ("user", .string(outcome.user)),
            ("milliseconds", .number(outcome.milliseconds)),
        ]
        switch outcome.result {
        case .success(let enrolled):
            members += [
                ("enrolled", .boolean(true)), ("device", .string(enrolled.entDMID)),
                ("serialNumber", .string(enrolled.serialNumber)), ("sha1", .string(enrolled.thumbprint)),
                ("subject", .string(enrolled.subject)), ("provedPossession", .boolean(enrolled.provedPossession)),
                ("seenByServer", .optional(enrolled.seenByServer)), ("pem", .string(enrolled.certificatePEM)),
            ]
            if let contact = enrolled.management { members.append(("management", ManagementScreen.json(contact))) }
        case .failure(let failure):
            members += [("enrolled", .boolean(false))] + Figures.members(failure)
        }
        return .object(members)
    }
}
