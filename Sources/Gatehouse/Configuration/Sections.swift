import Directory
import EnrollmentCore
import EnrollmentWire
import HTTPTransport
import ServiceRuntime

/// Reads `limits: {…}`.
enum LimitsSection {
    static func read(_ reader: SettingsReader?) throws(SettingsError) -> HTTPLimits {
        var limits = HTTPLimits()
        guard let reader else { return limits }
        limits.headOctets = try reader.integer("headOctets", in: 1_024...1 << 20, default: limits.headOctets)
        limits.headerFields = try reader.integer("headerFields", in: 10...1_000, default: limits.headerFields)
        limits.bodyOctets = try reader.integer("bodyOctets", in: 16_384...64 << 20, default: limits.bodyOctets)
        limits.bodyBudget = try reader.integer(
            "bodyBudgetOctets",
            in: limits.bodyOctets...1 << 40,
            default: max(limits.bodyBudget, limits.bodyOctets)
        )
        limits.connections = try reader.integer("connections", in: 1...1_000_000, default: limits.connections)
        limits.connectionsPerSource = try reader.integer(
            "connectionsPerSource",
            in: 1...1_000_000,
            default: limits.connectionsPerSource
        )
        for (key, path) in self.durations {
            guard let seconds = try reader.integer(key, in: 1...3_600) else { continue }
            limits[keyPath: path] = .seconds(seconds)
        }
        try reader.finish()
        return limits
    }

    private static var durations: [(String, WritableKeyPath<HTTPLimits, Duration>)] {
        [
            ("timeToHeadSeconds", \.timeToHead),
            ("timeToBodySeconds", \.timeToBody),
            ("idleSeconds", \.idleTime),
            ("timeToSendSeconds", \.timeToSend),
            ("handshakeSeconds", \.handshakeTime),
            ("drainSeconds", \.drainTime),
            ("retryAfterSeconds", \.retryAfter),
        ]
    }
}

/// Reads `deviceLimit: {…}`.
enum DeviceLimitSection {
    static func read(_ reader: SettingsReader?) throws(SettingsError) -> DeviceLimitPolicy {
        guard let reader else { return DeviceLimitPolicy() }
        var limits: [DeviceLimitPolicy.GroupLimit] = []
        for group in try reader.objects("groups") {
            limits.append(
                DeviceLimitPolicy.GroupLimit(
                    name: try group.requiredString("name"),
                    group: GroupName(try group.requiredString("group")),
                    maximum: try group.requiredInteger("maximum", in: 0...100_000),
                    priority: try group.integer("priority", in: 0...1_000_000, default: 0)
                )
            )
            try group.finish()
        }
        let policy = DeviceLimitPolicy(
            defaultMaximum: try reader.integer("default", in: 0...100_000, default: 10),
            staleAfterDays: try reader.integer("staleAfterDays", in: 1...3_650, default: 90),
            groupLimits: limits
        )
        try reader.finish()
        return policy
    }
}

/// Reads `discovery: {…}` and `policy: {…}`.
enum WireSections {
    private enum Method: String, CaseIterable {
        case onPremise = "on-premise"

        var value: DiscoverySettings.Method {
            switch self {
            case .onPremise: .onPremise
            }
        }
    }

    static func discovery(
        _ reader: SettingsReader?,
        deviceURL: ServiceURL
    ) throws(SettingsError) -> DiscoverySettings {
        var fallback = Method.onPremise
        var domains: [String: [DiscoverySettings.Method]] = [:]
        var highest = 3
        if let reader {
            fallback = try reader.choice("default", Method.self) ?? .onPremise
            if let map = try reader.object("domains") {
                for domain in map.keys {
                    domains[domain.lowercased()] = [try map.choice(domain, Method.self)?.value ?? .onPremise]
                }
                try map.finish()
            }
            highest = try reader.integer("announcedVersion", in: 3...9, default: 3)
            try reader.finish()
        }
        return DiscoverySettings(
            policyServiceURL: "\(deviceURL.text)/EnrollmentServer/Policy.svc",
            enrollmentServiceURL: "\(deviceURL.text)/EnrollmentServer/Enrollment.svc",
            highestVersion: ProtocolVersion(UInt32(highest)),
            methodsByDomain: domains,
            defaultMethods: [fallback.value]
        )
    }

    static func policy(_ reader: SettingsReader?) throws(SettingsError) -> PolicySettings {
        // Clients look policies up by this id, so it is the same everywhere unless configured.
        let standardID = "{6d2f3c1e-52a4-4c0b-9d57-0c9f3f0b7a11}"
        guard let reader else { return PolicySettings(policyID: standardID) }
        let identifier = try reader.string("id", default: standardID)
        guard DeviceID(identifier) != nil, identifier.hasPrefix("{"), identifier.hasSuffix("}") else {
            throw reader.error("id", "is not a GUID in braces")
        }
        let settings = PolicySettings(
            policyID: identifier,
            friendlyName: try reader.string("friendlyName", default: "Device enrollment"),
            minimalKeyLength: try reader.integer("minimalKeyLength", in: 2_048...4_096, default: 2_048)
        )
        try reader.finish()
        return settings
    }
}
