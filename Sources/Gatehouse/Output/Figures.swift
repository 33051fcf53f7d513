import DeviceSimulator

/// Times and failures of a run, as every screen of the simulator shows them.
enum Figures {
    static func table(_ rows: [(name: String, times: Percentiles)]) -> String {
        var table = Table([
            .init(title: "Step"), .init(title: "Count", isNumeric: true), .init(title: "p50 ms", isNumeric: true),
            .init(title: "p95 ms", isNumeric: true), .init(title: "p99 ms", isNumeric: true),
            .init(title: "max ms", isNumeric: true),
        ])
        for (name, times) in rows {
            table.append(
                name,
                "\(times.count)",
                self.tenths(times.p50),
                self.tenths(times.p95),
                self.tenths(times.p99),
                self.tenths(times.max)
            )
        }
        return table.text
    }

    static func tenths(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    static func json(_ times: Percentiles) -> JSONValue {
        .object([
            ("count", .integer(Int64(times.count))), ("p50", .number(times.p50)), ("p95", .number(times.p95)),
            ("p99", .number(times.p99)), ("max", .number(times.max)),
        ])
    }

    static func json(_ steps: [SimulationReport.StepTimes], whole: Percentiles) -> JSONValue {
        .object(steps.map { ($0.step.rawValue, self.json($0.times)) } + [("whole", self.json(whole))])
    }

    static func json(_ failures: [SimulationReport.FailureGroup]) -> JSONValue {
        .array(
            failures.map { failure in
                .object([
                    ("kind", .string(failure.kind)), ("count", .integer(Int64(failure.count))),
                    ("example", .string("\(failure.example)")),
                ])
            }
        )
    }

    /// What is known of a refusal, beside the sentence.
    static func members(_ failure: SimulationFailure) -> [(String, JSONValue)] {
        var members: [(String, JSONValue)] = [("failure", .string("\(failure)"))]
        if case .refused(let step, let fault) = failure {
            members += [
                ("step", .string(step.rawValue)), ("httpStatus", .integer(Int64(fault.httpStatus))),
                ("subcode", .string(fault.subcode)), ("errorType", .optional(fault.errorType)),
                ("onDevice", .optional(fault.deviceCode)), ("trace", .optional(fault.traceID)),
            ]
        }
        return members
    }
}
