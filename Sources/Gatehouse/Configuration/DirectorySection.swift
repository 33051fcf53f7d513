import Directory
import EnrollmentCore
import ServiceRuntime

/// Reads `directory: {…}`.
enum DirectorySection {
    private enum Preset: String, CaseIterable {
        case activeDirectory
        case openldap
    }

    private enum GroupMethod: String, CaseIterable {
        case none
        case memberOf
        case search
        case inChain
    }

    /// Name and password of the account that looks people up.
    struct Account: Hashable, Sendable {
        let name: String
        let password: SecretReference
    }

    /// Everything but the password, which only those who speak to the directory fetch.
    static func read(
        _ reader: SettingsReader,
        folder: String
    ) throws(SettingsError) -> (settings: DirectorySettings, account: Account?) {
        guard let security = try reader.choice("security", DirectorySettings.Security.self) else {
            throw reader.missing("security")
        }
        let base = try reader.requiredString("base")
        var settings = DirectorySettings(
            servers: try reader.strings("servers"),
            security: security,
            caFile: try reader.string("caFile").map { FilePath.resolve($0, in: folder) },
            base: base,
            serviceAccount: nil
        )
        let account = try self.account(reader.object("serviceAccount"), folder: folder)
        if let domains = try reader.object("domains") {
            for name in domains.keys { settings.domains[name] = try domains.requiredString(name) }
            try domains.finish()
        }
        settings.personFilter = try reader.string("personFilter", default: settings.personFilter)
        try self.readAttributes(reader, into: &settings)
        settings.groups = try self.groups(reader.object("groups"), base: base) ?? settings.groups
        settings.decoy = try reader.string("decoy")
        settings.lanes = try reader.integer("connections", in: 1...64, default: settings.lanes)
        settings.waiters = try reader.integer("waiters", in: 0...100_000, default: settings.waiters)
        if let seconds = try reader.integer("requestSeconds", in: 1...60) {
            settings.requestTimeout = .seconds(seconds)
        }
        if let seconds = try reader.integer("operationSeconds", in: 1...60) {
            settings.operationTimeout = .seconds(seconds)
        }
        if let seconds = try reader.integer("connectSeconds", in: 1...60) {
            settings.connectTimeout = .seconds(seconds)
        }
        if let seconds = try reader.integer("idleSeconds", in: 1...3_600) { settings.idleLimit = .seconds(seconds) }
        try reader.finish()
        return (settings, account)
    }

    private static func account(_ reader: SettingsReader?, folder: String) throws(SettingsError) -> Account? {
        guard let reader else { return nil }
        let account = Account(
            name: try reader.requiredString("name"),
            password: try SecretReference(try reader.requiredObject("password"), relativeTo: folder)
        )
        try reader.finish()
        return account
    }

    private static func readAttributes(
        _ reader: SettingsReader,
        into settings: inout DirectorySettings
    ) throws(SettingsError) {
        guard let object = try reader.object("attributes") else { return }
        if try object.choice("preset", Preset.self) == .openldap {
            settings.attributes = .openLDAP
            settings.principalAttributes = ["mail"]
            settings.accountAttributes = ["uid"]
        }
        settings.principalAttributes = try object.strings("principal", default: settings.principalAttributes)
        settings.accountAttributes = try object.strings("account", default: settings.accountAttributes)
        var attributes = settings.attributes
        attributes.stableID = try object.string("stableId", default: attributes.stableID)
        attributes.principalName = try object.string("principalName", default: attributes.principalName)
        attributes.displayName = try object.string("displayName", default: attributes.displayName)
        attributes.mail = try object.string("mail", default: attributes.mail)
        attributes.securityIdentifier = try object.string("securityIdentifier") ?? attributes.securityIdentifier
        settings.attributes = attributes
        try object.finish()
    }

    private static func groups(_ reader: SettingsReader?, base: String) throws(SettingsError) -> GroupLookup? {
        guard let reader else { return nil }
        guard let method = try reader.choice("method", GroupMethod.self) else { throw reader.missing("method") }
        let lookup: GroupLookup
        switch method {
        case .none:
            lookup = .none
        case .memberOf:
            lookup = .memberOf(attribute: try reader.string("attribute", default: "memberOf"))
        case .search:
            lookup = .search(
                base: try reader.string("base", default: base),
                filter: try reader.string("filter", default: "(objectClass=groupOfNames)"),
                memberAttribute: try reader.string("memberAttribute", default: "member"),
                depth: try reader.integer("depth", in: 1...10, default: 1)
            )
        case .inChain:
            lookup = .inChain(base: try reader.string("base", default: base))
        }
        try reader.finish()
        return lookup
    }
}
