import Authority
import EnrollmentCore
import HTTPTransport
import Ledger
import Logging
import OpenSSLKit
import ServiceRuntime
import Synchronization

/// Goes by the schedule of key rotation.
///
/// Prepares and publishes what is due, activates it where that is configured, and takes drained issuers a step further.
/// One replica does; every one knows how things stand.
final class RotationWatch: Service {
    private static let period = Duration.seconds(1)
    /// Seconds by the wall clock: when a machine wakes up or its clock is set, days may have passed at once.
    private static let lookEvery: Int64 = 60
    /// Steps in one round: each is looked at again after the one before.
    private static let most = 6

    /// How things stood at the last look.
    struct View: Sendable {
        var rotation: KeyRotation?
        var plan: RotationPlan?
        /// Of compromised issuing authorities.
        var compromises: [CompromiseStanding] = []
        /// Why the last step was not taken.
        var trouble: String?
    }

    let name = "rotation"
    private let setup: RotationSetup
    private let current: CurrentGraph
    private let clock: any WallClock
    private let isOurs: @Sendable () -> Bool
    private let onChange: @Sendable () -> Void
    private let logger: Logger
    private let view = Mutex(View())

    /// - Parameters:
    ///   - setup: Makes the services.
    ///   - current: Whose configuration has the schedule.
    ///   - clock: Tells when it is time.
    ///   - isOurs: Whether it is this process that takes steps, at this moment.
    ///   - onChange: Called after a step.
    ///   - logger: Hears of steps, and of what is late.
    init(
        _ setup: RotationSetup,
        current: CurrentGraph,
        clock: any WallClock,
        isOurs: @escaping @Sendable () -> Bool,
        onChange: @escaping @Sendable () -> Void,
        logger: Logger
    ) {
        self.setup = setup
        self.current = current
        self.clock = clock
        self.isOurs = isOurs
        self.onChange = onChange
        self.logger = logger
    }

    func run(until shutdown: ShutdownSignal) async throws {
        let last = Mutex((time: Timestamp(seconds: 0), settings: RotationSettings()))
        await self.repeatedly(every: Self.period, until: shutdown) {
            let now = self.clock.now
            let settings = self.current.value.configuration.rotation
            let former = last.withLock { $0 }
            guard abs(now.seconds(since: former.time)) >= Self.lookEvery || settings != former.settings else { return }
            last.withLock { $0 = (now, settings) }
            await self.look()
        }
    }

    private func look() async {
        let configuration = self.current.value.configuration
        do throws(EnrollmentError) {
            let profiles = try Self.profiles(configuration)
            let service = self.setup.service(configuration, profiles)
            if self.isOurs() { try await self.settle(service) }
            try await self.goOn(service, configuration, profiles)
            self.note(trouble: nil)
        } catch {
            // Of a store that is away readiness tells.
            guard error.code != .inMaintenance else { return }
            self.note(trouble: error.detail)
        }
    }

    private static func profiles(_ configuration: Configuration) throws(EnrollmentError) -> ProfileFolder {
        do throws(CommandProblem) {
            return try ProfileFolder.load(configuration)
        } catch {
            throw EnrollmentError(.internalService, "\(error.sentence).", rule: "rotation.profiles")
        }
    }

    private func settle(_ service: RotationService) async throws(EnrollmentError) {
        let settled = try await service.settle { () throws(EnrollmentError) in
            try self.act(.drainIssuer, "nothing hangs on it any more")
        }
        for id in settled {
            self.logger.notice("issuer drained", metadata: ["issuer": "\(id)", "next": "gatehouse ca retire \(id)"])
        }
        if !settled.isEmpty { self.onChange() }
    }

    /// Takes the steps that are due by themselves, one after the other.
    private func goOn(
        _ service: RotationService,
        _ configuration: Configuration,
        _ profiles: ProfileFolder
    ) async throws(EnrollmentError) {
        let rules = configuration.rotationRules(profiles)
        var failures: [IssuerRecord.Role: EnrollmentError] = [:]
        for _ in 0..<Self.most {
            let rotation = try await service.rotation()
            let plan = RotationPlanner(rotation, rules: rules).plan
            self.take(rotation, plan, try await self.setup.compromises(rotation))
            let due = plan.steps.first { failures[$0.role] == nil && self.isToBeTaken($0, in: rotation) }
            guard self.isOurs(), let step = due else { break }
            do throws(EnrollmentError) {
                try await self.take(step, service, configuration, rotation)
            } catch {
                // What a root waits for is nothing that an issuing authority waits for, and the other way round.
                failures[step.role] = error
                continue
            }
            self.logger.notice(
                "key rotation went on by its schedule",
                metadata: ["step": "\(step.kind.rawValue)", "issuer": "\(step.id)", "due": "\(step.due)"]
            )
            self.onChange()
        }
        if let error = failures[.root] ?? failures[.issuing] { throw error }
    }

