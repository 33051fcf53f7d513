import Authority
import Directory
import EnrollmentCore
import HTTPTransport

/// What is allowed in the configuration and yet seldom meant.
struct ConfigurationChecks {
    let configuration: Configuration
    let profiles: ProfileFolder?

    func findings() -> [Finding] {
        [
            self.modes, self.deviceHost, self.publicHost, self.plainListener, self.faultStatus, self.directorySecurity,
            self.staleness, self.renewal, self.overlap, self.proof, self.proxies, self.verifiers, self.crlTimes,
        ].compactMap { $0 }
    }

    private var file: String { self.configuration.file }

    /// Of the files that make the authority: who else may read or change them.
    private var modes: Finding {
        let name = "config.modes"
        var places = [(self.file, 0o002 as UInt32)]
        if let path = self.configuration.store.path { places.append((path, 0o007)) }
        if case .file(let path) = self.configuration.passphrase { places.append((path, 0o027)) }
        for (path, forbidden) in places {
            // What is not there is another check's to tell.
            guard let mode = try? FilePath.mode(of: path), mode & forbidden != 0 else { continue }
            let octal = String(mode & 0o777, radix: 8)
            return Finding(
                .failure,
                name,
                "\(path) has mode \(octal), which lets others in",
                remedy: "chmod 600 \(path)"
            )
        }
        return .ok(name, "configuration, store and passphrase are closed to others")
    }

    private var deviceHost: Finding {
        let name = "config.device-url"
        let host = self.configuration.deviceURL.host
        guard ServerName.isAddress(host) else { return .ok(name, self.configuration.deviceURL.text) }
        return Finding(
            .warning,
            name,
            "\(self.configuration.deviceURL.text) names an address: devices find the service by name, and certificates of"
                + " public authorities hold names",
            remedy: "urls.device in \(self.file)"
        )
    }

    private var publicHost: Finding {
        let name = "config.pki-url"
        let hosts = (self.configuration.deviceURL.host, self.configuration.publicURL.host)
        let isLocal = Self.isLocal(hosts.1) && !Self.isLocal(hosts.0)
        guard isLocal else { return .ok(name, self.configuration.publicURL.text) }
        return Finding(
            .warning,
            name,
            "\(self.configuration.publicURL.text) goes into every certificate, and no other machine reaches it:"
                + " nobody can check revocation",
            remedy: "urls.pki in \(self.file)"
        )
    }

    private static func isLocal(_ host: String) -> Bool {
        host == "localhost" || host.hasPrefix("127.")
    }

    private var plainListener: Finding {
        let name = "config.plain-listener"
        guard self.configuration.plainListener == nil else { return .ok(name, "serves CRLs, OCSP and certificates") }
        return Finding(
            .warning,
            name,
            "there is none: somebody else has to serve \(self.configuration.publicURL.text), or nobody can check"
                + " revocation",
            remedy: "listeners.plain in \(self.file)"
        )
    }

    private var faultStatus: Finding {
        let name = "config.fault-status"
        guard self.configuration.faultStatus == 200 else { return .ok(name, "500, as SOAP has it") }
        return Finding(
            .warning,
            name,
            "faults are sent with status 200: proxies and monitors take refusals for successes",
            remedy: "enrollment.faultStatus in \(self.file)"
        )
    }

    private var directorySecurity: Finding {
        let name = "config.directory-security"
        let directory = self.configuration.directory
        guard directory.security == .plaintextPasswords else { return .ok(name, directory.security.rawValue) }
        let remote = directory.servers.first { server in
            !["localhost", "127.", "[::1]"].contains { server.hasPrefix("ldap://\($0)") }
        }
        guard let remote else { return .ok(name, "not protected, and does not leave this machine") }
        return Finding(
            .failure,
            name,
            "passwords go to \(remote) for everybody on the way to read",
            remedy: "directory.security in \(self.file)"
        )
    }

    /// Between two renewals a device may have nothing to prove its contact by.
    private var staleness: Finding? {
        guard let profile = self.profiles?.device else { return nil }
        let name = "config.stale-after"
        let days = self.configuration.deviceLimit.staleAfterDays
        let period = profile.renewal.renewPeriodDays
        guard days < period else { return .ok(name, "\(days) days without contact") }
        return Finding(
            .warning,
            name,
            "devices stop counting after \(days) days, within the \(period) days in which they may still renew: a user can"
                + " go beyond the limit with devices in use",
            remedy: "deviceLimit.staleAfterDays in \(self.file)"
        )
    }

