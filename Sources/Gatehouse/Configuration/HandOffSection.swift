import EnrollmentCore
import ManagementLink
import ServiceRuntime

/// Reads `handOff: {…}`.
enum HandOffSection {
    static func read(
        _ reader: SettingsReader?,
        folder: String,
        providers: [String]
    ) throws(SettingsError) -> HandOffSettings {
        var settings = HandOffSettings()
        guard let reader else { return settings }
        for entry in try reader.objects("destinations") {
            let destination = try self.destination(entry, folder: folder, providers: providers)
            guard !settings.destinations.contains(where: { $0.name == destination.name }) else {
                throw entry.error("name", "\(destination.name) is the name of another destination already")
            }
            settings.destinations.append(destination)
        }
        settings.eventDays = try reader.integer("eventDays", in: 30...3_650, default: settings.eventDays)
        settings.silentAfterMinutes = try reader.integer(
            "silentAfterMinutes",
            in: 5...43_200,
            default: settings.silentAfterMinutes
        )
        settings.authorise = try reader.object("authorise").map { (object) throws(SettingsError) in
            try self.authoriser(object, folder: folder)
        }
        try reader.finish()
        return settings
    }

    // MARK: Destinations

    private static func destination(
        _ reader: SettingsReader,
        folder: String,
        providers: [String]
    ) throws(SettingsError) -> HandOffDestination {
        let name = try self.name(reader)
        let chosen = try reader.strings("providers")
        if let stranger = chosen.first(where: { !providers.contains($0) }) {
            let known = providers.joined(separator: ", ")
            throw reader.error(
                "providers",
                "\(stranger) is the providerId of no account of management; there is \(known)"
            )
        }
        let destination = HandOffDestination(
            name: name,
            endpoint: try self.endpoint(reader, folder: folder, timeoutSeconds: 20),
            providers: chosen,
            kinds: try self.kinds(reader),
            account: try self.account(reader, folder: folder),
            concurrency: try reader.integer("concurrency", in: 1...256, default: 16),
            giveUpHours: try reader.integer("giveUpHours", in: 1...2_160, default: 72)
        )
        try reader.finish()
        return destination
    }

    private static func name(_ reader: SettingsReader) throws(SettingsError) -> String {
        let name = try reader.requiredString("name")
        let isPlain = name.utf8.allSatisfy { octet in
            switch octet {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
            default: false
            }
        }
        guard isPlain, name.utf8.count <= 64 else {
            throw reader.error("name", "\(name) is not made of a–z, 0–9 and -, 64 at most")
        }
        return name
    }

    private static func kinds(_ reader: SettingsReader) throws(SettingsError) -> Set<HandOffEvent.Kind> {
        guard reader.has("events") else { return Destination.defaultKinds }
        let words = try reader.strings("events")
        guard !words.isEmpty else {
            throw reader.error("events", "names no event; leave it out for all that are usual")
        }
        var kinds: Set<HandOffEvent.Kind> = []
        for word in words {
            guard let kind = HandOffEvent.Kind(rawValue: word) else {
                let all = HandOffEvent.Kind.allCases.map(\.rawValue).joined(separator: ", ")
                throw reader.error("events", "\(word) is not one of \(all)")
            }
            kinds.insert(kind)
        }
        return kinds
    }

    private static func account(
        _ reader: SettingsReader,
        folder: String
    ) throws(SettingsError) -> HandOffDestination.Account {
        guard reader.holdsObject("account") else {
            let word = try reader.string("account", default: "omit")
            guard word == "omit" else {
                throw reader.error("account", "is \"omit\", or { key: \"file\" } with the receiver's public key")
            }
            return .omit
        }
        let object = try reader.requiredObject("account")
        let file = FilePath.resolve(try object.requiredString("key"), in: folder)
        try object.finish()
        return .encrypted(keyFile: file)
    }

    // MARK: The authorise hook

    private static func authoriser(_ reader: SettingsReader, folder: String) throws(SettingsError) -> HandOffAuthoriser
    {
        let authoriser = HandOffAuthoriser(
            endpoint: try self.endpoint(reader, folder: folder, timeoutSeconds: 5),
            onSilence: try reader.choice("onSilence", AuthoriseSettings.Silence.self) ?? .refuse,
            failuresToPause: try reader.integer("failuresToPause", in: 1...1_000, default: 5),
            pauseSeconds: try reader.integer("pauseSeconds", in: 1...3_600, default: 10)
        )
        try reader.finish()
        return authoriser
    }

    // MARK: What both have

