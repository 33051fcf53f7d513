import Authority
import EnrollmentCore
import EnrollmentWire
import Logging
import ManagementLink
import OpenSSLKit

/// Makes of the section `handOff` what sends and signs, secrets fetched.
struct HandOffParts {
    let configuration: Configuration
    let vault: Vault

    /// Writes and signs what the destination gets.
    ///
    /// - Throws: ``CommandProblem`` when a secret or the receiver's key is missing or unusable.
    func renderer(for destination: HandOffDestination) throws(CommandProblem) -> CloudEventRenderer {
        CloudEventRenderer(
            self.body(disclosing: try Self.disclosure(to: destination)),
            signer: try Self.signer(of: destination.endpoint, named: destination.name)
        )
    }

    /// How the destination is reached.
    ///
    /// - Throws: ``CommandProblem`` when a file is missing or unusable.
    func transport(to destination: HandOffDestination) throws(CommandProblem) -> CurlTransport {
        var connection = try Self.connection(to: destination.endpoint, named: destination.name)
        connection.concurrency = destination.concurrency
        do throws(TransportFailure) {
            return try CurlTransport(connection)
        } catch {
            throw Self.problem(destination.name, error)
        }
    }

    /// Whose devices' events a destination gets, as devices name their accounts; empty for all.
    static func providers(of destination: HandOffDestination, in configuration: Configuration) -> Set<String> {
        var providers = Set(destination.providers)
        // Devices from before there was more than one account are the standard account's, and name none.
        if providers.contains(configuration.management.standard.providerID) { providers.insert("") }
        return providers
    }

    /// What the sender goes by.
    func destination(_ destination: HandOffDestination) -> Destination {
        var retries = RetrySchedule()
        retries.giveUpAfter = .seconds(destination.giveUpHours * 3_600)
        return Destination(
            name: destination.name,
            providers: Self.providers(of: destination, in: self.configuration),
            kinds: destination.kinds,
            concurrency: destination.concurrency,
            retries: retries
        )
    }

    /// Whoever is asked before a device gets a certificate; `nil` when nobody is.
    ///
    /// - Throws: ``CommandProblem`` as for a destination.
    static func authoriser(
        of configuration: Configuration,
        logger: Logger
    ) throws(CommandProblem) -> (any EnrollmentAuthoriser)? {
        guard let authoriser = configuration.handOff.authorise else { return nil }
        let endpoint = authoriser.endpoint
        var connection = try Self.connection(to: endpoint, named: Self.authorise)
        // Every device that enrolls asks; the listener bounds how many there are.
        connection.concurrency = 64
        let transport: CurlHookTransport
        do throws(TransportFailure) {
            transport = try CurlHookTransport(connection)
        } catch {
            throw Self.problem(Self.authorise, error)
        }
        return AuthoriseHook(
            AuthoriseSettings(
                name: String(endpoint.url.prefix { $0 != "?" }),
                onSilence: authoriser.onSilence,
                timeLimit: .seconds(endpoint.timeoutSeconds),
                failuresToPause: authoriser.failuresToPause,
                pauseSeconds: Int64(authoriser.pauseSeconds)
            ),
            source: configuration.deviceURL.text,
            signer: try Self.signer(of: endpoint, named: Self.authorise),
            transport: transport,
            clock: SystemClock(),
            random: OpenSSLRandomSource(),
            logger: logger
        )
    }

    private static let authorise = "authorise"

    /// Reads all secrets, keys and files, and starts nothing.
    ///
    /// - Throws: ``CommandProblem`` for the first that is missing or unusable.
    static func check(_ configuration: Configuration) throws(CommandProblem) {
        for destination in configuration.handOff.destinations { try Self.check(destination) }
        if let authoriser = configuration.handOff.authorise {
            _ = try Self.signer(of: authoriser.endpoint, named: Self.authorise)
            _ = try Self.connection(to: authoriser.endpoint, named: Self.authorise)
        }
    }

