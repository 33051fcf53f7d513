/// All issuers at one moment, and what may be done with them: the rules of key rotation as a pure value.
///
///     prepared → published → active → draining → crl-only → retired     aborted ← prepared, published
///                                any of them but the last two → compromised
///
/// Of each role at most one is `prepared` or `published`, and exactly one is `active` once the authority is founded; none
/// from when an active one was compromised with nobody to take its place until its successor is activated.
public struct KeyRotation: Hashable, Sendable {
    /// Oldest first.
    public let standings: [IssuerStanding]
    /// Devices that fill a slot and hold a valid certificate.
    public let liveDevices: Int
    /// Percent of ``liveDevices`` that have to know a root before it is activated.
    public let adoptionThreshold: Int
    public let now: Timestamp

    public init(standings: [IssuerStanding], liveDevices: Int, adoptionThreshold: Int, now: Timestamp) {
        self.standings = standings
        self.liveDevices = liveDevices
        self.adoptionThreshold = adoptionThreshold
        self.now = now
    }

    public func standing(of id: String) -> IssuerStanding? {
        self.standings.first { $0.id == id }
    }

    /// The one that signs now.
    public func active(_ role: IssuerRecord.Role) -> IssuerStanding? {
        self.standings.last { $0.issuer.role == role && $0.state == .active }
    }

    /// The one that was stopped with nobody to take its place, for as long as nobody has; `nil` when somebody signs.
    public func frozen(_ role: IssuerRecord.Role) -> IssuerStanding? {
        guard self.active(role) == nil else { return nil }
        let stopped = self.standings.filter { $0.issuer.role == role && $0.state == .compromised }
        let zero = Timestamp(seconds: 0)
        return stopped.max { ($0.issuer.moments.ended ?? zero) < ($1.issuer.moments.ended ?? zero) }
    }

    /// Whom the next one of a role follows: who signs, or was stopped with nobody in its place.
    public func latest(_ role: IssuerRecord.Role) -> IssuerStanding? { self.active(role) ?? self.frozen(role) }

    /// Those below a compromised root: nobody may rely on what they sign, whatever their own state says.
    public func below(compromised root: String) -> [IssuerStanding] {
        guard self.standing(of: root)?.state == .compromised else { return [] }
        return self.standings.filter { $0.issuer.signedBy == root && $0.id != root && !$0.state.isFinal }
    }

    /// The one that is to sign next.
    public func next(_ role: IssuerRecord.Role) -> IssuerStanding? {
        self.standings.last { $0.issuer.role == role && ($0.state == .prepared || $0.state == .published) }
    }

    /// Whether so many devices know it that it may be relied on; of a fleet without devices everybody does.
    public func isAdopted(_ standing: IssuerStanding) -> Bool {
        standing.knowingDevices * 100 >= self.liveDevices * self.adoptionThreshold
    }

    /// Whether an issuer of that id and role may be prepared.
    ///
    /// - Throws: ``RotationRefusal`` that says what is in the way.
    public func judgePreparation(of id: String, as role: IssuerRecord.Role) throws(RotationRefusal) {
        if self.standing(of: id) != nil { throw RotationRefusal(.prepare, id, .idTaken) }
        if let next = self.next(role) { throw RotationRefusal(.prepare, id, .nextExists(next.id, next.state)) }
        guard role == .issuing else { return }
        guard let root = self.active(.root) else { throw RotationRefusal(.prepare, id, .noActiveRoot) }
        if root.notAfter <= self.now { throw RotationRefusal(.prepare, id, .signerEnded(root.id, root.notAfter)) }
    }

