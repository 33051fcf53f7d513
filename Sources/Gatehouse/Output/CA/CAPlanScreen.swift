import EnrollmentCore

/// Every step ahead, what hangs on each issuer, and when adoption and draining are complete.
struct CAPlanScreen {
    let status: AuthorityStatus
    let config: String?

    var text: String {
        var blocks = [self.steps, self.issuers]
        let warnings = self.status.plan.warnings.map { "!  \($0.sentence)\n" }
        if !warnings.isEmpty { blocks.append(warnings.joined()) }
        return blocks.joined(separator: "\n")
    }

    private var steps: String {
        guard !self.status.plan.steps.isEmpty else {
            return
                "Nothing lies ahead: no schedule is configured, and no end is near. See rotation in Config/README.md.\n"
        }
        var table = Table("When", "Step", "Issuer", "Who", "Why")
        for step in self.status.plan.steps {
            let words = PlannedStepText(step: step, config: self.config)
            table.append(
                step.due <= self.status.now && !step.isMissed ? "now" : CAStatusScreen.day(step.due),
                step.kind.words,
                step.id,
                words.whose,
                step.isMissed ? "missed: \(words.why)" : words.why
            )
        }
        return table.text
    }

    private var issuers: String {
        var table = Table([
            .init(title: "Issuer"), .init(title: "Role"), .init(title: "State"),
            .init(title: "Live certs", isNumeric: true), .init(title: "Devices know it"), .init(title: "Adopted"),
            .init(title: "Drained"), .init(title: "Ends"),
        ])
        for entry in self.status.entries where !entry.standing.state.isOver {
            let standing = entry.standing
            table.append(
                entry.id,
                entry.issuer.role.rawValue,
                standing.state.rawValue,
                Numerals.grouped(standing.liveCertificates),
                Percent.count(standing.knowingDevices, of: self.status.rotation.liveDevices),
                self.forecast(self.status.plan.adoption[entry.id]),
                self.forecast(self.status.plan.drained[entry.id]),
                CAStatusScreen.day(standing.notAfter)
            )
        }
        return table.text
    }

    private func forecast(_ moment: Timestamp?) -> String? {
        moment.map { $0 <= self.status.now ? "now" : CAStatusScreen.day($0) }
    }

    var json: JSONValue {
        let issuers = self.status.entries.map { entry in
            JSONValue.object([
                ("id", .string(entry.id)), ("role", .string(entry.issuer.role.rawValue)),
                ("state", .string(entry.standing.state.rawValue)),
                ("liveCertificates", .integer(Int64(entry.standing.liveCertificates))),
                ("knowingDevices", .integer(Int64(entry.standing.knowingDevices))),
                ("adoptedBy", .time(self.status.plan.adoption[entry.id])),
                ("drainedBy", .time(self.status.plan.drained[entry.id])),
                ("notAfter", .time(entry.standing.notAfter)),
            ])
        }
        return .object([
            ("schema", .string("gatehouse.ca-plan/1")), ("time", .time(self.status.now)),
            ("liveDevices", .integer(Int64(self.status.rotation.liveDevices))),
            ("adoptionThreshold", .integer(Int64(self.status.rotation.adoptionThreshold))),
            (
                "steps",
                .array(self.status.plan.steps.map { PlannedStepText(step: $0, config: self.config).json })
            ),
            ("issuers", .array(issuers)),
            ("warnings", .array(self.status.plan.warnings.map { .string($0.sentence) })),
        ])
    }
}
