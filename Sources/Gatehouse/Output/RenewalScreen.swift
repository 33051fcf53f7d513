import DeviceSimulator

/// What a run of renewals found, for people and for programs.
enum RenewalScreen {
    static func text(_ report: RenewalReport) -> String {
        var lines: [String] = []
        if report.renewals == 1, let outcome = report.outcomes.first {
            lines.append("\(outcome)")
            if case .success(let renewed) = outcome.result {
                lines.append("  device id     \(renewed.identity.entDMID)")
                lines.append("  subject       \(renewed.certificate.subject)")
                lines.append("  serial        \(renewed.certificate.serialNumber)")
                if renewed.isLost {
                    lines.append("  kept          nothing: the device goes on with the certificate before")
                }
                if renewed.madeContact {
                    let seen = renewed.seenByServer ?? "silent"
                    lines.append("  first contact made in a TLS connection; server: \(seen)")
                }
            }
        } else {
            lines.append(
                "\(report.renewed) of \(report.renewals) renewed in \(Figures.tenths(report.seconds)) s,"
                    + " \(Figures.tenths(report.rate)) per second, \(report.failed) failed, \(report.left) left"
            )
            let rows = report.steps.map { ($0.step.rawValue, $0.times) } + [("whole", report.whole)]
            lines.append(String(Figures.table(rows).dropLast()))
            for failure in report.failures {
                lines.append("failed \(failure.count): \(failure.kind). First: \(failure.example)")
            }
        }
        if report.renewals == 1 && report.outcomes.isEmpty {
            lines += report.failures.map { "failed: \($0.example)" }
        }
        if let deviation = report.firstDeviation { lines.append("First deviation from the protocol: \(deviation)") }
        return lines.joined(separator: "\n") + "\n"
    }

    static func json(_ report: RenewalReport) -> JSONValue {
        .object([
            ("schema", .string("gatehouse.renewal/1")), ("renewals", .integer(Int64(report.renewals))),
            ("renewed", .integer(Int64(report.renewed))), ("failed", .integer(Int64(report.failed))),
            ("left", .integer(Int64(report.left))), ("seconds", .number(report.seconds)),
            ("perSecond", .number(report.rate)), ("milliseconds", Figures.json(report.steps, whole: report.whole)),
            ("failures", Figures.json(report.failures)),
            ("firstDeviation", .optional(report.firstDeviation.map { "\($0)" })),
            ("outcomes", .array(report.outcomes.map(self.json))),
        ])
    }

    private static func json(_ outcome: RenewalOutcome) -> JSONValue {
        var members: [(String, JSONValue)] = [
            ("name", .string(outcome.device.name)), ("user", .string(outcome.user)),
            ("milliseconds", .number(outcome.milliseconds)),
        ]
        switch outcome.result {
        case .success(let renewed):
            members += [
                ("renewed", .boolean(true)), ("device", .string(renewed.identity.entDMID)),
                ("serialNumber", .string(renewed.certificate.serialNumber)),
                ("sha1", .string(renewed.certificate.thumbprint)), ("sha256", .string(renewed.certificate.sha256)),
                ("subject", .string(renewed.certificate.subject)), ("lost", .boolean(renewed.isLost)),
                ("madeContact", .boolean(renewed.madeContact)), ("seenByServer", .optional(renewed.seenByServer)),
                ("pem", .string(renewed.identity.certificatePEM)),
            ]
        case .failure(let failure):
            members += [("renewed", .boolean(false))] + Figures.members(failure)
        }
        return .object(members)
    }
}