    /// What the verb comes to for the issuer `id`.
    ///
    /// - Parameters:
    ///   - verb: Any but `prepare`, which makes an issuer instead of moving one: ``judgePreparation(of:as:)``.
    ///   - id: The issuer.
    ///   - override: Why a gate is to be passed all the same.
    ///   - freezing: Whether an active issuer is compromised though nobody can take its place: nothing is signed then.
    /// - Returns: The change; one without moves for an issuer that is there already.
    /// - Throws: ``RotationRefusal`` that says what is in the way.
    public func change(
        _ verb: RotationVerb,
        _ id: String,
        overriding override: String? = nil,
        freezing: Bool = false
    ) throws(RotationRefusal) -> RotationChange {
        guard let standing = self.standing(of: id) else { throw RotationRefusal(verb, id, .unknown) }
        if standing.state == verb.outcome { return RotationChange(verb: verb, id: id, moves: []) }
        switch verb {
        case .prepare: throw RotationRefusal(verb, id, .idTaken)
        case .publish: return try self.publication(of: standing)
        case .activate: return try self.activation(of: standing, override)
        case .drain: return try self.hurry(standing)
        case .retire: return try self.retirement(of: standing)
        case .abort: return try self.abortion(of: standing)
        case .compromise: return try self.compromise(of: standing, freezing)
        }
    }

    /// Draining issuers on which nothing hangs any more: what is left of them is their CRLs.
    public var drained: [RotationChange] {
        self.standings.filter { $0.state == .draining && $0.liveCertificates == 0 }.map {
            RotationChange(
                verb: .drain,
                id: $0.id,
                moves: [RotationChange.Move(id: $0.id, from: .draining, to: .crlOnly)],
                needsNothingLive: true
            )
        }
    }

    // MARK: Verbs

    private func publication(of standing: IssuerStanding) throws(RotationRefusal) -> RotationChange {
        guard standing.state == .prepared else { throw Self.refusal(.publish, standing, wants: [.prepared]) }
        try self.requireUsable(standing, for: .publish)
        return RotationChange(
            verb: .publish,
            id: standing.id,
            moves: [RotationChange.Move(id: standing.id, from: .prepared, to: .published)],
            announcements: [RotationChange.Announcement(kind: .trustPublished, id: standing.id)]
        )
    }

    private func activation(
        of standing: IssuerStanding,
        _ override: String?
    ) throws(RotationRefusal) -> RotationChange {
        guard standing.state == .published else { throw Self.refusal(.activate, standing, wants: [.published]) }
        try self.requireUsable(standing, for: .activate)
        var overridden: String?
        if standing.issuer.role == .root, !self.isAdopted(standing) {
            guard let override else {
                let missing = self.liveDevices - standing.knowingDevices
                throw RotationRefusal(
                    .activate,
                    standing.id,
                    .notAdopted(missing: missing, of: self.liveDevices, threshold: self.adoptionThreshold)
                )
            }
            overridden = override
        }
        let former = self.standings.filter { $0.issuer.role == standing.issuer.role && $0.state == .active }
        let moves =
            [RotationChange.Move(id: standing.id, from: .published, to: .active)]
            + former.map { RotationChange.Move(id: $0.id, from: .active, to: .draining) }
        return RotationChange(
            verb: .activate,
            id: standing.id,
            moves: moves,
            announcements: [RotationChange.Announcement(kind: .trustActivated, id: standing.id)],
            overridden: overridden
        )
    }

    private func hurry(_ standing: IssuerStanding) throws(RotationRefusal) -> RotationChange {
        guard standing.state == .draining else { throw Self.refusal(.drain, standing, wants: [.draining]) }
        return RotationChange(
            verb: .drain,
            id: standing.id,
            moves: [],
            hurries: standing.issuer.moments.hurried == nil
        )
    }

    private func retirement(of standing: IssuerStanding) throws(RotationRefusal) -> RotationChange {
        guard standing.state == .draining || standing.state == .crlOnly else {
            throw Self.refusal(.retire, standing, wants: [.draining, .crlOnly])
        }
        guard standing.liveCertificates == 0 else {
            throw RotationRefusal(.retire, standing.id, self.use(of: standing))
        }
        return RotationChange(
            verb: .retire,
            id: standing.id,
            moves: [RotationChange.Move(id: standing.id, from: standing.state, to: .retired)],
            announcements: [RotationChange.Announcement(kind: .trustRetired, id: standing.id)],
            destroyedKeys: [standing.id],
            needsNothingLive: true
        )
    }

