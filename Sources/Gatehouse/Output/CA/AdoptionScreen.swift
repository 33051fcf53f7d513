import EnrollmentCore

/// Who is known to have an issuer's certificate, and who is not.
struct AdoptionScreen {
    let standing: IssuerStanding
    let rotation: KeyRotation
    let window: FleetWindow
    let config: String?

    private var live: Int { self.rotation.liveDevices }
    private var missing: Int { max(0, self.live - self.standing.knowingDevices) }

    private var head: String {
        let noun = self.standing.issuer.role == .root ? "Root" : "Issuer"
        return "\(noun) \(self.standing.id), \(self.standing.state.rawValue): "
            + "\(Numerals.grouped(self.standing.knowingDevices)) of \(Numerals.count(self.live, "device"))"
            + " (\(Percent.text(self.standing.knowingDevices, of: self.live))) are known to have it"
    }

    // MARK: - In figures

    func summary(_ tally: AdoptionTally) -> CommandOutput {
        var lines = [self.head, ""]
        if let published = self.standing.issuer.moments.published {
            lines.append(Labelled.line("published", "\(published)"))
        }
        if self.standing.issuer.role == .root {
            let verdict = self.rotation.isAdopted(self.standing) ? "reached" : "not reached"
            lines.append(Labelled.line("threshold", "\(self.rotation.adoptionThreshold) %: \(verdict)"))
        }
        let atLeast = tally.isCut ? "at least " : ""
        for reason in AdoptionGap.Reason.allCases {
            guard let count = tally.counts[reason] else { continue }
            lines.append(
                Labelled.line("missing", "\(atLeast)\(Numerals.count(count, "device")): \(reason.words)")
            )
        }
        if !tally.counts.isEmpty {
            let command = CommandLineText.of(["ca", "adoption", self.standing.id, "--missing"], config: self.config)
            lines += ["", "Who:  \(command)"]
        }
        return CommandOutput(
            text: lines.joined(separator: "\n") + "\n",
            json: self.document(
                reasons: .object(
                    AdoptionGap.Reason.allCases.map { ($0.rawValue, .integer(Int64(tally.counts[$0] ?? 0))) }
                ),
                complete: !tally.isCut,
                devices: .null,
                next: nil
            )
        )
    }

    // MARK: - One by one

    func list(_ page: Page<AdoptionGap>) -> CommandOutput {
        var text = self.head + "\n\n"
        if page.elements.isEmpty {
            text += "None is missing.\n"
        } else {
            var table = Table("Device", "Name", "Owner", "Issuer", "Certificate ends", "Renews", "Why")
            for gap in page.elements {
                table.append(
                    "\(gap.device.device)",
                    gap.device.name,
                    gap.device.userPrincipalName,
                    gap.issuerID,
                    gap.device.certificateEnds.map(CAStatusScreen.day),
                    self.outlook(gap).words,
                    gap.reason.words
                )
            }
            text += table.text + Listing.footer(page.next)
        }
        return CommandOutput(
            text: text,
            json: self.document(
                reasons: .null,
                complete: page.next == nil,
                devices: .array(page.elements.map { self.json(of: $0) }),
                next: page.next
            )
        )
    }

    private func outlook(_ gap: AdoptionGap) -> FleetWindow.Outlook {
        let hurried = self.rotation.standing(of: gap.issuerID)?.issuer.moments.hurried
        return self.window.outlook(of: gap.device, hurried: hurried)
    }

    private func json(of gap: AdoptionGap) -> JSONValue {
        let outlook = self.outlook(gap)
        return .object([
            ("device", gap.device.json), ("issuer", .string(gap.issuerID)), ("why", .string(gap.reason.rawValue)),
            ("renewal", .string(outlook.name)), ("renewalMoment", .time(outlook.moment)),
        ])
    }

    private func document(reasons: JSONValue, complete: Bool, devices: JSONValue, next: String?) -> JSONValue {
        .object([
            ("schema", .string("gatehouse.ca-adoption/1")), ("issuer", .string(self.standing.id)),
            ("role", .string(self.standing.issuer.role.rawValue)), ("state", .string(self.standing.state.rawValue)),
            ("published", .time(self.standing.issuer.moments.published)),
            ("liveDevices", .integer(Int64(self.live))),
            ("knowingDevices", .integer(Int64(self.standing.knowingDevices))),
            ("threshold", .integer(Int64(self.rotation.adoptionThreshold))),
            ("adopted", .boolean(self.rotation.isAdopted(self.standing))), ("reasons", reasons),
            ("complete", .boolean(complete)), ("devices", devices), ("next", .optional(next)),
        ])
    }
}

extension AdoptionGap.Reason {
    var words: String {
        switch self {
        case .notDelivered: "gets it when it renews"
        case .notSeen: "was given it, and not seen since"
        }
    }
}
