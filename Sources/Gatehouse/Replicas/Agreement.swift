import Ledger

/// The part of a configuration that all replicas have to have in common, because a device that is answered by one today
/// and by another tomorrow would otherwise be told two things.
///
/// Left to each replica: where it listens, what it lets clients do to it, which proxies and directory servers are near it,
/// its secrets' places, its log. Their values are what `config show` shows, so that an operator can compare them; a value
/// that a later version shows differently needs a new name.
struct Agreement: Hashable, Sendable {
    /// Everything below these, or of exactly this name.
    private static let shared = [
        "urls", "authority.deviceProfile", "authority.crlShards", "directory.base", "directory.domains",
        "directory.personFilter", "directory.attributes", "directory.groups", "admission", "deviceLimit", "discovery",
        "policy", "management", "renewal", "crl", "ocsp", "retention", "enrollment", "handOff", "rotation",
    ]
    /// Those whose change takes effect when the service is started the next time.
    private static let takenAtStart = [
        "handOff.eventDays", "handOff.silentAfterMinutes",
        "urls.pki", "authority.crlShards", "crl", "retention", "enrollment.reservationHours", "profile.server",
        "profile.ocsp",
    ]

    /// By name.
    let settings: [AgreedSetting]

    init(_ configuration: Configuration, _ profiles: ProfileFolder) {
        let rows = ConfigurationSummary.rows(of: configuration).filter { row in Self.matches(row.key, Self.shared) }
        let digests = profiles.digests.map { ("profile.\($0.key)", "SHA-256 \($0.value)") }
        self.init((rows + digests).map { AgreedSetting(name: $0.0, value: $0.1) })
    }

    init(_ settings: [AgreedSetting]) {
        self.settings = settings.sorted { $0.name < $1.name }
    }

    /// What is in effect after a reload: what only a start takes up is still as it was.
    func inEffect(sinceStart started: Agreement) -> Agreement {
        let former = Dictionary(uniqueKeysWithValues: started.settings.map { ($0.name, $0) })
        return Agreement(
            self.settings.map { setting in
                Self.matches(setting.name, Self.takenAtStart) ? former[setting.name] ?? setting : setting
            }
        )
    }

    /// What the others go by in place of what this says, by name.
    ///
    /// What they have not agreed on yet is no difference, nor is what only they know: newer versions of the program may
    /// run beside this one.
    func differences(from agreed: [AgreedSetting]) -> [Difference] {
        let agreed = Dictionary(uniqueKeysWithValues: agreed.map { ($0.name, $0.value) })
        return self.settings.compactMap { setting in
            guard let value = agreed[setting.name], value != setting.value else { return nil }
            return Difference(name: setting.name, here: setting.value, agreed: value)
        }
    }

    /// What nobody has agreed on yet.
    func missing(in agreed: [AgreedSetting]) -> [AgreedSetting] {
        let names = Set(agreed.map(\.name))
        return self.settings.filter { !names.contains($0.name) }
    }

    /// One setting of which this replica and the others think differently.
    struct Difference: Hashable, Sendable {
        let name: String
        /// In this configuration.
        let here: String
        /// In the store, for all.
        let agreed: String
    }

    private static func matches(_ name: String, _ places: [String]) -> Bool {
        places.contains { name == $0 || name.hasPrefix("\($0).") }
    }
}

extension CommandProblem {
    /// A configuration by which this replica would answer differently from the others.
    static func disagreement(_ differences: [Agreement.Difference], file: String) -> CommandProblem {
        let lines = differences.prefix(10).map { difference in
            (difference.name, "\(difference.here) here, \(difference.agreed) agreed on")
        }
        let rest = differences.count > 10 ? [("more", "\(differences.count - 10), see gatehouse config agree")] : []
        return CommandProblem(
            "GH-AGREE-001",
            "\(file) differs in \(Numerals.count(differences.count, "setting")) from what the replicas agree on",
            lines + rest + [
                ("either", "take the value agreed on into \(file)"),
                ("or", "agree on that of this file, for all: gatehouse config agree --config \(file)"),
            ],
            exit: .usage
        )
    }
}
