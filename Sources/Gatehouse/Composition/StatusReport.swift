import Authority
import EnrollmentCore
import HTTPTransport
import Ledger

/// What the service says of itself: whether it can do what it is for, and in figures how it does.
struct StatusReport: Sendable {
    /// Days before an authority's end from which on certificates it signs are shorter than they should be.
    let leafDays: Int
    let ledger: any LedgerStore
    let shelf: RevocationShelf
    let keys: IssuerKeys
    let sealing: SealingWatch
    let tokens: TokenKeys
    let traffic: TrafficCount
    let replicas: ReplicaSetup
    let handOff: HandOffReport
    let rotation: RotationWatch
    let backups: BackupGauge
    let clock: any WallClock

    private static let day: Int64 = 86_400

    // MARK: Readiness

    @Sendable func readiness() async -> [ReadinessReason] {
        let now = self.clock.now
        let store = self.store
        var reasons =
            self.authorities(at: now) + self.lostTokens + self.lostKeys + self.lists(at: now) + store + self.agreement
            + self.clockSkew
        if let reason = self.sealing.reason {
            reasons.append(ReadinessReason("passphrase", reason, severity: .warning))
        }
        // One that is known not to answer would only keep whoever asks waiting.
        if case .unreachable = self.ledger.standing { return reasons }
        do throws(EnrollmentError) {
            reasons += try await self.ownCertificates(at: now)
            reasons += try await self.handOff.reasons(at: now)
            let fleet = try await self.ledger.fleet(at: now)
            let soon = fleet.buckets.filter { $0.days.upperBound < 7 }.reduce(0) { $0 + $1.count }
            if soon > 0 {
                let most = soon >= FleetHealth.most ? "\(FleetHealth.most) or more" : "\(soon)"
                reasons.append(
                    ReadinessReason(
                        "fleet",
                        "\(most) live devices have certificates that end within 7 days or have ended. Run gatehouse device"
                            + " list --falling-out --within 7d.",
                        severity: .warning
                    )
                )
            }
        } catch {
            if store.isEmpty { reasons.append(ReadinessReason("store", error.detail, effect: .enrollment)) }
        }
        return reasons
    }

    /// What the store itself is in the way of.
    private var store: [ReadinessReason] {
        let sequel = "Devices are told to come again; what is published goes on being served."
        switch self.ledger.standing {
        case .readOnly(let reason):
            return [ReadinessReason("store", "Nothing can be recorded: \(reason). \(sequel)", effect: .enrollment)]
        case .unreachable(let reason):
            return [ReadinessReason("store", "\(reason) \(sequel)", effect: .enrollment)]
        case .readWrite:
            guard self.ledger.isPostponing else { return [] }
            let detail =
                "The store does not take records: its disk is full, or another process keeps it locked. \(sequel)"
            return [ReadinessReason("store", detail, effect: .enrollment)]
        }
    }

    /// Beyond this, in seconds, somebody should set a clock.
    private static let notableSkew = 5.0

    private var clockSkew: [ReadinessReason] {
        let seconds = Double(self.ledger.figures.clockSkew ?? 0) / 1e6
        guard abs(seconds) >= Self.notableSkew, self.ledger.standing == .readWrite else { return [] }
        return [
            ReadinessReason(
                "clock",
                "This machine's clock is \(Int(abs(seconds))) s \(seconds > 0 ? "ahead of" : "behind") the database's. Set it"
                    + " right (chrony, NTP): beyond store.largestClockSkewSeconds nothing is recorded.",
                severity: .warning
            )
        ]
    }

    /// A replica that goes by other settings than the others still serves: none at all would be worse.
    private var agreement: [ReadinessReason] {
        let differences = self.replicas.agreement?.differences ?? []
        guard let first = differences.first else { return [] }
        let others = differences.count > 1 ? " (and \(differences.count - 1) more)" : ""
        return [
            ReadinessReason(
                "agreement",
                "Replicas agreed on \(first.name) = \(first.agreed)\(others); this one goes by \(first.here). Give it that"
                    + " value and reload or restart it, or run gatehouse config agree.",
                severity: .warning
            )
        ]
    }

    /// What is published goes on being served, and what is revoked is on the CRL as soon as the token is back.
    private var lostTokens: [ReadinessReason] {
        self.tokens.reach.compactMap { reach in
            guard let trouble = reach.trouble else { return nil }
            let detail =
                reach.remedy.map { "Token \(reach.name) cannot be used: \(trouble). \($0)" }
                ?? "Token \(reach.name) is out of reach: \(trouble). Devices are told to come again; it is looked for by"
                + " itself."
            return ReadinessReason("token", detail, effect: .enrollment)
        }
    }

