import EnrollmentCore

/// What still hangs on an issuer, and until when.
struct DrainScreen {
    let standing: IssuerStanding
    let window: FleetWindow
    let config: String?

    private var hurried: Timestamp? { self.standing.issuer.moments.hurried }

    func output(_ tally: DrainTally, _ page: Page<DeviceRecord>, onlyHopeless: Bool) -> CommandOutput {
        var blocks = [self.figures(tally)]
        if page.elements.isEmpty {
            blocks.append(onlyHopeless ? "Every device renews by itself.\n" : "No device holds a certificate of it.\n")
        } else {
            blocks.append(self.table(page.elements) + Listing.footer(page.next))
        }
        if let remedy = self.remedy(tally) { blocks.append(remedy) }
        return CommandOutput(
            text: blocks.joined(separator: "\n"),
            json: self.document(tally, page, onlyHopeless: onlyHopeless)
        )
    }

    private func figures(_ tally: DrainTally) -> String {
        let atLeast = tally.isCut ? "at least " : ""
        let state = self.standing.state.rawValue
        let count = Numerals.count(self.standing.liveCertificates, "certificate")
        var lines = [
            "\(self.standing.id), \(state): \(count) of \(atLeast)\(Numerals.count(tally.total, "device"))", "",
        ]
        if let hurried = self.hurried { lines.append(Labelled.line("hurried", "since \(hurried)")) }
        let groups = [
            ("renew now", tally.open), ("in 7 days", tally.withinWeek), ("in 30 days", tally.withinMonth),
            ("later", tally.later), ("never", tally.hopeless),
        ]
        lines += groups.filter { $0.1 > 0 }.map { Labelled.line($0.0, atLeast + Numerals.count($0.1, "device")) }
        if let opening = tally.lastOpening, !tally.isCut {
            lines.append(Labelled.line("last renews", "from \(CAStatusScreen.day(opening))"))
        }
        if let end = tally.lastEnd, !tally.isCut {
            lines.append(Labelled.line("last ends", "\(CAStatusScreen.day(end))"))
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func table(_ devices: [DeviceRecord]) -> String {
        var table = Table("Device", "Name", "Owner", "Certificate ends", "Renews", "Last proven contact")
        for device in devices {
            table.append(
                "\(device.device)",
                device.name,
                device.userPrincipalName,
                device.certificateEnds.map(CAStatusScreen.day),
                self.window.outlook(of: device, hurried: self.hurried).words,
                CAStatusScreen.day(device.lastProvenContact)
            )
        }
        return table.text
    }

    /// The command that goes on from here.
    private func remedy(_ tally: DrainTally) -> String? {
        let id = self.standing.id
        switch self.standing.state {
        case .draining where self.standing.liveCertificates == 0, .crlOnly where self.standing.liveCertificates == 0:
            return "Next:  \(CommandLineText.of(["ca", "retire", id], config: self.config))\n"
        case .draining where self.hurried == nil && tally.withinWeek + tally.withinMonth + tally.later > 0:
            return
                "To let them renew at once:  \(CommandLineText.of(["ca", "drain", id, "--hurry"], config: self.config))\n"
        case .draining where tally.hopeless > 0:
            let command = CommandLineText.of(["device", "retire", "…", "--reason", "…"], config: self.config)
            return "What is gone for good:  \(command)\n"
        case .prepared, .published, .active, .draining, .crlOnly, .retired, .aborted, .compromised: return nil
        }
    }

    private func document(_ tally: DrainTally, _ page: Page<DeviceRecord>, onlyHopeless: Bool) -> JSONValue {
        let devices = page.elements.map { device in
            let outlook = self.window.outlook(of: device, hurried: self.hurried)
            return JSONValue.object([
                ("device", device.json), ("renewal", .string(outlook.name)), ("renewalMoment", .time(outlook.moment)),
                ("never", .boolean(outlook.isHopeless)),
            ])
        }
        return .object([
            ("schema", .string("gatehouse.ca-drain/1")), ("issuer", .string(self.standing.id)),
            ("state", .string(self.standing.state.rawValue)), ("hurried", .time(self.hurried)),
            ("liveCertificates", .integer(Int64(self.standing.liveCertificates))),
            (
                "renewals",
                .object([
                    ("open", .integer(Int64(tally.open))), ("within7Days", .integer(Int64(tally.withinWeek))),
                    ("within30Days", .integer(Int64(tally.withinMonth))), ("later", .integer(Int64(tally.later))),
                    ("never", .integer(Int64(tally.hopeless))),
                ])
            ),
            ("complete", .boolean(!tally.isCut)), ("lastOpening", .time(tally.lastOpening)),
            ("lastEnd", .time(tally.lastEnd)), ("onlyNever", .boolean(onlyHopeless)), ("devices", .array(devices)),
            ("next", .optional(page.next)),
        ])
    }
}
