import EnrollmentCore

/// What declaring an issuer compromised would do now, and an id that stands for every fact that decides about it.
struct CompromisePlan: Sendable {
    /// What is looked up in the store for it.
    struct Findings: Sendable {
        /// Certificates that are to be revoked, of every issuer in ``CompromisePlan/waves``.
        var remaining = 0
        /// Devices that hold one of them; who has some of two issuers is counted twice.
        var devices = 0
        /// What an earlier run has begun, one record an issuer.
        var begun: [CompromiseRecord] = []
        /// Links in which other roots vouch for the one that is compromised, not revoked yet.
        var links = 0
        /// By successor that is to be made, where its key is made.
        var seats: [String: String] = [:]
        /// Who signed the certificate that the service's own listeners show.
        var listenerIssuer: String?
    }

    let id: String
    /// One line each, sorted.
    let facts: [String]
    let standing: IssuerStanding
    let course: CompromiseCourse
    /// Whose certificates are to be revoked: its own, or those of every issuer below a root.
    let waves: [String]
    let findings: Findings
    /// By id, whoever signed the certificate of an issuer that is stopped, and revokes it.
    let signers: [String: IssuerRecord]

    /// Who takes its place; `nil` where nobody has to.
    var successor: CompromiseCourse.Successor? {
        self.course.stops.first { $0.id == self.standing.id }?.successor
    }

    /// What this run would stop.
    var stops: [CompromiseCourse.Stop] { self.course.stops.filter { $0.waitsFor == nil } }
    /// What it cannot, before a root has certified a successor.
    var waiting: [CompromiseCourse.Stop] { self.course.stops.filter { $0.waitsFor != nil } }
    /// Whether nothing is signed from then on, until somebody takes the place of one that is stopped.
    var isFreezing: Bool { self.stops.contains { $0.frozenFor != nil } }
    /// Whether only the revoking is left of what can be done now.
    var isDeclared: Bool { self.standing.state == .compromised && self.stops.isEmpty }
    /// The one who shows the listeners' certificate and is stopped, or was; `nil` when neither.
    var listener: String? { self.findings.listenerIssuer.flatMap { self.waves.contains($0) ? $0 : nil } }

    /// - Parameters:
    ///   - standing: The issuer.
    ///   - rotation: All of them.
    ///   - course: What would be done.
    ///   - findings: What hangs on ``waves(of:in:by:)``.
    /// - Throws: ``EnrollmentError`` when the library makes no digest.
    init(
        of standing: IssuerStanding,
        in rotation: KeyRotation,
        by course: CompromiseCourse,
        _ findings: Findings
    ) throws(EnrollmentError) {
        let concerned = [standing] + course.stops.map(\.standing).filter { $0.id != standing.id }
        let waves = Self.waves(of: standing, in: rotation, by: course)
        var signers: [String: IssuerRecord] = [:]
        for issuer in concerned.map(\.issuer) where issuer.role == .issuing {
            signers[issuer.id] = rotation.standing(of: issuer.signedBy)?.issuer
        }
        var facts: Set = ["verb compromise \(standing.id)"]
        for issuer in concerned.map(\.issuer) + signers.values { facts.insert(try StepPlan.fact(of: issuer)) }
        for stop in course.stops { facts.formUnion(try Self.facts(of: stop, in: rotation, findings.seats)) }
        facts.formUnion(waves.map { "all that \($0) signed is revoked (cACompromise)" })
        // Once it is stopped, services replace that certificate by themselves, while the plan is read.
        if let listener = findings.listenerIssuer, course.stops.contains(where: { $0.id == listener }) {
            facts.insert("the certificate of the listeners was signed by \(listener)")
        }
        if findings.links > 0 { facts.insert("links to \(standing.id) are revoked (cACompromise)") }
        self.facts = facts.sorted()
        self.id = try PlanID.of(self.facts)
        self.standing = standing
        self.course = course
        self.waves = waves
        self.findings = findings
        self.signers = signers
    }

    private static func facts(
        of stop: CompromiseCourse.Stop,
        in rotation: KeyRotation,
        _ seats: [String: String]
    ) throws(EnrollmentError) -> [String] {
        var facts: [String] = []
        if let former = stop.takenBack {
            facts += ["\(former.id) cannot sign next and is taken back", try StepPlan.fact(of: former.issuer)]
        }
        switch stop.successor {
        case nil where stop.frozenFor != nil:
            facts.append("nobody takes the place of \(stop.id), and nothing is signed until somebody does")
        case nil: facts.append("nobody has to take the place of \(stop.id)")
        case .new(let id, let signer):
            let kind = Self.algorithm(after: stop).rawValue
            facts.append(
                "\(id) is made with a key \(kind), \(seats[id] ?? "nowhere yet"), certified by \(signer), to take the place of \(stop.id)"
            )
        case .published(let id), .prepared(let id):
            facts.append("\(id) takes the place of \(stop.id)")
            if let next = rotation.standing(of: id) { facts.append(try StepPlan.fact(of: next.issuer)) }
        }
        if let root = stop.waitsFor { facts.append("\(stop.id) is not stopped before \(root.id) has signed") }
        return facts
    }

    /// The kind of key that a successor is made with.
    static func algorithm(after stop: CompromiseCourse.Stop) -> InitCommand.Algorithm {
        stop.standing.issuer.algorithm ?? .ecdsaP256
    }

    /// Whose certificates are revoked with it, at once or by an earlier run.
    static func waves(
        of standing: IssuerStanding,
        in rotation: KeyRotation,
        by course: CompromiseCourse
    ) -> [String] {
        guard standing.issuer.role == .root else { return [standing.id] }
        let stopped = Set(course.stops.filter { $0.waitsFor == nil }.map(\.id))
        return rotation.standings.filter { below in
            below.issuer.signedBy == standing.id && below.id != standing.id
                && (below.state == .compromised || stopped.contains(below.id))
        }.map(\.id)
    }
}
