import AdminAPI
import Authority
import EnrollmentCore
import HTTPTransport
import Ledger
import Logging
import OpenSSLKit
import ServiceRuntime
import Synchronization
import X509Kit

/// The admin interface, put together; who may use it is replaced on a reload.
final class AdminSetup: Sendable {
    /// What the rest of the service brings.
    struct Parts: Sendable {
        let ledger: any LedgerStore
        let clock: any WallClock
        /// Up to which moment the store shows what happened; `nil` for the present.
        let asOf: @Sendable () -> Timestamp?
        let eventBody: any EventBody
        /// The names of the destinations that are configured.
        let destinations: @Sendable () -> [String]
        /// Minutes after which a device that was not seen is silent.
        let silentAfterMinutes: Int
    }

    /// What holds until the next reload.
    struct Present: Sendable {
        let interface: AdminInterface
        let verifiers: [TrustedProxies]
    }

    let identities: IdentityCache
    let tokens: TokenTable
    let feed: FeedWatch
    private let signal = FeedSignal()
    private let failures: FailureLimit
    private let parts: Parts
    private let state: Mutex<Present>

    /// - Throws: ``CommandProblem`` when a client's certificate cannot be read.
    init(_ configuration: Configuration, _ parts: Parts) throws(CommandProblem) {
        let settings = configuration.admin
        let identities = IdentityCache(
            ledger: parts.ledger,
            clock: parts.clock,
            settings: IdentityCache.Settings(capacity: settings.cachedIdentities),
            asOf: parts.asOf
        )
        let tokens = TokenTable(ledger: parts.ledger, asOf: parts.asOf)
        let failures = FailureLimit(failures: settings.failuresPerMinute)
        self.identities = identities
        self.tokens = tokens
        self.failures = failures
        self.feed = FeedWatch(ledger: parts.ledger, signal: self.signal)
        self.parts = parts
        let gatekeeper = Gatekeeper(tokens: tokens, clients: try Self.clients(settings), failures: failures)
        self.state = Mutex(
            Present(
                interface: Self.interface(gatekeeper, identities, self.signal, parts),
                verifiers: settings.verifiers.map(\.proxies)
            )
        )
    }

    /// Reads what has to be known before anybody is answered.
    func prepare() async throws(EnrollmentError) {
        try await self.tokens.reload(at: self.parts.clock.now)
        _ = try await self.identities.follow()
    }

    /// Notes which tokens were used, where anything can be recorded.
    func noteUses() async throws(EnrollmentError) {
        guard self.parts.ledger.standing == .readWrite else { return }
        try await self.tokens.noteUses()
    }

    /// What requests are answered by now.
    var present: Present { self.state.withLock { $0 } }

    /// Clients and verifiers as of another configuration.
    ///
    /// - Throws: ``CommandProblem`` when a client's certificate cannot be read.
    func prepared(for configuration: Configuration) throws(CommandProblem) -> Present {
        let gatekeeper = Gatekeeper(
            tokens: self.tokens,
            clients: try Self.clients(configuration.admin),
            failures: self.failures
        )
        return Present(
            interface: Self.interface(gatekeeper, self.identities, self.signal, self.parts),
            verifiers: configuration.admin.verifiers.map(\.proxies)
        )
    }

    func replace(with present: Present) {
        self.state.withLock { $0 = present }
    }

    private static func interface(
        _ gatekeeper: Gatekeeper,
        _ identities: IdentityCache,
        _ signal: FeedSignal,
        _ parts: Parts
    ) -> AdminInterface {
        AdminInterface(
            AdminInterface.Services(
                gatekeeper: gatekeeper,
                identities: identities,
                devices: parts.ledger,
                queries: parts.ledger,
                handOff: parts.ledger,
                signal: signal,
                eventBody: parts.eventBody,
                random: OpenSSLRandomSource(),
                destinations: parts.destinations,
                silentAfterMinutes: parts.silentAfterMinutes,
                isBehind: { parts.asOf() != nil }
            )
        )
    }

    /// Reads the certificates that clients are known by.
    ///
    /// One that has ended is no mistake of the file's: its client is refused, as it should be.
    static func clients(_ settings: AdminSettings) throws(CommandProblem) -> [PinnedClient] {
        var clients: [PinnedClient] = []
        for client in settings.clients {
            let pem: [UInt8]
            do throws(FileError) {
                pem = try FilePath.read(client.certificate, limit: 1 << 20)
            } catch {
                throw Self.unusable(client, "\(error)")
            }
            guard let (_, der) = PEM.decode(pem, labels: ["CERTIFICATE"]) else {
                throw Self.unusable(client, "\(client.certificate) holds no certificate in PEM")
            }
            do {
                let certificate = try Certificate(der: der)
                clients.append(
                    PinnedClient(
                        name: client.name,
                        thumbprint: try Digest.sha256(der),
                        notBefore: Timestamp(seconds: try certificate.notBeforeSeconds()),
                        notAfter: Timestamp(seconds: try certificate.notAfterSeconds()),
                        scopes: client.scopes
                    )
                )
            } catch {
                throw Self.unusable(client, "\(client.certificate): \(error)")
            }
        }
        return clients
    }

    private static func unusable(_ client: AdminSettings.Client, _ reason: String) -> CommandProblem {
        CommandProblem(
            "GH-CONFIG-006",
            "the certificate of the admin client \(client.name) cannot be used: \(reason)",
            [("key", "admin.clients")],
            exit: .usage
        )
    }

    // MARK: Figures

    var families: [MetricFamily] {
        let tally = self.identities.tally
        return [
            .counter(
                "gatehouse_identity_answers_total",
                "Look-ups of certificates, by what answered them.",
                [
                    .init([("from", "memory")], Double(tally.fromMemory)),
                    .init([("from", "ledger")], Double(tally.fromLedger)),
                ]
            ),
            .counter(
                "gatehouse_identity_forgotten_total",
                "Certificates of which something changed, so that what was kept of them was dropped.",
                [.init([], Double(tally.forgotten))]
            ),
            .gauge(
                "gatehouse_identity_kept",
                "Certificates whose standing is in memory.",
                [.init([], Double(tally.kept))]
            ),
            .gauge(
                "gatehouse_api_tokens",
                "Valid tokens of the admin interface.",
                [.init([], Double(self.tokens.count))]
            ),
        ]
    }
}
