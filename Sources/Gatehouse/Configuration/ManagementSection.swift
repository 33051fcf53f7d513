import EnrollmentCore
import EnrollmentWire
import ServiceRuntime

/// Reads `management: {…}`: the account that devices get, others, and the rules that choose.
enum ManagementSection {
    /// Schedules that have a name.
    private enum Preset: String, CaseIterable {
        case standard
        case eager
        case quiet

        var schedule: ManagementSettings.PollSchedule {
            switch self {
            case .standard: .standard
            case .eager: .eager
            case .quiet: .quiet
            }
        }
    }

    static func read(
        _ reader: SettingsReader
    ) throws(SettingsError) -> (accounts: ManagementAccounts, policy: ManagementPolicy) {
        let standard = try self.account(reader)
        let ownership = try self.ownership(reader)
        var others: [ManagementSettings] = []
        var ownerships: [String: EnrollmentTerms.Ownership] = [:]
        for entry in try reader.objects("accounts") {
            let account = try self.account(entry)
            guard !([standard] + others).contains(where: { $0.providerID == account.providerID }) else {
                throw entry.error("providerId", "\(account.providerID) is the name of another account already")
            }
            others.append(account)
            ownerships[account.providerID] = try self.ownership(entry)
            try entry.finish()
        }
        let accounts = ManagementAccounts(standard, others: others)
        let rules = try self.rules(reader, accounts: accounts, ownerships: ownerships)
        try reader.finish()
        return (
            accounts,
            ManagementPolicy(
                providerID: standard.providerID,
                ownership: ownership ?? .unstated,
                rules: rules
            )
        )
    }

    private static func account(_ reader: SettingsReader) throws(SettingsError) -> ManagementSettings {
        let addresses = try self.addresses(reader)
        let providerID = try self.providerID(reader)
        return ManagementSettings(
            providerID: providerID,
            name: try reader.string("name", default: providerID),
            address: addresses[0],
            furtherAddresses: Array(addresses.dropFirst()),
            connectionRetries: try reader.integer("connectionRetries", in: 0...100, default: 6),
            initialBackoff: try reader.integer("initialBackoffMilliseconds", in: 1_000...3_600_000, default: 30_000),
            maximumBackoff: try reader.integer("maximumBackoffMilliseconds", in: 1_000...86_400_000, default: 120_000),
            poll: try self.poll(reader)
        )
    }

    private static func ownership(_ reader: SettingsReader) throws(SettingsError) -> EnrollmentTerms.Ownership? {
        try reader.choice("ownership", EnrollmentTerms.Ownership.self)
    }

    /// `address`, or a list of them in `addresses`; at least one.
    private static func addresses(_ reader: SettingsReader) throws(SettingsError) -> [String] {
        guard reader.has("addresses") else {
            let address = try reader.requiredString("address")
            try self.check(address, reader, "address")
            return [address]
        }
        guard !reader.has("address") else {
            throw reader.error("addresses", "takes the place of address, which has to go")
        }
        let addresses = try reader.strings("addresses")
        guard !addresses.isEmpty, addresses.count <= 8 else {
            throw reader.error("addresses", "takes 1 to 8 addresses")
        }
        for address in addresses { try self.check(address, reader, "addresses") }
        guard Set(addresses).count == addresses.count else { throw reader.error("addresses", "has one twice") }
        return addresses
    }

    private static func check(_ address: String, _ reader: SettingsReader, _ key: String) throws(SettingsError) {
        // Angle brackets would end an entry of the list that devices get.
        let isPlain = address.utf8.allSatisfy { octet in
            (0x21...0x7e).contains(octet) && octet != UInt8(ascii: "<") && octet != UInt8(ascii: ">")
        }
        guard address.hasPrefix("https://"), isPlain else { throw reader.error(key, "is not an https:// URL") }
    }

    private static func providerID(_ reader: SettingsReader) throws(SettingsError) -> String {
        let providerID = try reader.requiredString("providerId")
        let isPlain = providerID.utf8.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: " "):
                true
            default: false
            }
        }
        guard isPlain, providerID.utf8.count <= 64 else {
            throw reader.error("providerId", "takes up to 64 letters, digits, blanks, dots, dashes and underscores")
        }
        return providerID
    }

    /// The name of a schedule, or one of its own.
    private static func poll(_ reader: SettingsReader) throws(SettingsError) -> ManagementSettings.PollSchedule {
        if reader.holdsText("poll") { return try reader.choice("poll", Preset.self)?.schedule ?? .standard }
        var poll = ManagementSettings.PollSchedule()
        guard let reader = try reader.object("poll") else { return poll }
        poll.firstRetries = try reader.integer("firstRetries", in: 1...1_000, default: poll.firstRetries)
        poll.firstInterval = try reader.integer("firstIntervalMinutes", in: 1...43_200, default: poll.firstInterval)
        poll.secondRetries = try reader.integer("secondRetries", in: 1...1_000, default: poll.secondRetries)
        poll.secondInterval = try reader.integer("secondIntervalMinutes", in: 1...43_200, default: poll.secondInterval)
        poll.remainingInterval = try reader.integer(
            "remainingIntervalMinutes",
            in: 1...43_200,
            default: poll.remainingInterval
        )
        poll.pollsOnLogin = try reader.boolean("onLogin", default: poll.pollsOnLogin)
        try reader.finish()
        return poll
    }

    private static func rules(
        _ reader: SettingsReader,
        accounts: ManagementAccounts,
        ownerships: [String: EnrollmentTerms.Ownership]
    ) throws(SettingsError) -> [ManagementPolicy.Rule] {
        var rules: [ManagementPolicy.Rule] = []
        for entry in try reader.objects("rules") {
            let name = try entry.requiredString("name")
            guard !rules.contains(where: { $0.name == name }), name != "default" else {
                throw entry.error("name", "\(name) is the name of another rule already")
            }
            let groups = try entry.strings("groups").map { GroupName($0) }
            let domains = try entry.strings("domains").map { $0.lowercased() }
            guard !groups.isEmpty || !domains.isEmpty else {
                throw entry.error("name", "the rule names neither groups nor domains, and would fit everybody")
            }
            if let domain = domains.first(where: { $0.contains("@") }) {
                throw entry.error("domains", "\(domain) is no domain; what stands behind the @ is meant")
            }
            let providerID = try entry.string("providerId") ?? accounts.standard.providerID
            guard accounts.account(providerID) != nil else {
                let known = accounts.all.map(\.providerID).joined(separator: ", ")
                throw entry.error("providerId", "\(providerID) is none of the accounts, which are \(known)")
            }
            rules.append(
                ManagementPolicy.Rule(
                    name: name,
                    groups: groups,
                    domains: domains,
                    providerID: providerID,
                    ownership: try self.ownership(entry) ?? ownerships[providerID]
                )
            )
            try entry.finish()
        }
        return rules
    }
}
