internal import LDAPKit

/// Turns what a person typed into the search that finds exactly them.
struct PersonLookup: Sendable {
    /// Where people are unless a domain says otherwise.
    let base: DistinguishedName
    private let personFilter: LDAPFilter
    private let principalAttributes: [LDAPAttributeName]
    private let accountAttributes: [LDAPAttributeName]
    private let domains: [String: DistinguishedName]

    init(_ settings: DirectorySettings) throws(DirectorySettingsError) {
        self.base = try CheckedSettings.checked("base") { () throws(LDAPError) in
            try DistinguishedName(settings.base)
        }
        self.personFilter = try CheckedSettings.checked("personFilter") { () throws(LDAPError) in
            try LDAPFilter(written: settings.personFilter)
        }
        self.principalAttributes = try Self.names(settings.principalAttributes, "principalAttributes")
        self.accountAttributes = try Self.names(settings.accountAttributes, "accountAttributes")
        var domains: [String: DistinguishedName] = [:]
        for (name, base) in settings.domains {
            domains[name.lowercased()] = try CheckedSettings.checked("domains.\(name)") { () throws(LDAPError) in
                try DistinguishedName(base)
            }
        }
        self.domains = domains
    }

    private static func names(
        _ texts: [String],
        _ key: String
    ) throws(DirectorySettingsError) -> [LDAPAttributeName] {
        guard !texts.isEmpty else { throw DirectorySettingsError(key: key, reason: "names no attribute") }
        var names: [LDAPAttributeName] = []
        for text in texts {
            names.append(try CheckedSettings.checked(key) { () throws(LDAPError) in try LDAPAttributeName(text) })
        }
        return names
    }

    /// The search for a name, or `nil` when no search can find it: the form is nobody's, or the domain is not ours.
    func search(for typed: String, bringing attributes: [LDAPAttributeName]) -> LDAPSearch? {
        switch LoginName(typed) {
        case .principal(let name):
            self.search(self.principalAttributes, for: name, under: self.base, attributes)
        case .account(let name):
            self.search(self.accountAttributes, for: name, under: self.base, attributes)
        case .qualified(let domain, let account):
            self.domains[domain.lowercased()].map { base in
                self.search(self.accountAttributes, for: account, under: base, attributes)
            }
        case nil:
            nil
        }
    }

    private func search(
        _ candidates: [LDAPAttributeName],
        for value: String,
        under base: DistinguishedName,
        _ attributes: [LDAPAttributeName]
    ) -> LDAPSearch {
        LDAPSearch(
            under: base,
            filter: .all([.any(candidates.map { .equal($0, value) }), self.personFilter]),
            attributes: attributes,
            // One more than acceptable, to see that a name is ambiguous.
            sizeLimit: 2
        )
    }
}