    private func abortion(of standing: IssuerStanding) throws(RotationRefusal) -> RotationChange {
        guard standing.state == .prepared || standing.state == .published else {
            throw Self.refusal(.abort, standing, wants: [.prepared, .published])
        }
        guard standing.liveCertificates == 0 else {
            throw RotationRefusal(.abort, standing.id, self.use(of: standing))
        }
        return RotationChange(
            verb: .abort,
            id: standing.id,
            moves: [RotationChange.Move(id: standing.id, from: standing.state, to: .aborted)],
            // Who was told of it hears that it is gone.
            announcements: standing.state == .published
                ? [RotationChange.Announcement(kind: .trustRetired, id: standing.id)] : [],
            destroyedKeys: [standing.id],
            revokedIssuers: standing.issuer.role == .issuing ? [standing.id: .cessationOfOperation] : [:],
            needsNothingLive: true
        )
    }

    /// The successor's own steps come before: see ``successor(of:)``.
    private func compromise(
        of standing: IssuerStanding,
        _ freezing: Bool
    ) throws(RotationRefusal) -> RotationChange {
        switch standing.state {
        case .retired, .aborted, .compromised:
            throw Self.refusal(
                .compromise,
                standing,
                wants: [.prepared, .published, .active, .draining, .crlOnly]
            )
        case .prepared, .published, .active, .draining, .crlOnly: break
        }
        var moves = [RotationChange.Move(id: standing.id, from: standing.state, to: .compromised)]
        // Of one that was only prepared nobody was told.
        var announcements =
            standing.state == .prepared ? [] : [RotationChange.Announcement(kind: .trustRetired, id: standing.id)]
        if standing.state == .active {
            // In the same step, so that somebody signs at every moment.
            if let successor = self.successor(of: standing) {
                moves.append(RotationChange.Move(id: successor.id, from: .published, to: .active))
                announcements.append(RotationChange.Announcement(kind: .trustActivated, id: successor.id))
            } else if !freezing {
                throw RotationRefusal(.compromise, standing.id, .noSuccessor)
            }
        }
        return RotationChange(
            verb: .compromise,
            id: standing.id,
            moves: moves,
            announcements: announcements,
            revokedIssuers: standing.issuer.role == .issuing ? [standing.id: .cACompromise] : [:]
        )
    }

    /// Who can take the place of an active issuer at once; `nil` as long as nobody can.
    public func successor(of standing: IssuerStanding) -> IssuerStanding? {
        guard let next = self.next(standing.issuer.role), next.state == .published, self.isUsable(next) else {
            return nil
        }
        return next
    }

    /// Whether what it signs could be relied on: neither it nor the issuer above it has ended or is compromised.
    public func isUsable(_ standing: IssuerStanding) -> Bool {
        self.obstacle(to: standing) == nil
    }

    /// What hangs on a root is issuers, and no device.
    private func use(of standing: IssuerStanding) -> RotationRefusal.Reason {
        let below = self.standings.filter {
            $0.issuer.signedBy == standing.id && $0.id != standing.id && $0.issuer.key != .destroyed
                && $0.state != .compromised
        }
        return standing.issuer.role == .root && !below.isEmpty
            ? .issuersBelow(below.map(\.id)) : .inUse(standing.liveCertificates)
    }

    private func requireUsable(
        _ standing: IssuerStanding,
        for verb: RotationVerb
    ) throws(RotationRefusal) {
        if let reason = self.obstacle(to: standing) { throw RotationRefusal(verb, standing.id, reason) }
    }

    private func obstacle(to standing: IssuerStanding) -> RotationRefusal.Reason? {
        if standing.notAfter <= self.now { return .ended(standing.notAfter) }
        guard standing.issuer.role == .issuing else { return nil }
        guard let above = self.standing(of: standing.issuer.signedBy) else { return .noActiveRoot }
        return above.state == .compromised ? .signerCompromised(above.id) : nil
    }

    private static func refusal(
        _ verb: RotationVerb,
        _ standing: IssuerStanding,
        wants: [IssuerRecord.State]
    ) -> RotationRefusal {
        RotationRefusal(verb, standing.id, .state(standing.state, wants: wants))
    }
}
