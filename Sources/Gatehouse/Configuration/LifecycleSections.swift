import EnrollmentCore
import HTTPTransport
import ServiceRuntime

/// Reads `proxies: {…}`.
enum ProxiesSection {
    static func read(_ reader: SettingsReader?) throws(SettingsError) -> TrustedProxies? {
        guard let reader else { return nil }
        let texts = try reader.strings("addresses")
        guard !texts.isEmpty else {
            throw reader.error("addresses", "names no address; leave proxies out when there is no proxy")
        }
        var networks: [IPNetwork] = []
        for text in texts {
            guard let network = IPNetwork(text) else {
                throw reader.error(
                    "addresses",
                    "\(text) is neither an address nor a network such as 10.0.0.0/8, zeros behind its prefix"
                )
            }
            networks.append(network)
        }
        let proxies = TrustedProxies(
            networks: networks,
            certificateField: try reader.choice("clientCertificate", TrustedProxies.CertificateField.self),
            addressField: try reader.choice("sourceAddress", TrustedProxies.AddressField.self)
        )
        try reader.finish()
        return proxies
    }
}

/// Reads `renewal: {…}`.
enum RenewalSection {
    static func read(_ reader: SettingsReader?) throws(SettingsError) -> RenewalPolicy {
        guard let reader else { return RenewalPolicy() }
        let policy = RenewalPolicy(
            windowDays: try reader.integer("windowDays", in: 1...1_096),
            overlapSeconds: Int64(try reader.integer("overlapDays", in: 1...365, default: 30)) * 86_400,
            proof: try reader.choice("proof", RenewalPolicy.Proof.self) ?? .connection,
            triesPerDay: try reader.integer("triesPerDay", in: 1...100_000, default: 12)
        )
        try reader.finish()
        return policy
    }
}

/// Reads `crl: {…}`, `ocsp: {…}` and `retention: {…}`.
enum RevocationSections {
    /// What may be lost between the moment a CRL is due and the moment clients have it: an hour, for clocks and caches.
    private static let slackHours = 1

    static func crl(_ reader: SettingsReader?) throws(SettingsError) -> Configuration.CRLTimes {
        var times = Configuration.CRLTimes()
        guard let reader else { return times }
        times.intervalHours = try reader.integer("intervalHours", in: 1...6, default: times.intervalHours)
        times.validityHours = try reader.integer("validityHours", in: 2...744, default: times.validityHours)
        guard times.intervalHours + self.slackHours < times.validityHours else {
            let hours = "\(times.validityHours) \(times.validityHours == 1 ? "hour" : "hours")"
            throw reader.error(
                reader.has("validityHours") ? "validityHours" : "intervalHours",
                "a CRL valid for \(hours) and replaced after \(times.intervalHours) would be out of date at times; the"
                    + " validity has to be longer than the interval and an hour"
            )
        }
        guard times.validityHours >= 2 * times.intervalHours else {
            throw reader.error(
                reader.has("validityHours") ? "validityHours" : "intervalHours",
                "one CRL that cannot be made in time would leave none that counts; the validity has to be twice the"
                    + " interval at least"
            )
        }
        try reader.finish()
        return times
    }

    /// - Returns: Minutes.
    static func ocspValidity(_ reader: SettingsReader?) throws(SettingsError) -> Int {
        let fallback = 60
        guard let reader else { return fallback }
        let minutes = try reader.integer("validityMinutes", in: 5...10_080, default: fallback)
        try reader.finish()
        return minutes
    }

    static func retention(_ reader: SettingsReader?) throws(SettingsError) -> Configuration.Retention {
        var retention = Configuration.Retention()
        guard let reader else { return retention }
        retention.attemptDays = try reader.integer("attemptDays", in: 1...3_650, default: retention.attemptDays)
        retention.certificateDays = try reader.integer(
            "certificateDays",
            in: 1...3_650,
            default: retention.certificateDays
        )
        try reader.finish()
        return retention
    }
}
