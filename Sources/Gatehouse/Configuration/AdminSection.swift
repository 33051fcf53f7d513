import AdminAPI
import EnrollmentCore
import HTTPTransport
import ServiceRuntime

/// Who may use the admin interface, and what it keeps in memory.
struct AdminSettings: Hashable, Sendable {
    /// A machine that is known by its certificate.
    struct Client: Hashable, Sendable {
        let name: String
        /// PEM; the first certificate in it is meant.
        let certificate: String
        let scopes: Set<APIScope>
    }

    /// Servers that ask `/verify` without a token, and how they hand a certificate on.
    struct Verifier: Hashable, Sendable {
        let name: String
        /// Their addresses, and the field that alone is read.
        let proxies: TrustedProxies
    }

    var clients: [Client] = []
    var verifiers: [Verifier] = []
    /// Certificates whose standing is kept in memory.
    var cachedIdentities = 200_000
    /// Failed authentications of one address within a minute; more are answered 429.
    var failuresPerMinute = 20
}

/// Reads `admin: {…}`.
enum AdminSection {
    static func read(_ reader: SettingsReader?, folder: String) throws(SettingsError) -> AdminSettings {
        var settings = AdminSettings()
        guard let reader else { return settings }
        for entry in try reader.objects("clients") { settings.clients.append(try self.client(entry, folder)) }
        for entry in try reader.objects("verifiers") { settings.verifiers.append(try self.verifier(entry)) }
        settings.cachedIdentities = try reader.integer(
            "cachedIdentities",
            in: 1_000...5_000_000,
            default: settings.cachedIdentities
        )
        settings.failuresPerMinute = try reader.integer(
            "failuresPerMinute",
            in: 1...100_000,
            default: settings.failuresPerMinute
        )
        try reader.finish()
        return settings
    }

    private static func client(_ entry: SettingsReader, _ folder: String) throws(SettingsError) -> AdminSettings.Client
    {
        var scopes: Set<APIScope> = []
        for word in try entry.strings("scopes") {
            guard let scope = APIScope(rawValue: word) else {
                let words = APIScope.allCases.map(\.rawValue)
                throw entry.error("scopes", "\(word) is not one of \(words.joined(separator: ", "))")
            }
            scopes.insert(scope)
        }
        guard !scopes.isEmpty else { throw entry.error("scopes", "names no scope, so the client could do nothing") }
        let client = AdminSettings.Client(
            name: try entry.requiredString("name"),
            certificate: FilePath.resolve(try entry.requiredString("certificate"), in: folder),
            scopes: scopes
        )
        try entry.finish()
        return client
    }

    private static func verifier(_ entry: SettingsReader) throws(SettingsError) -> AdminSettings.Verifier {
        let texts = try entry.strings("addresses")
        guard !texts.isEmpty else { throw entry.error("addresses", "names no address") }
        var networks: [IPNetwork] = []
        for text in texts {
            guard let network = IPNetwork(text) else {
                throw entry.error(
                    "addresses",
                    "\(text) is neither an address nor a network such as 10.0.0.0/8, zeros behind its prefix"
                )
            }
            networks.append(network)
        }
        guard let field = try entry.choice("clientCertificate", TrustedProxies.CertificateField.self) else {
            throw entry.missing("clientCertificate")
        }
        let verifier = AdminSettings.Verifier(
            name: try entry.requiredString("name"),
            proxies: TrustedProxies(networks: networks, certificateField: field)
        )
        try entry.finish()
        return verifier
    }
}
