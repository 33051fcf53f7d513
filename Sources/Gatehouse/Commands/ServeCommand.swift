import ArgumentParser
import Authority
import EnrollmentCore
import Glibc
import HTTPTransport
import Ledger
import Logging
import OpenSSLKit
import ServiceRuntime
import TLSTransport

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the service.",
        discussion: """
            Writes its log to standard error. SIGTERM and SIGINT stop it after what is in flight was answered; SIGHUP
            reads the configuration and the TLS certificate again, all or nothing.

              gatehouse serve
              gatehouse serve --config /etc/gatehouse/gatehouse.json5
            """
    )

    @OptionGroup var common: CommonOptions

    func run() async throws {
        do throws(CommandProblem) {
            let configuration = try self.common.configuration()
            try await Server(configuration).run()
        } catch {
            if self.common.json { Terminal.write(error.json.text) }
            Terminal.explain(error.text)
            throw error.exit
        }
    }
}

/// The running service.
struct Server: Sendable {
    private let configuration: Configuration
    private let logger: Logger

    init(_ configuration: Configuration) {
        self.configuration = configuration
        var logger = Logger(label: "gatehouse") { _ in LineLogHandler(format: configuration.logFormat) }
        logger.logLevel = configuration.logLevel
        self.logger = logger
    }

    func run() async throws(CommandProblem) {
        let signals = Signals()
        let listeners = self.configuration.adminListener == nil ? 1 : 2
        // With those beyond the limit, who are told so.
        let connections = listeners * (self.configuration.limits.connections + 64)
        if !SecureHeap.initialize(size: SecureHeap.size(forConnections: connections)) {
            self.logger.warning("memory cannot be locked, keys may be paged out", metadata: ["mend": "raise ulimit -l"])
        }
        self.raiseDescriptorLimit()
        LargeBlocks.returnWhenFreed()
        let profiles = try ProfileFolder.load(self.configuration)
        let vaultAndLedger = try await self.open()
        do throws(CommandProblem) {
            try await self.serve(profiles, vaultAndLedger.ledger, vaultAndLedger.vault, until: signals)
            await self.close(vaultAndLedger.ledger)
        } catch {
            await self.close(vaultAndLedger.ledger)
            throw error
        }
        self.logger.notice("stopped")
    }

    private func close(_ ledger: any LedgerStore) async {
        for name in await OpenTokens.close() {
            self.logger.warning("a call into a token's module does not return", metadata: ["token": "\(name)"])
        }
        await ledger.close()
    }

