import EnrollmentCore

/// One attempt, explained.
enum AttemptReport {
    static func text(_ attempt: Attempt) -> String {
        let headline = attempt.rule.map { "refused: \($0)" } ?? attempt.outcome.rawValue
        var lines = ["\(attempt.traceID)  \(headline)  \(attempt.started), \(self.milliseconds(attempt.microseconds))"]
        let name = attempt.claimedName.map { "“\($0)”" } ?? "no name given"
        let proof = attempt.userID == nil ? "not confirmed" : "confirmed by the directory"
        lines.append("  who           \(Table.printable(name)), \(proof), from \(attempt.sourceAddress)")
        let claims = [attempt.deviceName, attempt.osVersion.map { "OS \($0)" }, attempt.claimedDeviceID]
        let claimed = claims.compactMap { $0 }.joined(separator: ", ")
        if !claimed.isEmpty { lines.append("  device        \(Table.printable(claimed)) (claimed)") }
        if let device = attempt.device { lines.append("  device id     \(device)") }
        if let serial = attempt.serialNumber { lines.append("  certificate   \(serial)") }
        if let code = attempt.code {
            lines.append("  decided by    \(attempt.rule ?? "-")")
            for fact in attempt.facts {
                lines.append("                \(Table.printable(fact.name)): \(Table.printable(fact.value))")
            }
            if let detail = attempt.detail { lines.append("  because       \(Table.printable(detail))") }
            if let result = code.deviceResult { lines.append("  on the screen \(result)") }
            lines.append("  say this      \(Table.printable(attempt.sentenceForUser ?? code.sentenceForUser))")
        }
        if !attempt.steps.isEmpty {
            let steps = attempt.steps.map { step in
                "\(step.name) \(step.succeeded ? "ok" : "REFUSED") \(self.milliseconds(step.microseconds))"
                    + (step.note.isEmpty ? "" : " (\(Table.printable(step.note)))")
            }
            lines.append("  steps         \(steps.joined(separator: " · "))")
        }
        if !attempt.counted.isEmpty {
            var table = Table("Counted", "Name", "State", "Last proven contact", "Ends")
            for device in attempt.counted {
                table.append(
                    "\(device.device)",
                    device.name,
                    device.state.rawValue,
                    "\(device.lastProvenContact)",
                    device.certificateEnds.map { "\($0)" }
                )
            }
            lines.append("\n" + table.text.dropLast())
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func milliseconds(_ microseconds: Int64) -> String {
        let tenths = (microseconds + 50) / 100
        return tenths >= 1_000 ? "\(tenths / 10) ms" : "\(tenths / 10).\(tenths % 10) ms"
    }
}

extension EnrollmentError.Code {
    /// What Windows shows for it ([MS-MDE2] § 2.2.10).
    var deviceResult: String? {
        switch self {
        case .messageFormat: "0x80180001"
        case .authentication: "0x80180002"
        case .authorization: "0x80180003"
        case .certificateRequest: "0x80180004"
        case .enrollmentServer: "0x80180005"
        case .internalService: "0x80180006"
        case .invalidSecurity: "0x80180007"
        case .deviceCapReached: "0x80180013"
        case .deviceNotSupported: "0x80180014"
        case .notSupported: "0x80180015"
        case .notEligibleToRenew: "0x80180016"
        case .inMaintenance: "0x80180017"
        case .userLicense: "0x80180018"
        case .invalidEnrollmentData: "0x80180019"
        case .denied: "0x80180032"
        }
    }
}

extension Attempt {
    /// What the person at the device was told; `nil` unless the attempt was refused.
    var sentenceForUser: String? {
        self.facts.first { $0.name == Self.spokenReason }?.value ?? self.code?.sentenceForUser
    }

    var json: JSONValue {
        let steps = self.steps.map { step in
            JSONValue.object([
                ("name", .string(step.name)), ("succeeded", .boolean(step.succeeded)),
                ("seconds", .number(Double(step.microseconds) / 1_000_000)), ("note", .string(step.note)),
            ])
        }
        let counted = self.counted.map { device in
            JSONValue.object([
                ("id", .string("\(device.device)")), ("name", .string(device.name)),
                ("state", .string(device.state.rawValue)), ("lastProvenContact", .time(device.lastProvenContact)),
                ("certificateEnds", .time(device.certificateEnds)),
            ])
        }
        let who: [(String, JSONValue)] = [
            ("trace", .string("\(self.traceID)")), ("operation", .string(self.operation.rawValue)),
            ("outcome", .string(self.outcome.rawValue)), ("started", .time(self.started)),
            ("seconds", .number(Double(self.microseconds) / 1_000_000)), ("source", .string(self.sourceAddress)),
            ("claimedName", .optional(self.claimedName)), ("userId", .optional(self.userID)),
            ("claimedDeviceId", .optional(self.claimedDeviceID)), ("hardwareId", .optional(self.hardwareID)),
            ("deviceName", .optional(self.deviceName)), ("osVersion", .optional(self.osVersion)),
        ]
        let what: [(String, JSONValue)] = [
            ("device", .optional(self.device.map { "\($0)" })),
            ("serialNumber", .optional(self.serialNumber.map { "\($0)" })), ("code", .optional(self.code?.rawValue)),
            ("rule", .optional(self.rule)), ("detail", .optional(self.detail)),
            ("facts", .object(self.facts.map { ($0.name, .string($0.value)) })),
            ("onDevice", .optional(self.code?.deviceResult)), ("sayThis", .optional(self.sentenceForUser)),
            ("steps", .array(steps)), ("counted", .array(counted)),
        ]
        return .object(who + what)
    }
}
