/// Looks ahead: what is due when, what will have happened by when, and what would go wrong if nobody did anything.
///
/// Pure: same issuers, same rules, same plan.
public struct RotationPlanner: Sendable {
    /// The rules besides those of ``KeyRotation``.
    public struct Rules: Hashable, Sendable {
        public var issuing: RotationSchedule
        public var root: RotationSchedule
        /// Days that a device's certificate is valid.
        public var deviceDays: Int
        /// Days that an issuing authority's certificate is valid.
        public var issuingDays: Int

        public init(
            issuing: RotationSchedule = .issuing,
            root: RotationSchedule = .root,
            deviceDays: Int,
            issuingDays: Int
        ) {
            self.issuing = issuing
            self.root = root
            self.deviceDays = deviceDays
            self.issuingDays = issuingDays
        }

        func schedule(of role: IssuerRecord.Role) -> RotationSchedule {
            switch role {
            case .root: self.root
            case .issuing: self.issuing
            }
        }

        /// Days that what such an issuer signs is to be valid.
        func days(below role: IssuerRecord.Role) -> Int {
            switch role {
            case .root: self.issuingDays
            case .issuing: self.deviceDays
            }
        }
    }

    /// Days by which a step may be late before somebody is told.
    private static let grace = 1
    /// Days before the time for preparing at which an approaching end is told of.
    private static let notice = 60
    /// Days before its end by which an issuer is followed by another one at the latest.
    private static let last = 30
    /// Days after one was taken back before the schedule makes another one: whoever took it back meant it.
    private static let rest = 1

    private let rotation: KeyRotation
    private let rules: Rules
    private let listener: ServiceCertificateRecord?

    /// - Parameters:
    ///   - rotation: How things stand.
    ///   - rules: What is wanted.
    ///   - listener: What the service's own listeners show; it lives longer than devices' certificates do, and hangs on its
    ///     issuer until a service runs and replaces it.
    public init(_ rotation: KeyRotation, rules: Rules, listener: ServiceCertificateRecord? = nil) {
        self.rotation = rotation
        self.rules = rules
        self.listener = listener
    }

    public var plan: RotationPlan {
        var steps: [RotationPlan.Step] = []
        var warnings: [RotationPlan.Warning] = []
        var adoption: [String: Timestamp] = [:]
        var drained: [String: Timestamp] = [:]
        for standing in self.rotation.standings where standing.state == .published {
            adoption[standing.id] = self.adoption(of: standing)
        }
        for role in [IssuerRecord.Role.root, .issuing] {
            steps += self.stepsAhead(of: role, adoption: adoption)
            warnings += self.warnings(of: role, adoption: adoption)
        }
        for standing in self.rotation.standings {
            if standing.state == .draining { drained[standing.id] = self.drained(standing) }
            steps += self.lastSteps(of: standing, drained: drained[standing.id])
        }
        warnings += [.root, .issuing].compactMap(self.freeze)
        warnings += steps.filter(\.isMissed).map { .missed($0) }
        for root in self.rotation.standings where root.issuer.role == .root {
            warnings += self.rotation.below(compromised: root.id)
                .map { .belowCompromised(id: $0.id, root: root.id) }
        }
        return RotationPlan(
            steps: steps.sorted { ($0.due, $0.id) < ($1.due, $1.id) },
            warnings: warnings,
            adoption: adoption,
            drained: drained
        )
    }

    // MARK: The successor

    private func stepsAhead(of role: IssuerRecord.Role, adoption: [String: Timestamp]) -> [RotationPlan.Step] {
        guard let active = self.rotation.active(role) else { return [] }
        let wanted = self.succession(of: active)
        let schedule = self.rules.schedule(of: role)
        let next = self.rotation.next(role)
        let id =
            next?.id
            ?? RotationNaming.nextID(
                of: role,
                after: self.rotation.standings.map(\.id),
                at: max(wanted.due.adding(days: -schedule.overlapDays), self.rotation.now)
            )
        let isScheduled = schedule.everyMonths != nil
        let lead = wanted.due.adding(days: -schedule.overlapDays)
        var steps: [RotationPlan.Step] = []
        if next == nil {
            let begin = max(lead, self.restEnds(role) ?? lead)
            // One that would end no later is no remedy for an end: the root has to be followed first.
            let helps = wanted.reason != .end || self.isOutlived(active)
            let byItself = isScheduled && self.keyElsewhere(for: role) == nil && helps
            steps.append(self.step(.prepare, role, id, begin, byItself, wanted.reason))
            steps.append(self.step(.publish, role, id, begin, byItself, wanted.reason))
        } else if next?.state != .published {
            let byItself = isScheduled && self.keyElsewhere(for: role) == nil
            steps.append(self.step(.publish, role, id, lead, byItself, wanted.reason))
        }
        let (due, reason) = self.activation(of: next, after: wanted, overlap: schedule.overlapDays, active, adoption)
        let byItself = isScheduled && schedule.activation == .whenDue
        steps.append(self.step(.activate, role, id, due, byItself, reason))
        return steps
    }

