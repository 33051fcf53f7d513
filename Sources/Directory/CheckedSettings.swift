internal import EnrollmentCore
internal import LDAPKit

/// ``DirectorySettings`` after every text in it was read: what lanes and sessions work with.
struct CheckedSettings: Sendable {
    let endpoints: [LDAPEndpoint]
    let lookup: PersonLookup
    let reader: PersonReader
    let groups: GroupFinder
    let decoy: String
    let limits: DirectorySettings

    init(_ settings: DirectorySettings) throws(DirectorySettingsError) {
        guard !settings.servers.isEmpty else { throw .init(key: "servers", reason: "names no server") }
        guard settings.lanes > 0 else { throw .init(key: "lanes", reason: "at least 1 is needed") }
        guard settings.waiters >= 0 else { throw .init(key: "waiters", reason: "is negative") }
        if let account = settings.serviceAccount, account.password.reveal().isEmpty || account.name.isEmpty {
            throw .init(
                key: "serviceAccount",
                reason: "name or password is empty, and the directory would take that for an anonymous bind"
            )
        }
        let security = try Self.security(settings)
        var endpoints: [LDAPEndpoint] = []
        for address in settings.servers {
            endpoints.append(
                try Self.checked("servers") { () throws(LDAPError) in
                    try LDAPEndpoint(address, security: security, connectTimeout: settings.connectTimeout)
                }
            )
        }
        self.endpoints = endpoints
        self.lookup = try PersonLookup(settings)
        self.groups = try GroupFinder(settings.groups)
        self.reader = try PersonReader(settings.attributes, groups: self.groups)
        let base = self.lookup.base
        self.decoy = try Self.checked("decoy") { () throws(LDAPError) in
            guard let name = settings.decoy else {
                return try base.child("cn", "nobody, asked for in place of an unknown user").text
            }
            return try DistinguishedName(name).text
        }
        self.limits = settings
    }

    private static func security(
        _ settings: DirectorySettings
    ) throws(DirectorySettingsError) -> LDAPEndpoint.Security {
        switch (settings.security, settings.caFile) {
        case (.tls, let caFile?): return .tls(caFile: caFile)
        case (.startTLS, let caFile?): return .startTLS(caFile: caFile)
        case (.plaintextPasswords, _): return .plaintextPasswords
        case (_, nil):
            throw .init(key: "caFile", reason: "is needed to check the servers' certificates")
        }
    }

    /// Reads one text and names its key when it is wrong.
    static func checked<Value>(
        _ key: String,
        _ read: () throws(LDAPError) -> Value
    ) throws(DirectorySettingsError) -> Value {
        do throws(LDAPError) {
            return try read()
        } catch {
            throw DirectorySettingsError(key: key, reason: error.diagnostic)
        }
    }
}
