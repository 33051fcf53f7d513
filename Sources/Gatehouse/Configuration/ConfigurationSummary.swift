import Directory
import EnrollmentCore
import EnrollmentWire
import HTTPTransport
import Logging

/// The configuration in effect as rows of path and value; secrets appear as the place they come from.
enum ConfigurationSummary {
    static func rows(of configuration: Configuration) -> [(key: String, value: String)] {
        self.placesRows(configuration) + self.directoryRows(configuration.directory, configuration.directoryAccount)
            + self.rulesRows(configuration)
            + self.adminRows(configuration.admin) + self.limitsRows(configuration)
    }

    private static func placesRows(_ configuration: Configuration) -> [(key: String, value: String)] {
        let plain = configuration.plainListener.map { "\($0.address):\($0.port)" } ?? "none"
        let admin = configuration.adminListener.map { "\($0.address):\($0.port)" } ?? "none"
        let proxies = configuration.proxies
        let certificates = configuration.certificates.map(\.chain).joined(separator: ", ")
        return [
            ("file", configuration.file),
            ("node", "\(configuration.node)"),
            ("urls.device", configuration.deviceURL.text),
            ("urls.pki", configuration.publicURL.text),
            ("listeners.device", "\(configuration.deviceListener.address):\(configuration.deviceListener.port)"),
            ("listeners.plain", plain),
            ("listeners.admin", admin),
            ("proxies.addresses", proxies?.networks.map { "\($0)" }.joined(separator: ", ") ?? "none"),
            ("proxies.clientCertificate", proxies?.certificateField?.rawValue ?? "not handed on"),
            ("proxies.sourceAddress", proxies?.addressField?.rawValue ?? "not handed on"),
            ("tls.certificates", certificates.isEmpty ? "the store's own" : certificates),
        ] + self.storeRows(configuration.store) + [
            ("keys.passphrase", configuration.passphrase.place)
        ] + self.tokenRows(configuration.tokens) + [
            ("authority.profiles", configuration.profilesFolder),
            ("authority.deviceProfile", configuration.deviceProfileName),
            ("authority.crlShards", "\(configuration.crlShards)"),
        ]
    }

    private static func tokenRows(_ tokens: [ConfiguredToken]) -> [(key: String, value: String)] {
        [("tokens", tokens.isEmpty ? "none" : tokens.map(\.name).joined(separator: ", "))]
            + tokens.flatMap { token in
                [
                    ("tokens.\(token.name).module", token.module),
                    ("tokens.\(token.name).label", token.label),
                    ("tokens.\(token.name).pin", token.pin.place),
                    ("tokens.\(token.name).sessions", "\(token.sessions)"),
                    ("tokens.\(token.name).timeoutSeconds", "\(token.timeoutSeconds)"),
                ]
            }
    }

    private static func storeRows(_ store: StoreLocation) -> [(key: String, value: String)] {
        switch store {
        case .sqlite(let path): [("store", "sqlite \(path)")]
        case .postgres(let location):
            [
                ("store", "postgres"),
                ("store.url", location.address?.text ?? "none: the environment (PG…) says where"),
                (
                    "store.password",
                    location.password?.place ?? "none: the environment, a password file or a certificate"
                ),
                ("store.connections", "\(location.connections)"),
                ("store.waitSeconds", "\(location.waitSeconds)"),
                ("store.connectSeconds", "\(location.connectSeconds)"),
                ("store.statementSeconds", "\(location.statementSeconds)"),
                ("store.largestClockSkewSeconds", "\(location.largestClockSkewSeconds)"),
            ]
        }
    }

