internal import LDAPKit

/// Turns what a person typed, or a stable id, into searches that find exactly them.
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

    /// The searches for a stable id, of which the first that finds somebody counts.
    ///
    /// The id is looked for in both forms that it is stored in, because the attribute's name does not tell which: a
    /// server takes the other form for a value that no entry has. People of a domain may be elsewhere than the rest.
    func searches(
        for id: UniqueIdentifier,
        in attribute: LDAPAttributeName,
        bringing attributes: [LDAPAttributeName]
    ) -> [LDAPSearch] {
        let matching = LDAPFilter.any([.equal(attribute, octets: id.octets), .equal(attribute, id.text)])
        var bases = [self.base]
        for base in self.domains.values.sorted(by: { $0.canonical < $1.canonical })
        where !bases.contains(where: { base.canonical == $0.canonical || base.canonical.hasSuffix("," + $0.canonical) })
        {
            bases.append(base)
        }
        return bases.map { base in
            LDAPSearch(
                under: base,
                filter: .all([matching, self.personFilter]),
                attributes: attributes,
                sizeLimit: 2
            )
        }
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