    /// Takes as many file descriptors as the system lets it have, and says when they are too few for the connections.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let needed = rlim_t(self.configuration.limits.connections + 64)
        if limit.rlim_cur < needed {
            self.logger.warning(
                "fewer file descriptors than limits.connections needs",
                metadata: ["have": "\(limit.rlim_cur)", "need": "\(needed)", "mend": "raise ulimit -n"]
            )
        }
    }

    private func open() async throws(CommandProblem) -> (ledger: any LedgerStore, vault: Vault) {
        let passphrase = try self.configuration.passphrase.fetch()
        let ledger = try await StoreOpening(configuration: self.configuration, logger: self.logger).open(.readWrite)
        do throws(EnrollmentError) {
            guard let parameters = try await ledger.sealingParameters() else {
                throw EnrollmentError.unfinished(self.configuration.store)
            }
            return (ledger, try Vault(passphrase: SecretOctets(passphrase.reveal()), parameters: parameters))
        } catch {
            await ledger.close()
            throw CommandProblem(error)
        }
    }

    private func serve(
        _ profiles: ProfileFolder,
        _ ledger: any LedgerStore,
        _ vault: Vault,
        until signals: Signals
    ) async throws(CommandProblem) {
        let clock = SystemClock()
        let replicas = try ReplicaSetup(
            self.configuration,
            profiles: profiles,
            in: ledger,
            clock: clock,
            logger: self.logger
        )
        try await replicas.join(file: self.configuration.file)
        let issuers: [IssuerRecord]
        let links: [LinkCertificate]
        let authority: CurrentAuthority
        try await self.refuseWaiting(ledger)
        let logger = self.logger
        let tokens = self.configuration.tokenKeys { logger.note($0) }
        do throws(EnrollmentError) {
            issuers = try await ledger.issuers()
            links = try await ledger.links()
            authority = try CurrentAuthority(issuers, from: ledger, keys: KeyRing(vault: vault, tokens: tokens))
        } catch {
            throw CommandProblem(error)
        }
        let foundation = ServiceGraph.Foundation(
            ledger: ledger,
            vault: vault,
            tokens: tokens,
            authority: authority,
            addresses: self.configuration.addresses
        )
        let graph = try ServiceGraph(self.configuration, profiles: profiles, on: foundation, logger: self.logger)
        let current = CurrentGraph(graph)
        let tls = TLSSetup(ledger: ledger, vault: vault, ticketKeys: try Self.ticketKeys())
        let (context, serial) = try await tls.contextAndSerial(for: self.configuration)
        let contexts = TLSContextSource(context)
        let revocation = try RevocationSetup(
            self.configuration,
            profiles: profiles,
            on: foundation,
            cooperation: replicas.cooperation,
            asOf: replicas.asOf,
            logger: logger,
            onServerCertificate: { replicas.bells.authority.ring() }
        )
        do throws(EnrollmentError) {
            try await revocation.service.prepare()
            try await revocation.shelf.refresh()
        } catch {
            throw CommandProblem(error)
        }
        let handOff = try HandOffSetup(self.configuration, on: foundation, replicas: replicas, logger: logger)
        let rotation = RotationWatch(
            RotationSetup(on: foundation, revocation),
            current: current,
            clock: clock,
            isOurs: { replicas.holds(.rotation) && ledger.standing == .readWrite },
            onChange: { replicas.bells.authority.ring() },
            logger: logger
        )
        let traffic = TrafficCount()
        let sealing = SealingWatch(vault: vault, clock: clock, logger: logger)
        await self.configuration.warnOfLostAccounts(in: ledger, logger)
        let device = DeviceRoutes(
            current: current,
            contacts: ContactWatch(ledger: ledger, clock: clock),
            traffic: traffic
        )
        var services: [any Service] = [
            try await self.listener("device", self.configuration.deviceListener, contexts, RouterSource(device.router))
        ]
        let published = PublishedIssuers(
            issuers,
            links: links,
            shelf: revocation.shelf,
            responder: revocation.responder,
            clock: clock
        )
        if let plain = self.configuration.plainListener {
            services.append(try await self.listener("plain", plain, nil, published.routes))
        }
        var adminSetup: AdminSetup?
        if let admin = self.configuration.adminListener {
            let report = StatusReport(
                leafDays: profiles.device.validityDays,
                ledger: ledger,
                shelf: revocation.shelf,
                keys: revocation.keys,
                sealing: sealing,
                tokens: tokens,
                traffic: traffic,
                replicas: replicas,
                handOff: HandOffReport(
                    setup: handOff,
                    ledger: ledger,
                    silentAfterMinutes: self.configuration.handOff.silentAfterMinutes
                ),
                rotation: rotation,
                backups: BackupGauge(ledger),
                clock: clock
            )
            let setup = try AdminSetup(
                self.configuration,
                AdminSetup.Parts(
                    ledger: ledger,
                    clock: clock,
                    asOf: replicas.asOf,
                    eventBody: FeedBody(current: current, vault: vault, logger: logger),
                    destinations: { handOff.names },
                    silentAfterMinutes: self.configuration.handOff.silentAfterMinutes
                )
            )
            try await answer { () throws(EnrollmentError) in try await setup.prepare() }
            adminSetup = setup
            let routes = AdminRoutes(
                setup: setup,
                current: current,
                status: StatusRoutes(
                    readiness: report.readiness,
                    metrics: { await report.metrics() + setup.families }
                ),
                clock: clock
            )
            services.append(try await self.listener("admin", admin, contexts, RouterSource(routes.router)))
            services.append(
                AdminWatch(
                    setup: setup,
                    clock: clock,
                    period: replicas.cooperation.followEvery,
                    identities: replicas.bells.identities,
                    feed: replicas.bells.readers,
                    logger: logger
                )
            )
        }
        services.append(DirectoryWatch(current: current))
        services.append(StructureWatch(ledger: ledger, logger: logger))
        services.append(revocation.service)
        services.append(rotation)
        services.append(
            AuthorityWatch(
                foundation,
                issuers: issuers,
                links: links,
                serial: serial,
                current: current,
                contexts: contexts,
                tls: tls,
                sealing: sealing,
                published: published,
                bell: replicas.bells.authority,
                logger: logger
            )
        )
        services.append(
            ShelfWatch(
                shelf: revocation.shelf,
                period: replicas.pace,
                bell: replicas.bells.publication,
                logger: logger
            )
        )
        services.append(
            Housekeeping(
                ledger: ledger,
                clock: clock,
                periods: Housekeeping.Periods(
                    reservationHours: self.configuration.reservationHours,
                    afterExpiryDays: profiles.device.renewAfterExpiryDays,
                    attemptDays: self.configuration.retention.attemptDays,
                    certificateDays: self.configuration.retention.certificateDays,
                    eventDays: self.configuration.handOff.eventDays,
                    silentAfterMinutes: self.configuration.handOff.silentAfterMinutes
                ),
                isOurs: { replicas.holds(.housekeeping) },
                destinations: { handOff.names },
                logger: logger
            )
        )
        services += replicas.services + handOff.services
        let reloader = Reloader(
            file: self.configuration.file,
            started: self.configuration,
            foundation: foundation,
            current: current,
            contexts: contexts,
            tls: tls,
            responder: revocation.responder,
            admin: adminSetup,
            handOff: handOff,
            agreement: replicas.agreement,
            logger: logger
        )
        var signals = signals
        signals.reload = reloader.reload
        services.append(signals)
        self.logger.notice(
            "ready",
            metadata: [
                "url": "\(self.configuration.deviceURL.text)", "issuer": "\(authority.signer)",
                "node": "\(self.configuration.node)",
            ]
        )
        do {
            try await ServiceGroup(services).run(until: signals.shutdown)
        } catch {
            throw CommandProblem("GH-SERVE-001", "the service cannot go on: \(error)", exit: .failed)
        }
    }

    /// Says what a new place waits for, when its root is offline.
    private func refuseWaiting(_ ledger: any LedgerStore) async throws(CommandProblem) {
        let (issuers, ceremonies) = try await answer { () throws(EnrollmentError) in
            (try await ledger.issuers(), try await ledger.ceremonies())
        }
        if let problem = CommandProblem.waiting(for: ceremonies, issuers) { throw problem }
    }

    private func listener(
        _ name: String,
        _ place: Configuration.Listener,
        _ contexts: TLSContextSource?,
        _ routes: RouterSource
    ) async throws(CommandProblem) -> HTTPListener {
        do throws(HTTPListenerError) {
            return try await HTTPListener.bind(
                name: name,
                host: place.address,
                port: place.port,
                tls: contexts,
                routes: routes,
                limits: self.configuration.limits,
                logger: self.logger
            )
        } catch {
            throw CommandProblem(
                "GH-LISTEN-001",
                "the \(name) listener cannot be bound: \(error)",
                [("key", "listeners.\(name) in \(self.configuration.file)")],
                exit: .unavailable
            )
        }
    }

    private static func ticketKeys() throws(CommandProblem) -> TLSTicketKeys {
        do throws(OpenSSLError) {
            return try TLSTicketKeys()
        } catch {
            throw CommandProblem("GH-TLS-002", "no session ticket keys: \(error)", exit: .failed)
        }
    }
}