    private var keyTroubles: [TokenKeyTrouble] { self.tokens.troubles(of: self.keys.issuers.map(\.record)) }

    /// Keys that a token should hold and does not sign with; each is asked for again whenever it is needed.
    private var lostKeys: [ReadinessReason] {
        self.keyTroubles.map { trouble in
            let detail = "Nothing is signed with the key of issuer \(trouble.issuer.id). \(trouble.detail)"
            return trouble.issuer.role == .issuing && trouble.issuer.state == .active
                ? ReadinessReason("token", detail, effect: .enrollment)
                : ReadinessReason("token", detail, severity: .warning)
        }
    }

    private func authorities(at now: Timestamp) -> [ReadinessReason] {
        var reasons: [ReadinessReason] = []
        if !self.keys.issuers.isEmpty, self.keys.active == nil {
            let detail =
                "Nobody signs: no issuing authority is active. Devices are told to come again; what is published goes on"
                + " being served. gatehouse ca status says what is to be done."
            reasons.append(ReadinessReason("issuer", detail, effect: .enrollment))
        }
        for issuer in self.keys.issuers {
            let days = (issuer.notAfter.seconds - now.seconds) / Self.day
            if issuer.notAfter < now {
                let severity: ReadinessReason.Severity = issuer.record.state == .active ? .blocking : .warning
                reasons.append(
                    ReadinessReason("issuer", "Issuer \(issuer.id) ended \(issuer.notAfter).", severity: severity)
                )
            } else if issuer.record.state == .active, issuer.record.role == .issuing, days < Int64(self.leafDays) {
                reasons.append(
                    ReadinessReason(
                        "issuer",
                        "Issuer \(issuer.id) ends in \(days) days, so new certificates are shorter than their profile says.",
                        severity: .warning
                    )
                )
            }
        }
        return reasons
    }

    private func ownCertificates(at now: Timestamp) async throws(EnrollmentError) -> [ReadinessReason] {
        let ends = try await self.ends(at: now)
        let answering = Set(ends.map(\.use))
        let missing = self.speaking(at: now).filter { !answering.contains($0) }.map { use in
            ReadinessReason("ocsp", "There is no certificate for \(use) yet, so nobody is answered; the log says why.")
        }
        return missing
            + ends.filter { $0.end < now }.map { use, end in
                ReadinessReason(
                    use == "tls" ? "tls" : "ocsp",
                    "The service's own certificate for \(use) ended \(end) and could not be renewed; the log says why."
                )
            }
    }

    /// The uses of responders' certificates; of an issuer that has ended nobody is told anything any more, and one that is
    /// compromised gets no new one.
    private func speaking(at now: Timestamp) -> [String] {
        self.keys.issuers.filter {
            self.keys.publishes($0.id, at: now) && !self.isNew($0.id) && $0.record.state != .compromised
        }.map { ServiceCertificateKeeper.use(ofResponderFor: $0.id) }
    }

    /// Whether somebody may still make a CRL of the issuer: of one that has ended nobody does.
    private func isKept(_ id: String, at now: Timestamp) -> Bool {
        self.keys.issuer(id) == nil || self.keys.publishes(id, at: now)
    }

    /// Whether the issuer has signed nothing yet, so that nobody asks about what it signed.
    private func isNew(_ id: String) -> Bool {
        self.keys.issuer(id)?.record.state == .published
    }

    /// When the service's own certificates end, by use.
    private func ends(at now: Timestamp) async throws(EnrollmentError) -> [(use: String, end: Timestamp)] {
        var ends: [(use: String, end: Timestamp)] = []
        for use in ["tls"] + self.speaking(at: now) {
            if let record = try await self.ledger.serviceCertificate(for: use) { ends.append((use, record.notAfter)) }
        }
        return ends
    }