    /// When somebody else should sign instead of the active one.
    private func succession(of active: IssuerStanding) -> (due: Timestamp, reason: RotationPlan.Reason?) {
        let schedule = self.rules.schedule(of: active.issuer.role)
        let begin = active.issuer.moments.activated ?? active.issuer.created
        let shortening = self.shortening(of: active)
        // What never lived long enough for more is not followed at once, over and over, but before it ends.
        let latest = shortening > begin ? shortening : self.lastCall(of: active, since: begin)
        guard let months = schedule.everyMonths else { return (latest, .end) }
        let due = begin.adding(months: months)
        return latest < due ? (latest, .end) : (due, nil)
    }

    /// From when on what it signs ends with it; for one that never lived long enough for anything else that was before it
    /// signed.
    private func shortening(of active: IssuerStanding) -> Timestamp {
        active.notAfter.adding(days: -self.rules.days(below: active.issuer.role))
    }

    /// When it is to be followed though what it signs was shortened from the beginning; never in the first three quarters
    /// of its life.
    private func lastCall(of active: IssuerStanding, since begin: Timestamp) -> Timestamp {
        let life = max(0, active.notAfter.seconds(since: begin))
        return active.notAfter.adding(seconds: -min(Int64(Self.last) * 86_400, life / 4))
    }

    /// Whether a successor would live longer; below a root that ends with the active one it does not.
    private func isOutlived(_ active: IssuerStanding) -> Bool {
        guard active.issuer.role == .issuing else { return true }
        return self.rotation.active(.root).map { $0.notAfter > active.notAfter } ?? false
    }

    /// When the schedule goes on after somebody took back what was to follow; `nil` when nobody did.
    private func restEnds(_ role: IssuerRecord.Role) -> Timestamp? {
        let aborted = self.rotation.standings.filter { $0.issuer.role == role && $0.state == .aborted }
        return aborted.compactMap(\.issuer.moments.ended).max()?.adding(days: Self.rest)
    }

    /// Published late, it is activated late; and a root when devices know it.
    private func activation(
        of next: IssuerStanding?,
        after wanted: (due: Timestamp, reason: RotationPlan.Reason?),
        overlap: Int,
        _ active: IssuerStanding,
        _ adoption: [String: Timestamp]
    ) -> (due: Timestamp, reason: RotationPlan.Reason?) {
        var (due, reason) = wanted
        if let published = next?.issuer.moments.published {
            // But not so late that there would be nobody to sign.
            let ripe = min(published.adding(days: overlap), active.notAfter.adding(days: -1))
            if ripe > due { (due, reason) = (ripe, .overlap) }
        }
        if let next, next.issuer.role == .root, let adopted = adoption[next.id], adopted > due {
            (due, reason) = (adopted, .adoption)
        }
        return (due, reason)
    }

    /// The root whose key is not at hand and has to sign before the next one of the role is published; `nil` for none.
    ///
    /// An issuing authority's certificate comes by the active root; two roots sign each other's links.
    private func keyElsewhere(for role: IssuerRecord.Role) -> IssuerRecord? {
        let next = self.rotation.next(role)
        let signers: [IssuerStanding?] =
            switch role {
            case .issuing: next == nil ? [self.rotation.active(.root)] : []
            case .root: [self.rotation.active(.root), next]
            }
        return signers.compactMap { $0?.issuer }.first { !$0.key.isAtHand }
    }

    // MARK: Forecasts

    /// At the pace since it was published; all have renewed when the certificates of then have ended.
    private func adoption(of standing: IssuerStanding) -> Timestamp {
        let now = self.rotation.now
        guard !self.rotation.isAdopted(standing) else { return now }
        let published = standing.issuer.moments.published ?? standing.issuer.created
        let latest = max(now, published.adding(days: self.rules.deviceDays))
        let elapsed = now.seconds(since: published)
        let needed = (self.rotation.liveDevices * self.rotation.adoptionThreshold + 99) / 100
        guard standing.knowingDevices > 0, elapsed >= 86_400 else { return latest }
        let seconds = Double(elapsed) * Double(needed) / Double(standing.knowingDevices)
        guard seconds < Double(latest.seconds(since: published)) else { return latest }
        return published.adding(seconds: Int64(seconds.rounded(.up)))
    }

