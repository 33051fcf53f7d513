import Authority
import Directory
import EnrollmentCore
import EnrollmentWire
import Glibc
import HTTPTransport
import Logging
import ServiceRuntime

/// Finds and reads the configuration file.
enum ConfigurationFile {
    /// `--config`, then `$GATEHOUSE_CONFIG`, then `Config/gatehouse.json5`, then `/etc/gatehouse/gatehouse.json5`.
    static func locate(_ option: String?) -> String {
        if let option { return option }
        if let variable = getenv("GATEHOUSE_CONFIG") { return String(cString: variable) }
        let local = "Config/gatehouse.json5"
        return FilePath.exists(local) ? local : "/etc/gatehouse/gatehouse.json5"
    }

    /// Reads and checks the whole file.
    ///
    /// - Throws: ``CommandProblem`` with file, line, path and the nearest known key.
    static func load(_ file: String) throws(CommandProblem) -> Configuration {
        let octets: [UInt8]
        do throws(FileError) {
            octets = try FilePath.read(file, limit: 1 << 20)
        } catch {
            throw CommandProblem(
                "GH-CONFIG-001",
                "the configuration cannot be read: \(error)",
                [("try", "gatehouse init --config \(file)   or   name another file with --config")],
                exit: .usage
            )
        }
        guard let text = String(validating: octets, as: UTF8.self) else {
            throw CommandProblem("GH-CONFIG-002", "\(file) is not UTF-8 text", [], exit: .usage)
        }
        do throws(SettingsError) {
            return try self.parse(text, file: file)
        } catch {
            throw CommandProblem(error)
        }
    }

    static func parse(_ text: String, file: String) throws(SettingsError) -> Configuration {
        let folder = FilePath.folder(of: file)
        let reader = try SettingsReader(parsing: text, file: file)
        let node = UInt8(try reader.integer("node", in: 1...127, default: 1))
        let urls = try reader.requiredObject("urls")
        let deviceURL = try self.url(urls, "device", scheme: "https")
        let publicURL = try self.url(urls, "pki", scheme: "http")
        try urls.finish()

        let listeners = try reader.requiredObject("listeners")
        let deviceListener = try self.listener(try listeners.requiredObject("device"), defaultPort: 443)
        let plainListener = try listeners.object("plain").map { (object) throws(SettingsError) in
            try self.listener(object, defaultPort: 80)
        }
        let adminListener = try listeners.object("admin").map { (object) throws(SettingsError) in
            try self.listener(object, defaultPort: 8_444, defaultAddress: "127.0.0.1")
        }
        try listeners.finish()

        let certificates = try self.certificates(reader.object("tls"), folder: folder)

        let store = try StoreSection.read(try reader.requiredObject("store"), folder: folder)

        let keys = try reader.requiredObject("keys")
        let passphrase = try SecretReference(try keys.requiredObject("passphrase"), relativeTo: folder)
        try keys.finish()

        let authority = try reader.requiredObject("authority")
        let profilesFolder = FilePath.resolve(try authority.requiredString("profiles"), in: folder)
        let deviceProfileName = try authority.string("deviceProfile", default: "device")
        let crlShards = try authority.integer("crlShards", in: 1...256, default: 8)
        try authority.finish()

        let enrollment = try EnrollmentSection(reader.object("enrollment"))
        let admission = try reader.object("admission")
        let admittedGroups = try admission?.strings("groups").map { GroupName($0) } ?? []
        try admission?.finish()
        let log = try LogSection(reader.object("log"))
        let policy = try WireSections.policy(reader.object("policy"))

        let management = try ManagementSection.read(try reader.requiredObject("management"))
        let directory = try DirectorySection.read(try reader.requiredObject("directory"), folder: folder)
        let tokens = try TokenSection.read(reader.objects("tokens"), folder: folder)
        let configuration = Configuration(
            file: file,
            node: node,
            deviceURL: deviceURL,
            publicURL: publicURL,
            deviceListener: deviceListener,
            plainListener: plainListener,
            adminListener: adminListener,
            proxies: try ProxiesSection.read(reader.object("proxies")),
            certificates: certificates,
            limits: try LimitsSection.read(reader.object("limits")),
            admin: try AdminSection.read(reader.object("admin"), folder: folder),
            store: store,
            passphrase: passphrase,
            tokens: tokens,
            profilesFolder: profilesFolder,
            deviceProfileName: deviceProfileName,
            crlShards: crlShards,
            directory: directory.settings,
            directoryAccount: directory.account,
            admittedGroups: admittedGroups,
            deviceLimit: try DeviceLimitSection.read(reader.object("deviceLimit")),
            discovery: try WireSections.discovery(reader.object("discovery"), deviceURL: deviceURL),
            policy: policy,
            management: management.accounts,
            managementPolicy: management.policy,
            handOff: try HandOffSection.read(
                reader.object("handOff"),
                folder: folder,
                providers: management.accounts.all.map(\.providerID)
            ),
            renewal: try RenewalSection.read(reader.object("renewal")),
            crl: try RevocationSections.crl(reader.object("crl")),
            ocspValidityMinutes: try RevocationSections.ocspValidity(reader.object("ocsp")),
            retention: try RevocationSections.retention(reader.object("retention")),
            rotation: try RotationSection.read(reader.object("rotation"), tokens: tokens.map(\.name)),
            backup: try BackupSection.read(reader.object("backup"), folder: folder),
            faultStatus: enrollment.faultStatus,
            reservationHours: enrollment.reservationHours,
            logLevel: log.level,
            logFormat: log.format
        )
        try reader.finish()
        return configuration
    }

