internal import EnrollmentCore
internal import LDAPKit

/// Finds the groups of a person in the configured way.
struct GroupFinder: Sendable {
    private enum Way {
        case none
        case listed(LDAPAttributeName)
        case searched(base: DistinguishedName, filter: LDAPFilter, member: LDAPAttributeName, depth: Int)
        case inChain(base: DistinguishedName)
    }

    /// More groups than this in one answer is taken for a mistake in the settings rather than cut off silently.
    static let most = 5_000

    private let way: Way

    init(_ lookup: GroupLookup) throws(DirectorySettingsError) {
        switch lookup {
        case .none:
            self.way = .none
        case .memberOf(let attribute):
            self.way = .listed(
                try CheckedSettings.checked("groups.attribute") { () throws(LDAPError) in
                    try LDAPAttributeName(attribute)
                }
            )
        case .search(let base, let filter, let memberAttribute, let depth):
            guard (1...16).contains(depth) else {
                throw DirectorySettingsError(key: "groups.depth", reason: "has to be from 1 to 16")
            }
            self.way = .searched(
                base: try Self.base(base),
                filter: try CheckedSettings.checked("groups.filter") { () throws(LDAPError) in
                    try LDAPFilter(written: filter)
                },
                member: try CheckedSettings.checked("groups.memberAttribute") { () throws(LDAPError) in
                    try LDAPAttributeName(memberAttribute)
                },
                depth: depth
            )
        case .inChain(let base):
            self.way = .inChain(base: try Self.base(base))
        }
    }

    private static func base(_ text: String) throws(DirectorySettingsError) -> DistinguishedName {
        try CheckedSettings.checked("groups.base") { () throws(LDAPError) in try DistinguishedName(text) }
    }

    /// What has to be asked of the person's own entry.
    var personAttribute: LDAPAttributeName? {
        if case .listed(let attribute) = self.way { attribute } else { nil }
    }

    /// The groups of the person whose entry this is; `ask` performs one search on the service account's connection.
    func groups<Failure: Error>(
        of entry: LDAPEntry,
        _ ask: (LDAPSearch) throws(Failure) -> LDAPSearchResult
    ) throws(Failure) -> [GroupName] {
        switch self.way {
        case .none:
            return []
        case .listed(let attribute):
            return entry.texts(attribute).map { GroupName($0) }
        case .inChain(let base):
            return try ask(Self.search(under: base, Self.inChainFilter(entry.name))).entries.map { GroupName($0.name) }
        case .searched(let base, let filter, let member, let depth):
            var found: Set<GroupName> = []
            var ordered: [GroupName] = []
            var members = [entry.name]
            for _ in 0..<depth where !members.isEmpty {
                let asked = LDAPFilter.all([filter, .any(members.map { .equal(member, $0) })])
                let names = try ask(Self.search(under: base, asked)).entries.map { GroupName($0.name) }
                let new = names.filter { found.insert($0).inserted }
                ordered += new
                members = new.map(\.text)
            }
            return ordered
        }
    }

    /// Groups that hold `name` directly or through other groups ([MS-ADTS] § 3.1.1.3.4.4.3).
    static func inChainFilter(_ name: String) -> LDAPFilter {
        .all([.equal("objectClass", "group"), .matching("member", rule: "1.2.840.113556.1.4.1941", name)])
    }

    private static func search(under base: DistinguishedName, _ filter: LDAPFilter) -> LDAPSearch {
        LDAPSearch(under: base, filter: filter, attributes: [], sizeLimit: Self.most)
    }
}
