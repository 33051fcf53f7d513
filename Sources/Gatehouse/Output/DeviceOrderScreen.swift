import EnrollmentCore

/// What became of an order for a device, on the screen and as a document.
struct DeviceOrderScreen {
    let act: AdministrativeAct
    let revocationReason: RevocationReason
    let permit: Permit.Kind?
    let slots: SlotStanding?
    /// `--config` as it was given, for commands that the screen proposes.
    let config: String?

    // MARK: - Done

    func text(_ report: DeviceOrderReport) -> String {
        let device = report.device
        let owner = Table.printable(device.userPrincipalName)
        var lines = [
            "Done. \(self.past.capitalizedFirst) \(Table.printable(device.name)) (\(device.device)), owner \(owner)",
            "",
        ]
        lines += self.certificates(report)
        lines += self.slot(owner)
        lines += self.permission(report)
        if let event = report.event {
            lines.append(
                Labelled.line("management", "to be told: event \(event), generation \(device.generation), pending")
            )
        }
        lines.append(Labelled.line("trace", "\(self.act.traceID)"))
        if self.act.verb == .hold { lines += ["", "To undo it:  \(self.command("resume", device))"] }
        return lines.joined(separator: "\n") + "\n"
    }

    private func certificates(_ report: DeviceOrderReport) -> [String] {
        guard self.act.verb != .permit else { return [] }
        guard !report.certificates.isEmpty else { return [Labelled.line("certificate", "none was valid")] }
        let visible = "on OCSP at once and on the CRL by \(self.act.time.adding(seconds: 60)), while the service runs"
        let words =
            switch self.act.verb {
            case .resume: "valid again, \(visible)"
            case .hold: "on hold (\(RevocationReason.certificateHold.name)), \(visible)"
            default: "revoked (\(self.revocationReason.name)), \(visible)"
            }
        return Labelled.list("certificate", report.certificates.map { "\($0) \(words)" })
    }

    private func slot(_ owner: String) -> [String] {
        guard let slots = self.slots, self.act.verb != .permit else { return [] }
        let use = "\(owner) uses \(slots.counted.count) of \(slots.limit.maximum)"
        switch self.act.verb {
        case .reset, .retire: return [Labelled.line("slot", "freed: \(use)")]
        default: return [Labelled.line("slot", "kept: \(use)")]
        }
    }

    private func permission(_ report: DeviceOrderReport) -> [String] {
        switch (self.act.verb, self.permit, report.permitUntil) {
        case (.permit, .renewal, let until?):
            [Labelled.line("permit", "this device may renew once, although its certificate has ended, until \(until)")]
        case (_, _, let until?):
            [Labelled.line("permit", "this same hardware may enroll once for the same user until \(until)")]
        case (.reset, _, nil), (.retire, _, nil):
            [Labelled.line("permit", "none; to give one: \(self.command("permit", report.device))")]
        default: []
        }
    }

    private func command(_ verb: String, _ device: DeviceRecord) -> String {
        ShellWords.line(
            ["gatehouse", "device", verb, "\(device.device)"] + (self.config.map { ["--config", $0] } ?? [])
        )
            + " --reason …"
    }

    func json(_ report: DeviceOrderReport) -> JSONValue {
        self.document("done", report.device, self.act, report)
    }

    // MARK: - Done before

    func text(_ device: DeviceRecord, _ former: AdministrativeAct?) -> String {
        let name = Table.printable(device.name)
        guard let former else { return "\(name) (\(device.device)) is \(self.past) already. Nothing to do.\n" }
        return "\(name) (\(device.device)): already \(self.past) at \(former.time) by \(Table.printable(former.actor))"
            + " (trace \(former.traceID)). Nothing to do.\n"
    }

    func json(_ device: DeviceRecord, _ former: AdministrativeAct?) -> JSONValue {
        self.document("already", device, former, nil)
    }

    // MARK: - Both

    private var past: String {
        switch self.act.verb {
        case .reset: "reset"
        case .retire: "retired"
        case .permit: "permitted"
        case .hold: "held"
        case .resume: "resumed"
        case .revoke: "revoked"
        // No device is ordered anything else.
        default: self.act.verb.rawValue
        }
    }

    private func document(
        _ outcome: String,
        _ device: DeviceRecord,
        _ act: AdministrativeAct?,
        _ report: DeviceOrderReport?
    ) -> JSONValue {
        .object([
            ("schema", .string("gatehouse.device-order/1")), ("verb", .string(self.act.verb.rawValue)),
            ("outcome", .string(outcome)), ("act", act?.json ?? .null), ("device", device.json),
            ("certificates", .array((report?.certificates ?? []).map { .string("\($0)") })),
            ("permitUntil", .time(report?.permitUntil)), ("event", .optional(report?.event.map { "\($0)" })),
            ("slots", self.slots?.json ?? .null),
        ])
    }
}

extension String {
    fileprivate var capitalizedFirst: String { self.prefix(1).uppercased() + self.dropFirst() }
}
