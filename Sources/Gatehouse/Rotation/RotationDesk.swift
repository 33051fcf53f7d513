import Authority
import EnrollmentCore
import Glibc
import Ledger
import OpenSSLKit

/// The authority's keys as one command changes them: opened with the configured passphrase, beside a running service.
struct RotationDesk {
    let ledger: any LedgerStore
    let profiles: ProfileFolder
    /// What the configuration says of rotation.
    let rules: RotationSettings
    private let service: RotationService
    private let vault: Vault
    private let tokens: TokenKeys
    private let seats: KeySeats

    static func open(
        _ ledger: any LedgerStore,
        _ configuration: Configuration,
        shares: [String] = []
    ) async throws(CommandProblem) -> RotationDesk {
        let profiles = try ProfileFolder.load(configuration)
        let vault = try await Vault.open(by: configuration, in: ledger)
        let tokens = configuration.tokenKeys()
        let seats = configuration.keySeats(on: tokens)
        let ring = try await ShareFiles.source(
            KeyRing(vault: vault, tokens: tokens),
            try ShareFiles.read(shares),
            in: ledger
        )
        let keys = IssuerKeys(ledger: ledger, keys: ring)
        let publisher = CRLPublisher(
            ledger: ledger,
            keys: keys,
            addresses: configuration.addresses,
            clock: SystemClock(),
            schedule: CRLSchedule(
                interval: Int64(configuration.crl.intervalHours) * 3_600,
                validity: Int64(configuration.crl.validityHours) * 3_600
            ),
            byPeople: .byPeople,
            holder: "\(CommandActor.name), process \(getpid())"
        )
        let ports = RotationService.Ports(
            ledger: ledger,
            keys: ring,
            vault: vault,
            keyMaker: SeatedKeyMaker(vault, tokens, seats, random: OpenSSLRandomSource()),
            publisher: publisher,
            issuerKeys: keys,
            clock: SystemClock(),
            random: OpenSSLRandomSource()
        )
        let rules = RotationService.Rules(
            root: profiles.root,
            issuing: profiles.issuing,
            device: profiles.device,
            addresses: configuration.addresses,
            node: configuration.node,
            adoptionThreshold: configuration.adoptionThreshold
        )
        return RotationDesk(
            ledger: ledger,
            profiles: profiles,
            rules: configuration.rotation,
            service: RotationService(ports, rules: rules),
            vault: vault,
            tokens: tokens,
            seats: seats
        )
    }

    private init(
        ledger: any LedgerStore,
        profiles: ProfileFolder,
        rules: RotationSettings,
        service: RotationService,
        vault: Vault,
        tokens: TokenKeys,
        seats: KeySeats
    ) {
        self.ledger = ledger
        self.profiles = profiles
        self.rules = rules
        self.service = service
        self.vault = vault
        self.tokens = tokens
        self.seats = seats
    }

    func rotation() async throws(CommandProblem) -> KeyRotation {
        try await answer { () throws(EnrollmentError) in try await self.service.rotation() }
    }

    // MARK: Steps

    /// What a verb comes to.
    ///
    /// - Throws: ``CommandProblem`` that says what is in the way, and what still hangs on an issuer.
    func change(
        _ verb: RotationVerb,
        _ id: String,
        in rotation: KeyRotation,
        overriding override: String?
    ) async throws(CommandProblem) -> RotationChange {
        let refusal: RotationRefusal
        do throws(RotationRefusal) {
            return try rotation.change(verb, id, overriding: override)
        } catch {
            refusal = error
        }
        switch refusal.reason {
        case .unknown: throw IssuerTarget.unknown(id, in: rotation)
        case .issuersBelow(let ids):
            let lines = ids.compactMap { rotation.standing(of: $0) }.map { below in
                ("used by", "issuer \(below.id), \(below.state.rawValue), until \(CAStatusScreen.day(below.notAfter))")
            }
            throw CommandProblem(refusal, usedBy: lines)
        case .inUse(let count):
            let users = try await answer { () throws(EnrollmentError) in
                try await IssuerUse.lines(of: id, count: count, in: self.ledger, at: rotation.now)
            }
            throw CommandProblem(refusal, usedBy: users)
        default: throw CommandProblem(refusal)
        }
    }

    func rehearse(
        _ change: RotationChange,
        in rotation: KeyRotation,
        by act: AdministrativeAct
    ) async throws(CommandProblem) {
        try await Self.step { () throws(EnrollmentError) in
            try await self.service.rehearse(change, in: rotation, by: act)
        }
    }