    static func check(_ destination: HandOffDestination) throws(CommandProblem) {
        _ = try Self.signer(of: destination.endpoint, named: destination.name)
        _ = try Self.connection(to: destination.endpoint, named: destination.name)
        _ = try Self.disclosure(to: destination)
    }

    // MARK: What is said

    /// Writes events as whoever learns that much of accounts reads them.
    func body(disclosing disclosure: AccountDisclosure) -> CloudEventBody {
        let vault = self.vault
        var servers: [String: ManagementServer] = [:]
        for account in self.configuration.management.all {
            servers[account.providerID] = ManagementServer(
                name: account.name,
                addresses: [account.address] + account.furtherAddresses
            )
        }
        servers[""] = servers[self.configuration.management.standard.providerID]
        return CloudEventBody(
            source: self.configuration.deviceURL.text,
            servers: servers,
            disclosure: disclosure,
            open: { (sealed, purpose) throws(EnrollmentError) in try vault.open(sealed, for: purpose) }
        )
    }

    private static func disclosure(to destination: HandOffDestination) throws(CommandProblem) -> AccountDisclosure {
        guard case .encrypted(let file) = destination.account else { return .omitted }
        let octets = try Self.read(file, for: "account", of: destination.name)
        do throws(ReceiverKey.ReadingError) {
            return .encrypted(to: try ReceiverKey.read(octets))
        } catch {
            throw Self.problem(destination.name, key: "account", "\(file): \(error)")
        }
    }

    static func signer(of endpoint: HandOffEndpoint, named name: String) throws(CommandProblem) -> WebhookSigner {
        var secrets: [Redacted<String>] = []
        for reference in endpoint.secrets { secrets.append(try Self.text(of: reference)) }
        var keys: [Redacted<String>] = []
        for reference in endpoint.signingKeys { keys.append(try Self.text(of: reference)) }
        do throws(WebhookKeyError) {
            return try WebhookSigner(secrets: secrets, keys: keys)
        } catch {
            throw Self.problem(name, key: "secrets and signingKeys", "\(error)")
        }
    }

    private static func text(of reference: SecretReference) throws(CommandProblem) -> Redacted<String> {
        Redacted(String(decoding: try reference.fetch().reveal(), as: UTF8.self))
    }

    // MARK: How it gets there

    static func connection(
        to endpoint: HandOffEndpoint,
        named name: String
    ) throws(CommandProblem) -> DestinationConnection {
        var connection = DestinationConnection(url: endpoint.url)
        connection.proxy = endpoint.proxy
        connection.allowedAddresses = AllowedAddresses(endpoint.allowedAddresses)
        connection.timeout = .seconds(endpoint.timeoutSeconds)
        if let file = endpoint.trustFile { connection.trustedAuthorities = try Self.read(file, for: "ca", of: name) }
        if let client = endpoint.clientCertificate {
            connection.clientCertificate = DestinationConnection.ClientCertificate(
                chain: try Self.read(client.chain, for: "clientCertificate.chain", of: name),
                key: try client.key.fetch()
            )
        }
        return connection
    }

    private static func read(_ file: String, for key: String, of name: String) throws(CommandProblem) -> [UInt8] {
        do throws(FileError) {
            return try FilePath.read(file, limit: 1 << 20)
        } catch {
            throw Self.problem(name, key: key, "\(error)")
        }
    }

    static func problem(_ name: String, _ failure: TransportFailure) -> CommandProblem {
        switch failure {
        case .unanswered(let sentence): Self.problem(name, key: "the connection", sentence)
        case .cancelled: Self.problem(name, key: "the connection", "it was cancelled")
        }
    }

    private static func problem(_ name: String, key: String, _ sentence: String) -> CommandProblem {
        CommandProblem(
            "GH-HANDOFF-001",
            "\(key) of \(name) cannot be used: \(sentence)",
            [("see", "Config/README.md, section handOff")],
            exit: .usage
        )
    }
}