    private func lists(at now: Timestamp) -> [ReadinessReason] {
        // The last CRL of an issuer that has ended is as old as it will ever be.
        let standings = self.shelf.standings.filter { self.keys.publishes($0.shard.issuerID, at: now) }
        let missing = standings.filter { $0.published == nil && !self.isNew($0.shard.issuerID) }
        let stale = standings.filter { standing in standing.published.map { $0.nextUpdate < now } ?? false }
        let late = standings.filter { standing in
            standing.waitingSince.map { now > $0.adding(seconds: CRLSchedule.promise) } ?? false
        }
        var reasons: [ReadinessReason] = []
        for (shards, what, severity) in [
            (missing, "has never been published", ReadinessReason.Severity.blocking),
            (stale, "is older than its validity", .blocking),
            (late, "lacks a revocation for more than a minute", .warning),
        ] {
            guard let first = shards.first else { continue }
            let others = shards.count > 1 ? " (and \(shards.count - 1) more)" : ""
            reasons.append(
                ReadinessReason(
                    "crl",
                    "The CRL of shard \(first.shard)\(others) \(what). Run gatehouse crl show, then gatehouse crl publish.",
                    severity: severity
                )
            )
        }
        return reasons
    }

    // MARK: Metrics

    @Sendable func metrics() async -> [MetricFamily] {
        let now = self.clock.now
        var families = self.traffic.families
        families.append(self.listAges(at: now))
        families.append(
            .gauge(
                "gatehouse_crl_waiting_seconds",
                "For how long the oldest revocation waits to be shown on its CRL.",
                self.shelf.standings.filter { self.isKept($0.shard.issuerID, at: now) }.map { standing in
                    .init(Self.labels(standing.shard), Self.seconds(from: standing.waitingSince ?? now, to: now))
                }
            )
        )
        families.append(
            .gauge(
                "gatehouse_crl_entries",
                "Certificates on the published CRL.",
                self.shelf.standings.compactMap { standing in
                    standing.published.map { .init(Self.labels(standing.shard), Double($0.entryCount)) }
                }
            )
        )
        families.append(
            .gauge(
                "gatehouse_issuer_remaining_seconds",
                "How long an authority's certificate is still valid.",
                self.keys.issuers.map { .init([("issuer", $0.id)], Self.seconds(from: now, to: $0.notAfter)) }
            )
        )
        let poor = Set(self.keyTroubles.map(\.token))
        families.append(
            .gauge(
                "gatehouse_token_up",
                "Whether a PKCS #11 token was in reach when it was last used, and signed with the keys asked for.",
                self.tokens.reach.map { reach in
                    .init([("token", reach.name)], reach.trouble == nil && !poor.contains(reach.name) ? 1 : 0)
                }
            )
        )
        families += self.replicas.families + self.rotation.families
        return families + (await self.fleet(at: now))
    }

    private func listAges(at now: Timestamp) -> MetricFamily {
        .gauge(
            "gatehouse_crl_age_seconds",
            "Age of the published CRL.",
            self.shelf.standings.compactMap { standing in
                standing.published.map { facts in
                    .init(Self.labels(standing.shard), Self.seconds(from: facts.thisUpdate, to: now))
                }
            }
        )
    }

    private func fleet(at now: Timestamp) async -> [MetricFamily] {
        let up: Double
        var families: [MetricFamily] = []
        do throws(EnrollmentError) {
            let fleet = try await self.ledger.fleet(at: now)
            families = [
                .gauge(
                    "gatehouse_devices_ending",
                    "Live devices by whole days that their certificate is still valid; counting stops at 10000.",
                    fleet.buckets.map { bucket in
                        .init([("days", Self.range(bucket.days))], Double(bucket.count))
                    }
                ),
                .gauge(
                    "gatehouse_devices_renewal_refused",
                    "Live devices with less than 30 days left whose renewal was refused; counting stops at 10000.",
                    [.init([], Double(fleet.refusedRenewals))]
                ),
            ]
            families.append(
                .gauge(
                    "gatehouse_service_certificate_remaining_seconds",
                    "How long the service's own certificates are still valid.",
                    try await self.ends(at: now).map { .init([("use", $0.use)], Self.seconds(from: now, to: $0.end)) }
                )
            )
            families.append(try await self.backups.family(at: now))
            families += try await self.handOff.families(at: now)
            up = 1
        } catch {
            up = 0
        }
        return families + [.gauge("gatehouse_store_up", "Whether the store answers.", [.init([], up)])]
    }

    private static func range(_ days: ClosedRange<Int>) -> String {
        days.lowerBound < 0 ? "ended" : "\(days.lowerBound)-\(days.upperBound)"
    }

    private static func labels(_ shard: CRLShard) -> [(name: String, value: String)] {
        [("issuer", shard.issuerID), ("shard", "\(shard.number)")]
    }

    private static func seconds(from begin: Timestamp, to end: Timestamp) -> Double {
        Double(end.microseconds - begin.microseconds) / 1e6
    }
}