    private static func endpoint(
        _ reader: SettingsReader,
        folder: String,
        timeoutSeconds: Int
    ) throws(SettingsError) -> HandOffEndpoint {
        let allowed = try reader.strings("allowedAddresses")
        if let stranger = allowed.first(where: { !AllowedAddresses.isKnown($0) }) {
            throw reader.error(
                "allowedAddresses",
                "\(stranger) is neither \(AllowedAddresses.words.joined(separator: ", ")) nor a network such as 10.0.0.0/8"
            )
        }
        let endpoint = HandOffEndpoint(
            url: try self.url(reader, allowed: allowed),
            secrets: try self.secrets(reader, "secrets", folder: folder),
            signingKeys: try self.secrets(reader, "signingKeys", folder: folder),
            trustFile: try reader.string("ca").map { FilePath.resolve($0, in: folder) },
            clientCertificate: try self.clientCertificate(reader, folder: folder),
            proxy: try self.proxy(reader),
            allowedAddresses: allowed,
            timeoutSeconds: try reader.integer("timeoutSeconds", in: 1...120, default: timeoutSeconds)
        )
        guard !endpoint.secrets.isEmpty || !endpoint.signingKeys.isEmpty else {
            throw reader.error("secrets", "is missing, and so is signingKeys: what is sent has to be signed")
        }
        return endpoint
    }

    /// Whoever sees a message knows who uses which device; it may leave this machine encrypted only.
    private static func url(_ reader: SettingsReader, allowed: [String]) throws(SettingsError) -> String {
        let text = try reader.requiredString("url")
        guard let url = EndpointURL(text) else {
            throw reader.error("url", "is not https://host/path, without a user, a space or a #")
        }
        guard url.isEncrypted || (url.isLocal && allowed.contains("loopback")) else {
            throw reader.error(
                "url",
                "\(text) is not encrypted; only loopback, allowed by allowedAddresses, goes without"
            )
        }
        return text
    }

    private static func proxy(_ reader: SettingsReader) throws(SettingsError) -> String? {
        guard let text = try reader.string("proxy") else { return nil }
        guard ServiceURL(text, scheme: "http") != nil || ServiceURL(text, scheme: "https") != nil else {
            throw reader.error("proxy", "is not http://host:port, without user and password")
        }
        return text
    }

    private static func secrets(
        _ reader: SettingsReader,
        _ key: String,
        folder: String
    ) throws(SettingsError) -> [SecretReference] {
        var references: [SecretReference] = []
        for entry in try reader.objects(key) { references.append(try SecretReference(entry, relativeTo: folder)) }
        guard references.count <= 8 else { throw reader.error(key, "are more than eight: each signs every message") }
        return references
    }

    private static func clientCertificate(
        _ reader: SettingsReader,
        folder: String
    ) throws(SettingsError) -> Configuration.CertificateFiles? {
        guard let object = try reader.object("clientCertificate") else { return nil }
        let files = Configuration.CertificateFiles(
            chain: FilePath.resolve(try object.requiredString("chain"), in: folder),
            key: try SecretReference(try object.requiredObject("key"), relativeTo: folder)
        )
        try object.finish()
        return files
    }
}

/// As much of an address as decides whether it can be a destination's.
struct EndpointURL {
    let isEncrypted: Bool
    let host: String

    init?(_ text: String) {
        let scheme = text.prefix { $0 != ":" }
        guard text.dropFirst(scheme.count).hasPrefix("://"), scheme == "https" || scheme == "http" else { return nil }
        self.isEncrypted = scheme == "https"
        let isPrintable = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") }
        let authority = text.dropFirst(scheme.count + 3).prefix { $0 != "/" && $0 != "?" }
        guard isPrintable, !authority.isEmpty, !authority.contains("@"), !authority.contains("\\") else { return nil }
        let host = authority.hasPrefix("[") ? authority.prefix { $0 != "]" } + "]" : authority.prefix { $0 != ":" }
        let port = authority.dropFirst(host.count)
        guard !host.isEmpty, port.isEmpty || (port.hasPrefix(":") && Int(port.dropFirst()).map { $0 > 0 } ?? false)
        else {
            return nil
        }
        self.host = String(host)
    }

    /// Whether it is written so that it can mean this machine alone.
    ///
    /// That is `localhost`, `[::1]`, or four numbers of which the first is 127; a name such as `127.example.com` is none.
    var isLocal: Bool {
        if self.host == "localhost" || self.host == "[::1]" { return true }
        let numbers = self.host.split(separator: ".", omittingEmptySubsequences: false)
        return numbers.count == 4 && numbers.first == "127" && numbers.allSatisfy(Self.isOctet)
    }

    /// Whether a number of a dotted address is decimal beyond doubt: one that begins with 0 is octal to some.
    private static func isOctet(_ text: Substring) -> Bool {
        guard (1...3).contains(text.utf8.count), text == "0" || !text.hasPrefix("0"),
            text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return false }
        return UInt8(text) != nil
    }
}
