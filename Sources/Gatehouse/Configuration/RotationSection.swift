import EnrollmentCore
import OpenSSLKit
import ServiceRuntime

/// How issuers follow one another.
struct RotationSettings: Hashable, Sendable {
    /// One role's schedule, and what keys it makes.
    struct Role: Hashable, Sendable {
        var schedule: RotationSchedule
        /// `nil` takes the present issuer's kind of key.
        var algorithm: InitCommand.Algorithm?
        /// The token on which its keys are made; `nil` for where the present one's is.
        var token: String?
    }

    var issuing = Role(schedule: .issuing)
    var root = Role(schedule: .root)
    /// Percent of live devices that have to know a root before it is activated.
    var adoptionThreshold = 95

    subscript(role: IssuerRecord.Role) -> Role {
        switch role {
        case .issuing: self.issuing
        case .root: self.root
        }
    }
}

/// Reads `rotation: {…}`.
enum RotationSection {
    /// - Parameters:
    ///   - reader: Of `rotation`; `nil` where it is not there.
    ///   - tokens: Names of the configured tokens.
    /// - Returns: What it says, and defaults.
    /// - Throws: ``SettingsError`` with the key that is wrong.
    static func read(
        _ reader: SettingsReader?,
        tokens: [String]
    ) throws(SettingsError) -> RotationSettings {
        var settings = RotationSettings()
        guard let reader else { return settings }
        settings.issuing = try self.role(reader.object("issuing"), settings.issuing, tokens)
        settings.root = try self.role(reader.object("root"), settings.root, tokens)
        settings.adoptionThreshold = try reader.integer(
            "adoptionThreshold",
            in: 1...100,
            default: settings.adoptionThreshold
        )
        try reader.finish()
        return settings
    }

    private static func role(
        _ reader: SettingsReader?,
        _ standard: RotationSettings.Role,
        _ tokens: [String]
    ) throws(SettingsError) -> RotationSettings.Role {
        guard let reader else { return standard }
        var role = standard
        role.schedule.everyMonths = try reader.integer("everyMonths", in: 1...240)
        role.schedule.overlapDays = try reader.integer("overlapDays", in: 1...3_650, default: role.schedule.overlapDays)
        role.schedule.activation = try reader.choice("activate", RotationSchedule.Activation.self) ?? .byHand
        role.algorithm = try reader.choice("algorithm", InitCommand.Algorithm.self)
        role.token = try reader.string("token")
        if let token = role.token, !tokens.contains(token) {
            throw reader.error("token", "\(token) is not the name of one of tokens")
        }
        if let months = role.schedule.everyMonths, role.schedule.overlapDays > months * 28 {
            throw reader.error(
                reader.has("overlapDays") ? "overlapDays" : "everyMonths",
                "a new one would be published \(role.schedule.overlapDays) days before it is to sign, which is longer than the"
                    + " \(months) \(months == 1 ? "month" : "months") that each of them signs"
            )
        }
        try reader.finish()
        return role
    }
}

extension RotationSettings {
    /// Rows of `config show`.
    var rows: [(key: String, value: String)] {
        let roles: [(role: IssuerRecord.Role, settings: Role)] = [(.issuing, self.issuing), (.root, self.root)]
        let rows = roles.flatMap { role, settings -> [(key: String, value: String)] in
            let name = "rotation.\(role.rawValue)"
            let months = settings.schedule.everyMonths.map { "\($0)" }
            return [
                ("\(name).everyMonths", months ?? "none: nothing is prepared by itself"),
                ("\(name).overlapDays", "\(settings.schedule.overlapDays)"),
                ("\(name).activate", settings.schedule.activation.rawValue),
                ("\(name).algorithm", settings.algorithm?.rawValue ?? "that of the present one"),
                ("\(name).token", settings.token ?? "none: where the key of the present one is"),
            ]
        }
        return rows + [("rotation.adoptionThreshold", "\(self.adoptionThreshold)")]
    }
}
