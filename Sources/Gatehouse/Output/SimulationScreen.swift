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
            }
        } else {
            lines.append(self.summary(report))
            var table = Table([
                .init(title: "Step"), .init(title: "Count", isNumeric: true), .init(title: "p50 ms", isNumeric: true),
                .init(title: "p95 ms", isNumeric: true), .init(title: "p99 ms", isNumeric: true),
                .init(title: "max ms", isNumeric: true),
            ])
            for (name, times) in report.steps.map({ ($0.step.rawValue, $0.times) }) + [("whole", report.whole)] {
                table.append(
                    name,
                    "\(times.count)",
                    self.tenths(times.p50),
                    self.tenths(times.p95),
                    self.tenths(times.p99),
                    self.tenths(times.max)
                )
            }
            lines.append(String(table.text.dropLast()))
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
        "\(report.enrolled) of \(report.devices) enrolled in \(self.tenths(report.seconds)) s,"
            + " \(self.tenths(report.rate)) per second, \(report.failed) failed, \(report.left) left"
    }

    private static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    static func json(_ report: SimulationReport) -> JSONValue {
        let steps = report.steps.map { ($0.step.rawValue, self.json($0.times)) } + [("whole", self.json(report.whole))]
        let failures = report.failures.map { failure in
            JSONValue.object([
                ("kind", .string(failure.kind)), ("count", .integer(Int64(failure.count))),
                ("example", .string("\(failure.example)")),
            ])
        }
        return .object([
            ("schema", .string("gatehouse.simulation/1")), ("devices", .integer(Int64(report.devices))),
            ("enrolled", .integer(Int64(report.enrolled))), ("failed", .integer(Int64(report.failed))),
            ("left", .integer(Int64(report.left))), ("seconds", .number(report.seconds)),
            ("perSecond", .number(report.rate)), ("milliseconds", .object(steps)), ("failures", .array(failures)),
            ("firstDeviation", .optional(report.firstDeviation.map { "\($0)" })),
            ("outcomes", .array(report.outcomes.map(self.json))),
        ])
    }

    private static func json(_ times: Percentiles) -> JSONValue {
        .object([
            ("count", .integer(Int64(times.count))), ("p50", .number(times.p50)), ("p95", .number(times.p95)),
            ("p99", .number(times.p99)), ("max", .number(times.max)),
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
        case .failure(let failure):
            members += [("enrolled", .boolean(false)), ("failure", .string("\(failure)"))]
            if case .refused(let step, let fault) = failure {
                members += [
                    ("step", .string(step.rawValue)), ("httpStatus", .integer(Int64(fault.httpStatus))),
                    ("subcode", .string(fault.subcode)), ("errorType", .optional(fault.errorType)),
                    ("onDevice", .optional(fault.deviceCode)), ("trace", .optional(fault.traceID)),
                ]
            }
        }
        return .object(members)
    }
}
