import EnrollmentCore

/// What declaring an issuer compromised would do now, and an id that stands for every fact that decides about it.
struct CompromisePlan: Sendable {
    /// Who signs instead.
    enum Successor: Hashable, Sendable {
        /// Published, and ready to sign.
        case published(String)
        /// Made, and to be published first.
        case prepared(String)
        /// To be made first, with a key of this kind.
        case new(String, InitCommand.Algorithm)

        var id: String {
            switch self {
            case .published(let id), .prepared(let id), .new(let id, _): id
            }
        }
    }

    let id: String
    /// One line each, sorted.
    let facts: [String]
    let standing: IssuerStanding
    /// `nil` where nobody has to take its place.
    let successor: Successor?
    /// Who signed its certificate and revokes it; `nil` for a root.
    let signer: IssuerRecord?
    /// Issuers below it that are to be stopped with it.
    let below: [IssuerStanding]
    /// Whose certificates are to be revoked: its own, or those of every issuer below a root.
    let waves: [String]
    /// Certificates that are to be revoked.
    let remaining: Int
    /// What an earlier run has begun.
    let begun: [CompromiseRecord]

    /// Whether only the revoking is left.
    var isDeclared: Bool { self.standing.state == .compromised && self.below.isEmpty }

    /// - Parameters:
    ///   - standing: The issuer.
    ///   - rotation: All of them.
    ///   - remaining: How many certificates of ``waves(of:in:)`` are not revoked yet.
    ///   - begun: What an earlier run noted, one record an issuer.
    /// - Throws: ``EnrollmentError`` when the library makes no digest.
    init(
        of standing: IssuerStanding,
        in rotation: KeyRotation,
        remaining: Int,
        begun: [CompromiseRecord]
    ) throws(EnrollmentError) {
        let issuer = standing.issuer
        let signer = issuer.role == .root ? nil : rotation.standing(of: issuer.signedBy)?.issuer
        let successor = standing.state == .active ? Self.successor(of: standing, in: rotation) : nil
        let below = Self.below(standing, in: rotation).filter { !$0.state.isFinal }
        var facts = ["verb compromise \(standing.id)", try StepPlan.fact(of: issuer)]
        if let signer { facts.append(try StepPlan.fact(of: signer)) }
        switch successor {
        case nil: facts.append("nobody has to take its place")
        case .new(let id, let algorithm):
            facts.append("\(id) is made with a key \(algorithm.rawValue) to take its place")
        case .published(let id), .prepared(let id):
            if let next = rotation.standing(of: id) { facts.append(try StepPlan.fact(of: next.issuer)) }
        }
        for standing in below { facts.append(try StepPlan.fact(of: standing.issuer)) }
        facts.sort()
        self.facts = facts
        self.id = try PlanID.of(facts)
        self.standing = standing
        self.successor = successor
        self.signer = signer
        self.below = below
        self.waves = Self.waves(of: standing, in: rotation)
        self.remaining = remaining
        self.begun = begun
    }

    /// Whose certificates are revoked with it.
    static func waves(of standing: IssuerStanding, in rotation: KeyRotation) -> [String] {
        guard standing.issuer.role == .root else { return [standing.id] }
        return Self.below(standing, in: rotation).filter { !$0.state.isOver }.map(\.id)
    }

    private static func below(_ standing: IssuerStanding, in rotation: KeyRotation) -> [IssuerStanding] {
        rotation.standings.filter { $0.issuer.signedBy == standing.id && $0.id != standing.id }
    }

    private static func successor(of standing: IssuerStanding, in rotation: KeyRotation) -> Successor {
        let role = standing.issuer.role
        if let next = rotation.next(role), rotation.isUsable(next) {
            return next.state == .published ? .published(next.id) : .prepared(next.id)
        }
        let id = RotationNaming.nextID(of: role, after: rotation.standings.map(\.id), at: rotation.now)
        return .new(id, standing.issuer.algorithm ?? .ecdsaP256)
    }
}
