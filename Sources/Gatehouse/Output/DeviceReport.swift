import EnrollmentCore

/// One device on the screen and as a document.
enum DeviceReport {
    static func text(_ device: DeviceRecord, _ certificates: [CertificateRecord], _ attempts: [Attempt]) -> String {
        var lines = ["\(Table.printable(device.name))  \(device.state.rawValue)  \(device.device)"]
        lines.append("  owner         \(Table.printable(device.userPrincipalName)) (directory id \(device.userID))")
        if let serial = device.certificateSerial, let ends = device.certificateEnds {
            lines.append("  certificate   \(serial), ends \(ends)")
        }
        lines.append("  contact       \(device.lastProvenContact), enrolled \(device.firstEnrolled)")
        lines.append("  generation    \(device.generation), \(device.enrollmentType.rawValue) enrollment")
        let claims = [device.osVersion, device.model, device.hardwareID.map { "HWDevID \($0)" }].compactMap { $0 }
        lines.append("  claims        \(Table.printable(claims.joined(separator: ", ")))")
        let conflicts = device.conflicts.isEmpty ? "none" : device.conflicts.joined(separator: "; ")
        lines.append("  conflicts     \(Table.printable(conflicts))")
        if !certificates.isEmpty {
            var table = Table("Serial number", "Issuer", "State", "Ends")
            for certificate in certificates {
                table.append(
                    "\(certificate.serialNumber)",
                    certificate.issuerID,
                    certificate.state.rawValue,
                    "\(certificate.notAfter)"
                )
            }
            lines.append("\n" + table.text.dropLast())
        }
        if !attempts.isEmpty {
            var table = Table("When", "What", "Detail", "Trace")
            for attempt in attempts {
                table.append(
                    "\(attempt.started)",
                    "\(attempt.operation.rawValue) \(attempt.outcome.rawValue)",
                    attempt.rule,
                    "\(attempt.traceID)"
                )
            }
            lines.append("\n" + table.text.dropLast())
        }
        return lines.joined(separator: "\n") + "\n"
    }

    static func json(_ device: DeviceRecord, _ certificates: [CertificateRecord], _ attempts: [Attempt]) -> JSONValue {
        .object([
            ("schema", .string("gatehouse.device/1")), ("device", device.json),
            ("certificates", .array(certificates.map(\.json))), ("attempts", .array(attempts.map(\.json))),
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