    func carryOut(
        _ change: RotationChange,
        in rotation: KeyRotation,
        by act: AdministrativeAct
    ) async throws(CommandProblem) {
        try await Self.step { () throws(EnrollmentError) in
            try await self.service.carryOut(change, in: rotation, by: act)
        }
    }

    // MARK: A new issuer

    /// Does all of it with a throw-away key; a token is only asked whether it is there and takes the PIN.
    func rehearse(_ plan: PreparationPlan) async throws(CommandProblem) {
        if case .elsewhere(_, let certificate) = plan.way {
            return try await Self.step { () throws(EnrollmentError) in
                try await self.service.rehearseAdmission(root: certificate, id: plan.issuerID)
            }
        }
        let maker = try self.maker(plan.way)
        // What an offline root is to sign is made when it is asked.
        if case .offline = plan.way {
            return try await answer { () throws(EnrollmentError) in try await maker.ensureReach() }
        }
        _ = try await Self.step { () throws(EnrollmentError) in
            try await self.service.rehearse(Self.order(plan), keyMaker: maker)
        }
    }

    func prepare(_ plan: PreparationPlan, by act: AdministrativeAct) async throws(CommandProblem) -> IssuerRecord {
        if case .elsewhere(_, let certificate) = plan.way {
            return try await Self.step { () throws(EnrollmentError) in
                try await self.service.admit(root: certificate, id: plan.issuerID, by: act)
            }
        }
        let maker = try self.maker(plan.way)
        return try await Self.step { () throws(EnrollmentError) in
            try await self.service.prepare(Self.order(plan), keyMaker: maker, by: act)
        }
    }

    private static func order(_ plan: PreparationPlan) -> RotationService.Order {
        RotationService.Order(id: plan.issuerID, role: plan.role, key: plan.algorithm.key)
    }

    /// The token on which the next key of a role is made when nobody says where; `nil` for the store.
    func seat(of role: IssuerRecord.Role, in rotation: KeyRotation) async throws(CommandProblem) -> String? {
        let seat = try await Self.step { () throws(EnrollmentError) in
            try self.seats.seat(of: role, after: rotation.latest(role)?.issuer)
        }
        return switch seat {
        case .store: nil
        case .token(let name): name
        }
    }

    private func maker(_ way: KeyWay) throws(CommandProblem) -> any IssuerKeyMaker {
        switch way {
        case .sealed, .offline(_, nil), .elsewhere: return SealedKeyMaker(vault: self.vault, tokens: self.tokens)
        case .token(let name), .offline(_, let name?):
            do throws(EnrollmentError) {
                return try TokenKeyMaker(name, of: self.tokens, random: OpenSSLRandomSource())
            } catch {
                throw CommandProblem(error)
            }
        }
    }

    // MARK: A compromise

    /// What declaring it compromised would come to.
    func courseOfCompromise(_ id: String, in rotation: KeyRotation, freezing: Bool) -> CompromiseCourse {
        self.service.courseOfCompromise(id, in: rotation, freezing: freezing)
    }

    /// Whether a key is here, or was opened by the shares that were given.
    func isAtHand(_ issuer: IssuerRecord) -> Bool { self.service.isAtHand(issuer) }

    /// - Returns: The moves that would be made, in their order.
    func rehearse(
        _ plan: CompromisePlan,
        freezing: Bool,
        by act: AdministrativeAct
    ) async throws(CommandProblem) -> [RotationChange.Move] {
        try await Self.step { () throws(EnrollmentError) in
            try await self.service.rehearseCompromise(plan.standing.id, freezing: freezing, by: act)
        }
    }

    /// - Returns: The moves, in the order in which they were made.
    func declare(
        _ plan: CompromisePlan,
        freezing: Bool,
        by act: AdministrativeAct
    ) async throws(CommandProblem) -> [RotationChange.Move] {
        try await Self.step { () throws(EnrollmentError) in
            try await self.service.compromise(plan.standing.id, freezing: freezing, by: act)
        }
    }

    /// What a rule of key rotation refuses is a refusal, and no failure.
    private static func step<Value>(
        _ body: () async throws(EnrollmentError) -> Value
    ) async throws(CommandProblem) -> Value {
        do throws(EnrollmentError) {
            return try await body()
        } catch {
            if let refusal = error.cause as? RotationRefusal { throw CommandProblem(refusal) }
            if error.rule.hasPrefix("ceremony.") { throw CommandProblem(ceremony: error) }
            guard error.code == .authorization, error.rule.hasPrefix("rotation.") else { throw CommandProblem(error) }
            throw CommandProblem(
                "GH-CA-001",
                error.detail,
                [("rule", error.rule)] + error.facts.map { ($0.name, $0.value) } + [("see", "gatehouse ca status")],
                exit: .refused
            )
        }
    }
}
