/// A user whose credential the directory has just confirmed, as the directory describes them.
public struct DirectoryUser: Hashable, Sendable {
    /// The directory's stable id (`entryUUID` or `objectGUID` as canonical UUID text); survives a rename.
    public let id: String
    public let principalName: String
    public let displayName: String?
    public let mail: String?
    /// `objectSid` as text, `S-1-5-21-…`, where the directory has one.
    public let securityIdentifier: String?
    /// Distinguished names of the groups the user is in, as ``GroupName`` normalises them.
    public let groups: [GroupName]
    /// Which server answered, for the attempt record.
    public let source: String

    public init(
        id: String,
        principalName: String,
        displayName: String? = nil,
        mail: String? = nil,
        securityIdentifier: String? = nil,
        groups: [GroupName] = [],
        source: String
    ) {
        self.id = id
        self.principalName = principalName
        self.displayName = displayName
        self.mail = mail
        self.securityIdentifier = securityIdentifier
        self.groups = groups
        self.source = source
    }
}

/// A group's distinguished name, compared without regard to case and to blanks around its separators.
public struct GroupName: Hashable, Sendable {
    /// As the directory or the configuration wrote it.
    public let text: String
    private let comparable: String

    public init(_ text: String) {
        self.text = text
        var comparable = ""
        var pendingBlanks = ""
        var afterSeparator = true
        for character in text.lowercased() {
            switch character {
            case " ":
                if !afterSeparator { pendingBlanks.append(character) }
            case ",", "=":
                pendingBlanks = ""
                comparable.append(character)
                afterSeparator = true
            default:
                comparable += pendingBlanks
                pendingBlanks = ""
                comparable.append(character)
                afterSeparator = false
            }
        }
        self.comparable = comparable
    }

    public static func == (left: GroupName, right: GroupName) -> Bool {
        left.comparable == right.comparable
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.comparable)
    }
}
