internal import EnrollmentCore
internal import LDAPKit

/// Reads a person out of a directory entry.
struct PersonReader: Sendable {
    /// Everything to ask the directory for, and nothing else.
    let attributes: [LDAPAttributeName]
    let stableID: LDAPAttributeName
    private let principalName: LDAPAttributeName
    private let displayName: LDAPAttributeName
    private let mail: LDAPAttributeName
    private let securityIdentifier: LDAPAttributeName?

    init(_ names: PersonAttributes, groups: GroupFinder) throws(DirectorySettingsError) {
        self.stableID = try Self.name(names.stableID, "stableID")
        self.principalName = try Self.name(names.principalName, "principalName")
        self.displayName = try Self.name(names.displayName, "displayName")
        self.mail = try Self.name(names.mail, "mail")
        self.securityIdentifier =
            if let text = names.securityIdentifier { try Self.name(text, "securityIdentifier") } else { nil }
        var wanted: [LDAPAttributeName] = []
        let all = [self.stableID, self.principalName, self.displayName, self.mail, self.securityIdentifier]
        for case let name? in all + [groups.personAttribute] where !wanted.contains(name) { wanted.append(name) }
        self.attributes = wanted
    }

    private static func name(_ text: String, _ key: String) throws(DirectorySettingsError) -> LDAPAttributeName {
        try CheckedSettings.checked("attributes.\(key)") { () throws(LDAPError) in try LDAPAttributeName(text) }
    }

    /// Reads a person.
    ///
    /// - Throws: ``EnrollmentError`` with code `enrollmentServer` when the entry lacks what every person needs.
    func person(
        _ entry: LDAPEntry,
        groups: [GroupName],
        from server: String
    ) throws(EnrollmentError) -> DirectoryUser {
        guard let id = entry.octets(self.stableID).first.flatMap(UniqueIdentifier.init(value:))?.text else {
            throw self.incomplete(entry, self.stableID, "a stable id")
        }
        guard let principalName = entry.text(self.principalName) ?? entry.text(self.mail) else {
            throw self.incomplete(entry, self.principalName, "a user principal name")
        }
        let sid = self.securityIdentifier.flatMap { entry.octets($0).first }
        return DirectoryUser(
            id: id,
            principalName: principalName,
            displayName: entry.text(self.displayName),
            mail: entry.text(self.mail),
            securityIdentifier: sid.flatMap(SecurityIdentifier.text),
            groups: groups,
            source: server
        )
    }

    private func incomplete(
        _ entry: LDAPEntry,
        _ attribute: LDAPAttributeName,
        _ meaning: String
    ) -> EnrollmentError {
        EnrollmentError(
            .enrollmentServer,
            "The directory entry has no usable \(attribute.text), which is configured as \(meaning). Check the attribute "
                + "mapping, and that the service account may read the attribute.",
            rule: "directory.entry.incomplete",
            facts: [Fact("entry", entry.name), Fact("attribute", attribute.text)]
        )
    }
}