    private static func directoryRows(
        _ directory: DirectorySettings,
        _ account: DirectorySection.Account?
    ) -> [(key: String, value: String)] {
        [
            ("directory.servers", directory.servers.joined(separator: ", ")),
            ("directory.security", directory.security.rawValue),
            ("directory.caFile", directory.caFile ?? "none"),
            ("directory.base", directory.base),
            ("directory.serviceAccount", account.map { "\($0.name), password from \($0.password.place)" } ?? "none"),
            ("directory.domains", directory.domains.map { "\($0.key) = \($0.value)" }.sorted().joined(separator: "; ")),
            ("directory.personFilter", directory.personFilter),
            ("directory.attributes.principal", directory.principalAttributes.joined(separator: ", ")),
            ("directory.attributes.account", directory.accountAttributes.joined(separator: ", ")),
            ("directory.attributes.stableId", directory.attributes.stableID),
            ("directory.attributes.principalName", directory.attributes.principalName),
            ("directory.attributes.displayName", directory.attributes.displayName),
            ("directory.attributes.mail", directory.attributes.mail),
            ("directory.attributes.securityIdentifier", directory.attributes.securityIdentifier ?? "none"),
            ("directory.groups", "\(directory.groups)"),
            ("directory.connections", "\(directory.lanes)"),
            ("directory.waiters", "\(directory.waiters)"),
            ("directory.decoy", directory.decoy ?? "a name that does not exist"),
            ("directory.requestSeconds", "\(directory.requestTimeout.components.seconds)"),
            ("directory.operationSeconds", "\(directory.operationTimeout.components.seconds)"),
            ("directory.connectSeconds", "\(directory.connectTimeout.components.seconds)"),
            ("directory.idleSeconds", "\(directory.idleLimit.components.seconds)"),
        ]
    }

    private static func rulesRows(_ configuration: Configuration) -> [(key: String, value: String)] {
        let groups = configuration.admittedGroups.map(\.text).joined(separator: "; ")
        return self.managementRows(configuration) + HandOffSummary.rows(of: configuration.handOff) + [
            ("admission.groups", groups.isEmpty ? "none: every confirmed user may enroll" : groups),
            ("deviceLimit.default", "\(configuration.deviceLimit.defaultMaximum)"),
            ("deviceLimit.staleAfterDays", "\(configuration.deviceLimit.staleAfterDays)"),
            (
                "deviceLimit.groups",
                configuration.deviceLimit.groupLimits.map { limit in
                    "\(limit.name): \(limit.group.text) = \(limit.maximum), priority \(limit.priority)"
                }.joined(separator: "; ")
            ),
            ("discovery.default", configuration.discovery.defaultMethods.map { "\($0)" }.joined(separator: ", ")),
            ("discovery.domains", configuration.discovery.methodsByDomain.keys.sorted().joined(separator: ", ")),
            ("discovery.policyServiceURL", configuration.discovery.policyServiceURL),
            ("discovery.enrollmentServiceURL", configuration.discovery.enrollmentServiceURL),
            ("discovery.announcedVersion", "\(configuration.discovery.highestVersion)"),
            ("policy.id", configuration.policy.policyID),
            ("policy.friendlyName", configuration.policy.friendlyName),
            ("policy.minimalKeyLength", "\(configuration.policy.minimalKeyLength)"),
            (
                "renewal.windowDays",
                configuration.renewal.windowDays.map { "\($0)" } ?? "the profile's renewPeriodDays and a day"
            ),
            ("renewal.overlapDays", "\(configuration.renewal.overlapSeconds / 86_400)"),
            ("renewal.proof", configuration.renewal.proof.rawValue),
            ("renewal.triesPerDay", "\(configuration.renewal.triesPerDay)"),
            ("crl.intervalHours", "\(configuration.crl.intervalHours)"),
            ("crl.validityHours", "\(configuration.crl.validityHours)"),
            ("ocsp.validityMinutes", "\(configuration.ocspValidityMinutes)"),
            ("retention.attemptDays", "\(configuration.retention.attemptDays)"),
            ("retention.certificateDays", "\(configuration.retention.certificateDays)"),
            ("backup.passphrase", configuration.backup.passphrase?.place ?? "none: --passphrase-file"),
            ("backup.folder", configuration.backup.folder ?? "none: --to"),
            ("backup.keep", configuration.backup.keep.map { "\($0)" } ?? "all"),
            ("backup.maxAgeHours", configuration.backup.maxAgeHours.map { "\($0)" } ?? "any age"),
            ("enrollment.faultStatus", "\(configuration.faultStatus)"),
            ("enrollment.reservationHours", "\(configuration.reservationHours)"),
        ] + configuration.rotation.rows
    }