    private func isToBeTaken(_ step: RotationPlan.Step, in rotation: KeyRotation) -> Bool {
        guard step.isAutomatic, step.due <= rotation.now else { return false }
        switch step.kind {
        case .prepare: return true
        case .publish: return rotation.standing(of: step.id)?.state == .prepared
        case .activate: return rotation.standing(of: step.id)?.state == .published
        case .drained, .retire: return false
        }
    }

    private func take(
        _ step: RotationPlan.Step,
        _ service: RotationService,
        _ configuration: Configuration,
        _ rotation: KeyRotation
    ) async throws(EnrollmentError) {
        let reason = "due \(step.due) by rotation.\(step.role.rawValue)"
        switch step.kind {
        case .prepare:
            let key: KeyType
            if let algorithm = configuration.rotation[step.role].algorithm {
                key = algorithm.key
            } else {
                guard let present = rotation.active(step.role)?.issuer else { return }
                key = try KeyType(of: present)
            }
            let order = RotationService.Order(id: step.id, role: step.role, key: key)
            _ = try await service.prepare(order, by: try self.act(.prepareIssuer, reason))
        case .publish: try await service.perform(.publish, step.id, by: try self.act(.publishIssuer, reason))
        case .activate: try await service.perform(.activate, step.id, by: try self.act(.activateIssuer, reason))
        case .drained, .retire: break
        }
    }

    private func act(
        _ verb: AdministrativeAct.Verb,
        _ reason: String
    ) throws(EnrollmentError) -> AdministrativeAct {
        AdministrativeAct(
            traceID: TraceID(random: try OpenSSLRandomSource().octets(TraceID.randomOctets)),
            verb: verb,
            actor: "schedule",
            reason: reason,
            ticket: nil,
            time: self.clock.now
        )
    }

    // MARK: How things stand

    private func take(_ rotation: KeyRotation, _ plan: RotationPlan, _ compromises: [CompromiseStanding]) {
        let former = self.view.withLock { view in
            defer {
                view.rotation = rotation
                view.plan = plan
                view.compromises = compromises
            }
            return Set(view.plan?.warnings ?? [])
        }
        for warning in plan.warnings where !former.contains(warning) {
            self.logger.warning("key rotation needs somebody", metadata: ["detail": "\(warning.sentence)"])
        }
    }

    /// Tells a reason once, not each minute.
    private func note(trouble: String?) {
        let former = self.view.withLock { view in
            defer { view.trouble = trouble }
            return view.trouble
        }
        guard let trouble, trouble != former else { return }
        self.logger.error("key rotation does not go on by its schedule", metadata: ["detail": "\(trouble)"])
    }

    var families: [MetricFamily] {
        let view = self.view.withLock { $0 }
        guard let rotation = view.rotation else { return [] }
        let standings = rotation.standings
        return [
            .gauge(
                "gatehouse_issuer_state",
                "1 for the state that an issuer is in.",
                standings.map {
                    .init(
                        [("issuer", $0.id), ("role", $0.issuer.role.rawValue), ("state", $0.state.rawValue)],
                        1
                    )
                }
            ),
            .gauge(
                "gatehouse_issuer_not_after_seconds",
                "End of an issuer's certificate, in seconds since 1970.",
                standings.map { .init([("issuer", $0.id)], Double($0.notAfter.seconds)) }
            ),
            .gauge(
                "gatehouse_issuer_live_certificates",
                "Certificates that hang on an issuer.",
                standings.map { .init([("issuer", $0.id)], Double($0.liveCertificates)) }
            ),
            .gauge(
                "gatehouse_issuer_adopted_ratio",
                "Share of live devices that are known to have an issuer's certificate; 1 without devices.",
                standings.filter(\.issuer.isTrustworthy).map { standing in
                    let share = Double(standing.knowingDevices) / Double(max(rotation.liveDevices, 1))
                    return .init([("issuer", standing.id)], rotation.liveDevices == 0 ? 1 : share)
                }
            ),
            .gauge(
                "gatehouse_issuer_unrevoked_certificates",
                "Certificates of a compromised issuer that are still to be revoked.",
                view.compromises.map { .init([("issuer", $0.issuerID)], Double($0.remaining)) }
            ),
            .gauge(
                "gatehouse_rotation_overdue",
                "Steps of key rotation that are more than a day late.",
                [.init([], Double(view.plan?.missed.count ?? 0))]
            ),
        ]
    }
}