    private var renewal: Finding? {
        guard let profile = self.profiles?.device else { return nil }
        let name = "config.renewal"
        let (period, retry) = (profile.renewal.renewPeriodDays, profile.renewal.retryIntervalDays)
        // Four tries: a weekend, a holiday and a repair may each cost one.
        guard period < retry * 4 else { return .ok(name, "opens \(period) days before the end, every \(retry) days") }
        return Finding(
            .warning,
            name,
            "a device tries every \(retry) days within \(period) days: fewer than four times before it falls out",
            remedy: "renewPeriodDays and retryIntervalDays in \(self.configuration.profilesFolder)"
        )
    }

    /// A device that could not make its first contact in time is left without a certificate.
    private var overlap: Finding? {
        guard let profile = self.profiles?.device else { return nil }
        let name = "config.renewal-overlap"
        let days = Int(self.configuration.renewal.overlapSeconds / 86_400)
        let retry = profile.renewal.retryIntervalDays
        guard days < retry * 2 else { return .ok(name, "the former certificate stays valid for \(days) days at most") }
        return Finding(
            .warning,
            name,
            "the former certificate is superseded \(days) days after a renewal, and a device whose answer was lost comes"
                + " again after \(retry): one lost answer more and it has none",
            remedy: "renewal.overlapDays in \(self.file)"
        )
    }

    private var proof: Finding {
        let name = "config.renewal-proof"
        guard self.configuration.renewal.proof == .signature else {
            return .ok(name, "devices renew over a connection made with their certificate")
        }
        let isBehindProxy = self.configuration.proxies != nil
        return Finding(
            isBehindProxy ? .ok : .warning,
            name,
            "the signature alone proves who renews"
                + (isBehindProxy ? "" : ", and there is no proxy for which that would be needed"),
            remedy: isBehindProxy ? nil : "renewal.proof in \(self.file)"
        )
    }

    /// Whoever has one of these addresses may say whose certificate a connection was made with.
    private var proxies: Finding? {
        guard let proxies = self.configuration.proxies else { return nil }
        let name = "config.proxies"
        guard let wide = Self.widest(proxies) else {
            return .ok(name, proxies.networks.map { "\($0)" }.joined(separator: ", "))
        }
        return Finding(
            .warning,
            name,
            "every machine in \(wide) is believed whose certificate a connection was made with",
            remedy: "proxies.addresses in \(self.file): the proxies' own addresses"
        )
    }

    /// A network of theirs that is more than the machines of one place.
    private static func widest(_ proxies: TrustedProxies) -> String? {
        proxies.networks.map { "\($0)" }.first { network in
            guard let length = network.split(separator: "/").dropFirst().first.flatMap({ Int($0) }) else {
                return false
            }
            return length < (network.contains(":") ? 48 : 16)
        }
    }

    /// Whoever has one of these addresses learns whose any certificate is.
    private var verifiers: Finding? {
        let verifiers = self.configuration.admin.verifiers
        guard !verifiers.isEmpty else { return nil }
        let name = "config.verifiers"
        let wide = verifiers.lazy.compactMap { verifier in
            Self.widest(verifier.proxies).map { (verifier.name, $0) }
        }.first
        guard let (verifier, network) = wide else {
            return .ok(name, verifiers.map(\.name).joined(separator: ", "))
        }
        return Finding(
            .warning,
            name,
            "every machine in \(network) may ask whose a certificate is, as the verifier \(verifier)",
            remedy: "admin.verifiers in \(self.file): the servers' own addresses, or a token"
        )
    }

    private var crlTimes: Finding {
        let name = "config.crl"
        let times = self.configuration.crl
        let sentence = "made every \(times.intervalHours) h, valid for \(times.validityHours) h"
        guard times.validityHours < times.intervalHours * 2 else { return .ok(name, sentence) }
        return Finding(
            .warning,
            name,
            "\(sentence): verifiers refuse every certificate \(times.validityHours - times.intervalHours) h after the"
                + " service stops",
            remedy: "crl.validityHours in \(self.file)"
        )
    }
}