    /// What was signed last ends last, unless it is replaced before.
    private func drained(_ standing: IssuerStanding) -> Timestamp {
        guard standing.liveCertificates > 0 else { return self.rotation.now }
        switch standing.issuer.role {
        case .issuing:
            let deposed = standing.issuer.moments.deposed ?? self.rotation.now
            let devices = min(standing.notAfter, deposed.adding(days: self.rules.deviceDays))
            let shown = self.listener.flatMap { $0.chain.contains(standing.issuer.certificate) ? $0.notAfter : nil }
            return max(self.rotation.now, devices, shown ?? devices)
        case .root:
            let below = self.rotation.standings.filter {
                $0.issuer.signedBy == standing.id && $0.id != standing.id && !$0.state.isFinal
            }
            return below.map(\.notAfter).max() ?? self.rotation.now
        }
    }

    private func lastSteps(of standing: IssuerStanding, drained: Timestamp?) -> [RotationPlan.Step] {
        switch standing.state {
        case .draining:
            let due = drained ?? self.rotation.now
            return [
                self.step(.drained, standing.issuer.role, standing.id, due, true, .draining),
                self.step(.retire, standing.issuer.role, standing.id, due, false, .draining),
            ].map { self.unhurried($0) }
        case .crlOnly:
            let step = self.step(.retire, standing.issuer.role, standing.id, self.rotation.now, false, .draining)
            return [self.unhurried(step)]
        case .prepared, .published, .active, .retired, .aborted, .compromised: return []
        }
    }

    /// Nothing is lost by doing it later.
    private func unhurried(_ step: RotationPlan.Step) -> RotationPlan.Step {
        RotationPlan.Step(
            kind: step.kind,
            role: step.role,
            id: step.id,
            due: step.due,
            isMissed: false,
            isAutomatic: step.isAutomatic,
            reason: step.reason
        )
    }

    // MARK: Warnings

    /// With the command that leads out of it.
    private func freeze(of role: IssuerRecord.Role) -> RotationPlan.Warning? {
        guard let stopped = self.rotation.frozen(role) else { return nil }
        if let next = self.rotation.next(role), self.rotation.isUsable(next) {
            return .nobodySigns(
                id: stopped.id,
                next: "ca \(next.state == .prepared ? "publish" : "activate") \(next.id)"
            )
        }
        if let next = self.rotation.next(role) { return .nobodySigns(id: stopped.id, next: "ca abort \(next.id)") }
        let prepare = "ca prepare" + (role == .root ? " --role root" : "")
        guard role == .issuing, let root = self.rotation.active(.root)?.issuer, !root.key.isAtHand else {
            return .nobodySigns(id: stopped.id, next: prepare)
        }
        let way = root.key.place == "split" ? "--share-file FILE" : "--offline FILE"
        return .nobodySigns(id: stopped.id, next: "\(prepare) \(way)")
    }

    private func warnings(
        of role: IssuerRecord.Role,
        adoption: [String: Timestamp]
    ) -> [RotationPlan.Warning] {
        guard let active = self.rotation.active(role) else { return [] }
        let now = self.rotation.now
        let schedule = self.rules.schedule(of: role)
        let shortening = self.shortening(of: active)
        var warnings: [RotationPlan.Warning] = []
        if active.notAfter <= now {
            warnings.append(.ended(id: active.id, at: active.notAfter))
        } else if shortening <= now {
            warnings.append(.shortens(id: active.id, days: Int(active.notAfter.seconds(since: now) / 86_400)))
        } else if shortening.adding(days: -schedule.overlapDays - Self.notice) <= now {
            warnings.append(.willShorten(id: active.id, from: shortening))
        }
        if schedule.everyMonths != nil, self.rotation.next(role)?.state != .published,
            self.succession(of: active).due.adding(days: -schedule.overlapDays) <= now,
            let root = self.keyElsewhere(for: role)
        {
            warnings.append(.keyElsewhere(id: root.id, place: root.key.place))
        }
        if let next = self.rotation.next(role), let adopted = adoption[next.id], adopted > active.notAfter {
            let missing = self.rotation.liveDevices - next.knowingDevices
            warnings.append(.adoptionTooSlow(id: next.id, count: missing, end: active.notAfter))
        }
        return warnings
    }

    private func step(
        _ kind: RotationPlan.Step.Kind,
        _ role: IssuerRecord.Role,
        _ id: String,
        _ due: Timestamp,
        _ isAutomatic: Bool,
        _ reason: RotationPlan.Reason?
    ) -> RotationPlan.Step {
        RotationPlan.Step(
            kind: kind,
            role: role,
            id: id,
            due: due,
            isMissed: due.adding(days: Self.grace) < self.rotation.now,
            isAutomatic: isAutomatic,
            reason: reason
        )
    }
}
