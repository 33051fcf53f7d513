package import EnrollmentCore

/// Where the organisation's directory is and how it describes people, as configured.
///
/// Texts are checked when a ``LDAPCredentialVerifier`` is made of them.
package struct DirectorySettings: Sendable {
    /// How connections are protected; the raw values are the words used in the configuration.
    package enum Security: String, Hashable, Sendable, CaseIterable {
        /// `ldaps://` addresses.
        case tls
        /// `ldap://` addresses, protected before anything is sent.
        case startTLS
        /// No protection at all: whoever can listen reads every password.
        case plaintextPasswords
    }

    /// The account that looks people up.
    package struct ServiceAccount: Sendable {
        /// Its distinguished name; Active Directory takes `user@domain`, too.
        package var name: String
        package var password: Redacted<String>

        package init(name: String, password: Redacted<String>) {
            self.name = name
            self.password = password
        }
    }

    /// `ldap://host[:port]` or `ldaps://host[:port]`, the preferred one first.
    package var servers: [String]
    package var security: Security
    /// PEM file with the trust anchors of the servers' certificates; required unless ``security`` is
    /// `plaintextPasswords`.
    package var caFile: String?
    /// Distinguished name below which people are looked for.
    package var base: String
    /// Without one, people are looked up anonymously.
    package var serviceAccount: ServiceAccount?

    /// NetBIOS names that are accepted in `DOMAIN\user`, each with the base of its people.
    package var domains: [String: String] = [:]
    /// Who counts as a person (RFC 4515).
    package var personFilter = "(objectClass=person)"
    /// Compared with a name that holds an `@`.
    package var principalAttributes = ["userPrincipalName", "mail"]
    /// Compared with a name without `@`, and with the `user` of `DOMAIN\user`.
    package var accountAttributes = ["sAMAccountName", "uid"]
    package var attributes = PersonAttributes.activeDirectory
    package var groups = GroupLookup.memberOf(attribute: "memberOf")
    /// Name bound to in place of an unknown user, so that both take equally long.
    ///
    /// By default a name that does not exist. Where the directory stores slow password hashes, name an account made for
    /// this purpose, with a random password: refusing it costs the directory what refusing a real one does.
    package var decoy: String?

    /// How many verifications go on at once; each holds two connections.
    package var lanes = 8
    /// How many more may wait for one of the lanes.
    package var waiters = 256
    /// The longest one verification may take in all.
    package var requestTimeout = Duration.seconds(10)
    /// The longest one LDAP operation may take.
    package var operationTimeout = Duration.seconds(4)
    /// The longest one connection may take to be made.
    package var connectTimeout = Duration.seconds(2)
    /// How long a verification waits for a server to come back when none is left.
    package var patience = Duration.seconds(2)
    /// Connections unused for longer are replaced before use; firewalls forget idle ones silently.
    package var idleLimit = Duration.seconds(60)
    /// A server that failed is left out this long; each further failure doubles it.
    package var firstBackOff = Duration.milliseconds(250)
    package var longestBackOff = Duration.seconds(30)

    package init(servers: [String], security: Security, caFile: String?, base: String, serviceAccount: ServiceAccount?)
    {
        self.servers = servers
        self.security = security
        self.caFile = caFile
        self.base = base
        self.serviceAccount = serviceAccount
    }
}

/// The attributes that describe a person.
package struct PersonAttributes: Hashable, Sendable {
    /// `entryUUID` (text) or `objectGUID` (16 octets in Microsoft's order).
    package var stableID: String
    package var principalName: String
    package var displayName: String
    package var mail: String
    /// `objectSid`, or `nil` where the directory has none.
    package var securityIdentifier: String?

    package init(
        stableID: String,
        principalName: String,
        displayName: String,
        mail: String,
        securityIdentifier: String?
    ) {
        self.stableID = stableID
        self.principalName = principalName
        self.displayName = displayName
        self.mail = mail
        self.securityIdentifier = securityIdentifier
    }

    package static let activeDirectory = Self(
        stableID: "objectGUID",
        principalName: "userPrincipalName",
        displayName: "displayName",
        mail: "mail",
        securityIdentifier: "objectSid"
    )

    package static let openLDAP = Self(
        stableID: "entryUUID",
        principalName: "mail",
        displayName: "displayName",
        mail: "mail",
        securityIdentifier: nil
    )
}

/// How the groups of a person are found.
package enum GroupLookup: Hashable, Sendable {
    /// Groups are not asked for.
    case none
    /// The person's own entry lists them; one search for person and groups together. Nested groups are not followed.
    case memberOf(attribute: String)
    /// Groups below `base` that list the person, and the groups that list those, up to `depth` levels (1: direct only).
    case search(base: String, filter: String, memberAttribute: String, depth: Int)
    /// Groups below `base` that hold the person directly or through other groups, by Active Directory's rule
    /// 1.2.840.113556.1.4.1941.
    case inChain(base: String)
}

/// A setting of the directory that cannot be used.
package struct DirectorySettingsError: Error, Hashable, Sendable {
    /// The property of ``DirectorySettings``, for example `groups.base`.
    package let key: String
    package let reason: String
}

extension DirectorySettingsError: CustomStringConvertible {
    package var description: String { "\(self.key): \(self.reason)" }
}
