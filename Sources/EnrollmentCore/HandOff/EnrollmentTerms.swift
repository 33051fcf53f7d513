/// On what terms a device was admitted, besides its certificate: fixed when it enrolls, told to the management server.
public struct EnrollmentTerms: Hashable, Sendable {
    /// Whose device it is.
    public enum Ownership: String, Hashable, Sendable, CaseIterable {
        case corporate
        case personal
        /// No rule says.
        case unstated
    }

    /// The management account's provider id (`PROVIDER-ID`), which names the management server.
    public var providerID: String
    public var ownership: Ownership
    /// The name of the rule that set ``ownership``; empty when none did.
    public var ownershipRule: String
    /// What the authorise hook said of the device, for the event.
    public var attributes: [Fact]

    public init(
        providerID: String,
        ownership: Ownership = .unstated,
        ownershipRule: String = "",
        attributes: [Fact] = []
    ) {
        self.providerID = providerID
        self.ownership = ownership
        self.ownershipRule = ownershipRule
        self.attributes = attributes
    }

    /// Of a device that no management server is waiting for.
    public static let none = EnrollmentTerms(providerID: "")
}

/// Decides which management server a user's devices are given to.
///
/// Pure: the first rule that fits the user wins.
public struct ManagementPolicy: Hashable, Sendable {
    public struct Rule: Hashable, Sendable {
        /// For records: what was decided by what.
        public let name: String
        /// Any of them is enough; empty does not ask for groups.
        public let groups: [GroupName]
        /// Domains of principal names, lower case; any of them is enough, empty does not ask for one.
        public let domains: [String]
        public let providerID: String
        /// `nil` leaves it to ``ManagementPolicy/ownership``.
        public let ownership: EnrollmentTerms.Ownership?

        public init(
            name: String,
            groups: [GroupName],
            domains: [String],
            providerID: String,
            ownership: EnrollmentTerms.Ownership?
        ) {
            self.name = name
            self.groups = groups
            self.domains = domains
            self.providerID = providerID
            self.ownership = ownership
        }

        func fits(_ user: DirectoryUser) -> Bool {
            let domain = user.principalName.split(separator: "@").last.map { $0.lowercased() }
            let isOfGroup = self.groups.isEmpty || self.groups.contains { user.groups.contains($0) }
            let isOfDomain = self.domains.isEmpty || domain.map { self.domains.contains($0) } ?? false
            return isOfGroup && isOfDomain
        }
    }

    /// For whomever no rule fits.
    public let providerID: String
    public let ownership: EnrollmentTerms.Ownership
    public let rules: [Rule]

    public init(
        providerID: String,
        ownership: EnrollmentTerms.Ownership = .unstated,
        rules: [Rule] = []
    ) {
        self.providerID = providerID
        self.ownership = ownership
        self.rules = rules
    }

    /// - Returns: The terms on which a device of the user is admitted.
    public func terms(for user: DirectoryUser) -> EnrollmentTerms {
        let rule = self.rules.first { $0.fits(user) }
        let ownership = rule?.ownership ?? self.ownership
        return EnrollmentTerms(
            providerID: rule?.providerID ?? self.providerID,
            ownership: ownership,
            ownershipRule: ownership == .unstated
                ? "" : rule.flatMap { $0.ownership == nil ? nil : $0.name } ?? "default"
        )
    }
}
