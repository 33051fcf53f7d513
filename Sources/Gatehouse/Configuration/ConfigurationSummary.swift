import Directory
import EnrollmentCore
import EnrollmentWire
import HTTPTransport
import Logging

/// The configuration in effect as rows of path and value; secrets appear as the place they come from.
enum ConfigurationSummary {
    static func rows(of configuration: Configuration) -> [(key: String, value: String)] {
        self.placesRows(configuration) + self.directoryRows(configuration.directory) + self.rulesRows(configuration)
            + self.limitsRows(configuration)
    }

    private static func placesRows(_ configuration: Configuration) -> [(key: String, value: String)] {
        let plain = configuration.plainListener.map { "\($0.address):\($0.port)" } ?? "none"
        let certificates = configuration.certificates.map(\.chain).joined(separator: ", ")
        return [
            ("file", configuration.file),
            ("node", "\(configuration.node)"),
            ("urls.device", configuration.deviceURL.text),
            ("urls.pki", configuration.publicURL.text),
            ("listeners.device", "\(configuration.deviceListener.address):\(configuration.deviceListener.port)"),
            ("listeners.plain", plain),
            ("tls.certificates", certificates.isEmpty ? "the store's own" : certificates),
            ("store", "sqlite \(configuration.storePath)"),
            ("keys.passphrase", configuration.passphrase.place),
            ("authority.profiles", configuration.profilesFolder),
            ("authority.deviceProfile", configuration.deviceProfileName),
            ("authority.crlShards", "\(configuration.crlShards)"),
        ]
    }

    private static func directoryRows(_ directory: DirectorySettings) -> [(key: String, value: String)] {
        [
            ("directory.servers", directory.servers.joined(separator: ", ")),
            ("directory.security", directory.security.rawValue),
            ("directory.caFile", directory.caFile ?? "none"),
            ("directory.base", directory.base),
            ("directory.serviceAccount", directory.serviceAccount?.name ?? "none, anonymous"),
            ("directory.attributes.principal", directory.principalAttributes.joined(separator: ", ")),
            ("directory.attributes.account", directory.accountAttributes.joined(separator: ", ")),
            ("directory.attributes.stableId", directory.attributes.stableID),
            ("directory.groups", "\(directory.groups)"),
            ("directory.connections", "\(directory.lanes)"),
            ("directory.waiters", "\(directory.waiters)"),
            ("directory.requestSeconds", "\(directory.requestTimeout)"),
        ]
    }

    private static func rulesRows(_ configuration: Configuration) -> [(key: String, value: String)] {
        let groups = configuration.admittedGroups.map(\.text).joined(separator: "; ")
        return [
            ("admission.groups", groups.isEmpty ? "none: every confirmed user may enroll" : groups),
            ("deviceLimit.default", "\(configuration.deviceLimit.defaultMaximum)"),
            ("deviceLimit.staleAfterDays", "\(configuration.deviceLimit.staleAfterDays)"),
            ("discovery.policyServiceURL", configuration.discovery.policyServiceURL),
            ("discovery.enrollmentServiceURL", configuration.discovery.enrollmentServiceURL),
            ("discovery.announcedVersion", "\(configuration.discovery.highestVersion)"),
            ("policy.id", configuration.policy.policyID),
            ("policy.minimalKeyLength", "\(configuration.policy.minimalKeyLength)"),
            ("management.providerId", configuration.management.providerID),
            ("management.address", configuration.management.address),
            ("enrollment.faultStatus", "\(configuration.faultStatus)"),
            ("enrollment.reservationHours", "\(configuration.reservationHours)"),
        ]
    }

    private static func limitsRows(_ configuration: Configuration) -> [(key: String, value: String)] {
        let limits = configuration.limits
        return [
            ("limits.headOctets", "\(limits.headOctets)"),
            ("limits.headerFields", "\(limits.headerFields)"),
            ("limits.bodyOctets", "\(limits.bodyOctets)"),
            ("limits.connections", "\(limits.connections)"),
            ("limits.connectionsPerSource", "\(limits.connectionsPerSource)"),
            ("limits.timeToHeadSeconds", "\(limits.timeToHead)"),
            ("limits.timeToBodySeconds", "\(limits.timeToBody)"),
            ("limits.idleSeconds", "\(limits.idleTime)"),
            ("limits.handshakeSeconds", "\(limits.handshakeTime)"),
            ("limits.drainSeconds", "\(limits.drainTime)"),
            ("log.level", configuration.logLevel.rawValue),
            ("log.format", configuration.logFormat.rawValue),
        ]
    }
}