    private static func url(_ reader: SettingsReader, _ key: String, scheme: String) throws(SettingsError) -> ServiceURL
    {
        let text = try reader.requiredString(key)
        guard let url = ServiceURL(text, scheme: scheme) else {
            throw reader.error(key, "\(text) is not \(scheme)://host or \(scheme)://host:port, without a path")
        }
        return url
    }

    private static func certificates(
        _ reader: SettingsReader?,
        folder: String
    ) throws(SettingsError) -> [Configuration.CertificateFiles] {
        guard let reader else { return [] }
        var certificates: [Configuration.CertificateFiles] = []
        for entry in try reader.objects("certificates") {
            let chain = FilePath.resolve(try entry.requiredString("chain"), in: folder)
            let key = try SecretReference(try entry.requiredObject("key"), relativeTo: folder)
            try entry.finish()
            certificates.append(.init(chain: chain, key: key))
        }
        try reader.finish()
        return certificates
    }

    private static func listener(
        _ reader: SettingsReader,
        defaultPort: Int,
        defaultAddress: String = "0.0.0.0"
    ) throws(SettingsError) -> Configuration.Listener {
        let listener = Configuration.Listener(
            address: try reader.string("address", default: defaultAddress),
            port: try reader.integer("port", in: 0...65_535, default: defaultPort)
        )
        try reader.finish()
        return listener
    }
}

/// Reads `enrollment: {…}`.
private struct EnrollmentSection {
    var faultStatus = 500
    var reservationHours = 24

    init(_ reader: SettingsReader?) throws(SettingsError) {
        guard let reader else { return }
        self.faultStatus = try reader.integer("faultStatus", in: 200...500, default: 500)
        guard self.faultStatus == 200 || self.faultStatus == 500 else {
            throw reader.error("faultStatus", "is neither 500, as SOAP has it, nor 200")
        }
        self.reservationHours = try reader.integer("reservationHours", in: 1...8_760, default: 24)
        try reader.finish()
    }
}

/// Reads `log: {…}`.
private struct LogSection {
    private enum Level: String, CaseIterable {
        case trace, debug, info, notice, warning, error
    }

    var level = Logger.Level.info
    var format = Configuration.LogFormat.text

    init(_ reader: SettingsReader?) throws(SettingsError) {
        guard let reader else { return }
        self.level = try reader.choice("level", Level.self).flatMap { Logger.Level(rawValue: $0.rawValue) } ?? .info
        self.format = try reader.choice("format", Configuration.LogFormat.self) ?? .text
        try reader.finish()
    }
}