    private static func managementRows(_ configuration: Configuration) -> [(key: String, value: String)] {
        let accounts = configuration.management
        let policy = configuration.managementPolicy
        let others = accounts.all.dropFirst().map { account in
            self.accountRows(account).map { "\($0.key) \($0.value)" }.joined(separator: ", ")
        }
        let rules = policy.rules.map { rule in
            let conditions =
                (rule.groups.isEmpty ? [] : ["in \(rule.groups.map(\.text).joined(separator: " or "))"])
                + (rule.domains.isEmpty ? [] : ["of \(rule.domains.joined(separator: " or "))"])
            let ownership = rule.ownership.map { ", \($0.rawValue)" } ?? ""
            return "\(rule.name): \(conditions.joined(separator: " and ")) = \(rule.providerID)\(ownership)"
        }
        return self.accountRows(accounts.standard).map { ("management.\($0.key)", $0.value) } + [
            ("management.ownership", policy.ownership.rawValue),
            ("management.accounts", others.isEmpty ? "none but this" : others.joined(separator: "; ")),
            ("management.rules", rules.isEmpty ? "none" : rules.joined(separator: "; ")),
        ]
    }

    private static func accountRows(_ account: ManagementSettings) -> [(key: String, value: String)] {
        let poll = account.poll
        return [
            ("providerId", account.providerID),
            ("name", account.name),
            ("address", account.address),
            (
                "addresses",
                account.furtherAddresses.isEmpty
                    ? "no others" : ([account.address] + account.furtherAddresses).joined(separator: ", ")
            ),
            ("connectionRetries", "\(account.connectionRetries)"),
            ("initialBackoffMilliseconds", "\(account.initialBackoff)"),
            ("maximumBackoffMilliseconds", "\(account.maximumBackoff)"),
            (
                "poll",
                "\(poll.firstRetries) × \(poll.firstInterval) min, \(poll.secondRetries) ×"
                    + " \(poll.secondInterval) min, then every \(poll.remainingInterval) min, on login \(poll.pollsOnLogin)"
            ),
        ]
    }

    private static func adminRows(_ admin: AdminSettings) -> [(key: String, value: String)] {
        let clients = admin.clients.map { client in
            let scopes = APIScope.allCases.filter(client.scopes.contains).map(\.rawValue).joined(separator: " ")
            return "\(client.name): \(client.certificate) for \(scopes)"
        }
        let verifiers = admin.verifiers.map { verifier in
            let addresses = verifier.proxies.networks.map { "\($0)" }.joined(separator: " ")
            return "\(verifier.name): \(addresses), \(verifier.proxies.certificateField?.rawValue ?? "none")"
        }
        return [
            ("admin.clients", clients.isEmpty ? "none" : clients.joined(separator: "; ")),
            ("admin.verifiers", verifiers.isEmpty ? "none" : verifiers.joined(separator: "; ")),
            ("admin.cachedIdentities", "\(admin.cachedIdentities)"),
            ("admin.failuresPerMinute", "\(admin.failuresPerMinute)"),
        ]
    }

    private static func limitsRows(_ configuration: Configuration) -> [(key: String, value: String)] {
        let limits = configuration.limits
        return [
            ("limits.headOctets", "\(limits.headOctets)"),
            ("limits.headerFields", "\(limits.headerFields)"),
            ("limits.bodyOctets", "\(limits.bodyOctets)"),
            ("limits.bodyBudgetOctets", "\(limits.bodyBudget)"),
            ("limits.connections", "\(limits.connections)"),
            ("limits.connectionsPerSource", "\(limits.connectionsPerSource)"),
            ("limits.timeToHeadSeconds", "\(limits.timeToHead.components.seconds)"),
            ("limits.timeToBodySeconds", "\(limits.timeToBody.components.seconds)"),
            ("limits.idleSeconds", "\(limits.idleTime.components.seconds)"),
            ("limits.handshakeSeconds", "\(limits.handshakeTime.components.seconds)"),
            ("limits.timeToSendSeconds", "\(limits.timeToSend.components.seconds)"),
            ("limits.drainSeconds", "\(limits.drainTime.components.seconds)"),
            ("limits.retryAfterSeconds", "\(limits.retryAfter.components.seconds)"),
            ("log.level", configuration.logLevel.rawValue),
            ("log.format", configuration.logFormat.rawValue),
        ]
    }
}
