import EnrollmentCore

/// One device on the screen and as a document.
struct DeviceReport {
    let facts: DeviceFacts
    let renewal: RenewalWindow
    /// How many lines of history are shown.
    let length: Int

    // MARK: - Screen

    var text: String {
        let device = self.facts.device
        var lines = ["\(Table.printable(device.name))  \(device.state.rawValue)  \(device.device)"]
        lines.append(
            Labelled.line("owner", "\(Table.printable(device.userPrincipalName)) (directory id \(device.userID))")
        )
        lines += self.certificateLines
        lines.append(Labelled.line("contact", "\(device.lastProvenContact), enrolled \(device.firstEnrolled)"))
        lines.append(
            Labelled.line("generation", "\(device.generation), \(device.enrollmentType.rawValue) enrollment")
        )
        if device.state == .held, let hold = self.facts.acts.first(where: { $0.act.verb == .hold }) {
            lines.append(Labelled.line("hold", "\(hold.act.time), \(Table.printable(ActReport.summary(hold.act)))"))
        }
        let permits = self.facts.permits.map { permit in
            permit.kind == .renewal
                ? "to renew once after expiry, until \(permit.until)" : "to enroll once more, until \(permit.until)"
        }
        lines += permits.isEmpty ? [] : Labelled.list("permits", permits)
        let claims = [device.osVersion, device.model, device.hardwareID.map { "HWDevID \($0)" }].compactMap { $0 }
        lines.append(Labelled.line("claims", Table.printable(claims.joined(separator: ", "))))
        let conflicts = device.conflicts.isEmpty ? "none" : device.conflicts.joined(separator: "; ")
        lines.append(Labelled.line("conflicts", Table.printable(conflicts)))
        lines += self.certificateTable + self.historyTable
        return lines.joined(separator: "\n") + "\n"
    }

    private var certificateLines: [String] {
        guard let serial = self.facts.device.certificateSerial, let ends = self.facts.device.certificateEnds else {
            return []
        }
        guard let current = self.facts.certificates.first(where: { $0.serialNumber == serial }) else {
            return [Labelled.line("certificate", "\(serial), ends \(ends)")]
        }
        var lines = [Labelled.line("certificate", "\(serial), issuer \(current.issuerID), ends \(ends)")]
        if let revocation = self.facts.revocation {
            lines.append(Labelled.line("", "revoked \(revocation.revoked) (\(revocation.reason.name))"))
        } else {
            lines.append(Labelled.line("", "renewal opens \(self.renewal.opening(of: current))"))
        }
        lines.append(Labelled.line("", current.seen.map { "first seen in use \($0)" } ?? "not seen in use yet"))
        return lines
    }

    private var certificateTable: [String] {
        guard !self.facts.certificates.isEmpty else { return [] }
        var table = Table("Serial number", "Issuer", "State", "Ends", "Seen", "Superseded after")
        for certificate in self.facts.certificates {
            table.append(
                "\(certificate.serialNumber)",
                certificate.issuerID,
                certificate.state.rawValue,
                "\(certificate.notAfter)",
                certificate.seen.map { "\($0)" },
                certificate.supersedeAfter.map { "\($0)" }
            )
        }
        return ["\n" + table.text.dropLast()]
    }

    private var historyTable: [String] {
        let moments = self.facts.attempts.map { DeviceMoment($0) } + self.facts.acts.map { DeviceMoment($0.act) }
        guard !moments.isEmpty else { return [] }
        var table = Table("When", "What", "Detail", "Trace")
        for moment in moments.sorted(by: { $0.time > $1.time }).prefix(self.length) {
            table.append("\(moment.time)", moment.what, moment.detail, "\(moment.trace)")
        }
        let isWhole = moments.count <= self.length
        let more = isWhole ? "" : "\n… older: gatehouse device show \(self.facts.device.device) --history"
        return ["\n" + table.text.dropLast() + more]
    }

    // MARK: - Document

    var json: JSONValue {
        let current = self.facts.certificates.first { $0.serialNumber == self.facts.device.certificateSerial }
        let permits = self.facts.permits.map { permit in
            JSONValue.object([("kind", .string(permit.kind.rawValue)), ("until", .time(permit.until))])
        }
        return .object([
            ("schema", .string("gatehouse.device/1")), ("device", self.facts.device.json),
            ("renewalOpens", .time(current.map(self.renewal.opening))),
            ("revocation", self.facts.revocation?.json ?? .null),
            ("permits", .array(permits)), ("certificates", .array(self.facts.certificates.map(\.json))),
            ("attempts", .array(self.facts.attempts.prefix(self.length).map(\.json))),
            ("acts", .array(self.facts.acts.prefix(self.length).map(\.json))),
        ])
    }
}

extension DeviceRecord {
    var json: JSONValue {
        .object([
            ("id", .string("\(self.device)")), ("state", .string(self.state.rawValue)), ("name", .string(self.name)),
            ("owner", .string(self.userPrincipalName)), ("ownerId", .string(self.userID)),
            ("enrollmentType", .string(self.enrollmentType.rawValue)), ("hardwareId", .optional(self.hardwareID)),
            ("claimedDeviceId", .string(self.claimedDeviceID)), ("osVersion", .optional(self.osVersion)),
            ("model", .optional(self.model)), ("shared", .boolean(self.isShared)),
            ("generation", .integer(Int64(self.generation))), ("firstEnrolled", .time(self.firstEnrolled)),
            ("lastProvenContact", .time(self.lastProvenContact)),
            ("certificateSerial", .optional(self.certificateSerial.map { "\($0)" })),
            ("certificateEnds", .time(self.certificateEnds)),
            ("conflicts", .array(self.conflicts.map { .string($0) })),
        ])
    }
}
