package import EnrollmentCore
package import Logging
package import ServiceRuntime
internal import Synchronization

/// Keeps everything about revocation going: CRLs published, OCSP answers fresh, the service's own certificates young.
package struct RevocationService: Service {
    private static let publishEvery = Duration.seconds(1)
    /// Seconds by the wall clock: when a machine wakes up or its clock is set, days may have passed at once.
    private static let renewEvery: Int64 = 60
    private static let lookEvery = Duration.seconds(1)
    /// How often responder certificates are read again: another process may have renewed them.
    private static let reloadEvery = Duration.milliseconds(1_500)
    /// After a failure, in rounds of ``publishEvery``: a store that is away is not to be asked each second.
    private static let roundsToRest = 10

    /// How the service shares its work with others like it.
    package struct Cooperation: Sendable {
        /// Whether it is this process that publishes CRLs, at this moment.
        package var publishes: @Sendable () -> Bool
        /// Whether it is this process that renews the service's own certificates.
        package var renews: @Sendable () -> Bool
        /// How often the revocation log is asked for what is new.
        package var followEvery: Duration
        /// Rings when there is something new in it, where somebody knows.
        package var bell: Doorbell

        package init(
            publishes: @escaping @Sendable () -> Bool = { true },
            renews: @escaping @Sendable () -> Bool = { true },
            followEvery: Duration = .milliseconds(250),
            bell: Doorbell = Doorbell()
        ) {
            self.publishes = publishes
            self.renews = renews
            self.followEvery = followEvery
            self.bell = bell
        }
    }

    package let name = "revocation"
    private let keys: IssuerKeys
    private let publisher: CRLPublisher
    private let responder: OCSPResponder
    private let keeper: ServiceCertificateKeeper
    private let cooperation: Cooperation
    private let clock: any WallClock
    private let logger: Logger

    package init(
        keys: IssuerKeys,
        publisher: CRLPublisher,
        responder: OCSPResponder,
        keeper: ServiceCertificateKeeper,
        cooperation: Cooperation = Cooperation(),
        clock: any WallClock,
        logger: Logger
    ) {
        self.keys = keys
        self.publisher = publisher
        self.responder = responder
        self.keeper = keeper
        self.cooperation = cooperation
        self.clock = clock
        self.logger = logger
    }

    /// What has to be there before the first answer: issuers, responder certificates, the first CRLs; the last two are
    /// left to whoever makes them where that is another process.
    ///
    /// - Throws: ``EnrollmentError`` when the issuers cannot be read; a certificate or CRL that cannot be made is logged
    ///   and tried again by ``run(until:)``.
    package func prepare() async throws(EnrollmentError) {
        try await self.keys.refresh()
        await self.renew()
        try await self.responder.reloadSigners()
        _ = await self.publish()
    }

    package func run(until shutdown: ShutdownSignal) async throws {
        await withDiscardingTaskGroup { group in
            group.addTask {
                let last = Mutex((time: Timestamp(seconds: 0), issuers: [String]()))
                await self.repeatedly(every: Self.lookEvery, until: shutdown) {
                    let now = self.clock.now
                    // A new issuer's answers wait for its responder's certificate, and the listeners' certificate comes
                    // from whoever is active.
                    let issuers = self.keys.issuers.map { "\($0.id) \($0.record.state.rawValue)" }
                    let former = last.withLock { $0 }
                    guard self.cooperation.renews(),
                        former.issuers != issuers || abs(now.seconds(since: former.time)) >= Self.renewEvery
                    else { return }
                    last.withLock { $0 = (now, issuers) }
                    await self.renew()
                }
            }
            group.addTask {
                let rest = Atomic(0)
                await self.repeatedly(every: Self.publishEvery, until: shutdown) {
                    guard rest.load(ordering: .relaxed) == 0 else {
                        rest.subtract(1, ordering: .relaxed)
                        return
                    }
                    if await !self.publish() { rest.store(Self.roundsToRest, ordering: .relaxed) }
                }
            }
            group.addTask { await self.followAlways(until: shutdown) }
        }
    }

    private func followAlways(until shutdown: ShutdownSignal) async {
        let reloaded = Mutex(ContinuousClock.now)
        let isWell = Atomic(true)
        await self.repeatedly(
            every: self.cooperation.followEvery,
            orWhen: self.cooperation.bell,
            until: shutdown
        ) {
            let reloads = reloaded.withLock { reloaded in
                guard reloaded.duration(to: .now) >= Self.reloadEvery else { return false }
                reloaded = .now
                return true
            }
            let wasWell = isWell.load(ordering: .relaxed)
            let goesWell = await self.follow(reloading: reloads, complains: wasWell)
            isWell.store(goesWell, ordering: .relaxed)
            if goesWell && !wasWell { self.logger.notice("OCSP answers are kept fresh again") }
        }
    }

    private func renew() async {
        guard self.cooperation.renews() else { return }
        let round = await self.keeper.renewDue()
        for renewal in round.renewed {
            self.logger.notice(
                "service certificate renewed",
                metadata: [
                    "use": "\(renewal.use)", "serial": "\(renewal.serialNumber)", "ends": "\(renewal.notAfter)",
                    "reason": "\(renewal.reason.rawValue)",
                ]
            )
        }
        for failure in round.failures {
            self.log(failure.error, "service certificate not renewed though due", ["use": "\(failure.use)"])
        }
        guard !round.renewed.isEmpty else { return }
        do throws(EnrollmentError) {
            try await self.responder.reloadSigners()
        } catch {
            self.log(error, "new OCSP responder certificates not taken up; tried again in seconds")
        }
    }

    /// - Returns: Whether all went well.
    private func publish() async -> Bool {
        do throws(EnrollmentError) {
            try await self.keys.refresh()
            guard self.cooperation.publishes() else { return true }
            let round = try await self.publisher.publishDue()
            for publication in round.published {
                self.logger.info(
                    "CRL published",
                    metadata: [
                        "shard": "\(publication.shard)", "number": "\(publication.facts.number)",
                        "entries": "\(publication.facts.entryCount)", "reason": "\(publication.reason.rawValue)",
                    ]
                )
            }
            for failure in round.failures {
                self.log(failure.error, "CRL not published though due", ["shard": "\(failure.shard)"])
            }
            return round.failures.isEmpty
        } catch {
            self.log(error, "CRLs not looked after")
            return false
        }
    }

    /// - Parameters:
    ///   - reloading: Whether to read the responder certificates too.
    ///   - complains: Whether to log a failure: four times a second would be too often.
    /// - Returns: Whether all went well.
    private func follow(reloading: Bool, complains: Bool) async -> Bool {
        do throws(EnrollmentError) {
            if reloading { try await self.responder.reloadSigners() }
            let round = try await self.responder.follow()
            if round.changes > 0 {
                self.logger.info(
                    "revocations taken into OCSP answers",
                    metadata: ["changes": "\(round.changes)", "presigned": "\(round.presigned)"]
                )
            }
            return true
        } catch {
            if complains { self.log(error, "OCSP answers not kept fresh") }
            return false
        }
    }

    private func log(_ error: EnrollmentError, _ message: Logger.Message, _ facts: Logger.Metadata = [:]) {
        self.logger.error(
            message,
            metadata: facts.merging(["rule": "\(error.rule)", "detail": "\(error.detail)"]) { $1 }
        )
    }
}
