import Authority
import EnrollmentCore
import Ledger

/// Asks whether issuers are followed by new ones in time, and whether what an offline root signs is fresh.
struct RotationChecks {
    /// A ceremony takes days to arrange.
    private static let listEndurance = Endurance(warning: 21, failure: 3)

    /// Days after which somebody asks where an answer is.
    private static let ceremonyDays = 7

    let examination: Examination

    func findings() async throws(EnrollmentError) -> [Finding] {
        guard let profiles = self.examination.profiles else {
            return [.skipped("rotation", "profiles cannot be read, so nobody knows how long certificates have to live")]
        }
        let configuration = self.examination.configuration
        let now = self.examination.now
        let rotation = try KeyRotation(
            try await self.examination.ledger.issuerFigures(at: now),
            adoptionThreshold: configuration.rotation.adoptionThreshold,
            now: now
        )
        let plan = RotationPlanner(rotation, rules: configuration.rotationRules(profiles)).plan
        var findings = plan.warnings.map(self.judge)
        if findings.isEmpty { findings.append(.ok("rotation", self.outlook(plan))) }
        return findings + (try await self.lists(rotation)) + (try await self.ceremonies())
    }

    /// What an offline root was asked for, and has not answered.
    private func ceremonies() async throws(EnrollmentError) -> [Finding] {
        try await self.examination.ledger.ceremonies().filter { $0.state == .open }.map { ceremony in
            let name = "ceremony \(ceremony.id)"
            let age = self.examination.now.seconds(since: ceremony.created)
            let what =
                "asked a root \(Numerals.duration(age)) ago (\(ceremony.kind.rawValue), for \(ceremony.issuerID)),"
                + " and its answer was not taken in yet"
            guard age > Int64(Self.ceremonyDays) * 86_400 else { return .ok(name, what) }
            return Finding(
                .warning,
                name,
                what,
                remedy: "gatehouse ca import ANSWER, or gatehouse ca ceremonies --withdraw \(ceremony.id) --reason …"
            )
        }
    }

    private func judge(_ warning: RotationPlan.Warning) -> Finding {
        switch warning {
        case .ended(let id, _):
            Finding(.failure, "rotation \(id)", warning.sentence, remedy: "gatehouse ca prepare")
        case .shortens(let id, _):
            Finding(.failure, "rotation \(id)", warning.sentence, remedy: "gatehouse ca plan")
        case .belowCompromised(let id, let root):
            Finding(.failure, "rotation \(id)", warning.sentence, remedy: "gatehouse ca compromise \(root)")
        case .willShorten(let id, _):
            Finding(.warning, "rotation \(id)", warning.sentence, remedy: "gatehouse ca prepare")
        case .missed(let step):
            Finding(.warning, "rotation \(step.id)", warning.sentence, remedy: Self.remedy(step))
        case .keyElsewhere(let id, let place):
            Finding(.warning, "rotation \(id)", warning.sentence, remedy: "gatehouse ca prepare \(Self.key(at: place))")
        case .adoptionTooSlow(let id, _, _):
            Finding(.warning, "rotation \(id)", warning.sentence, remedy: "gatehouse ca adoption \(id) --missing")
        }
    }

    /// How a command comes by a root's key.
    private static func key(at place: String) -> String {
        place == "split" ? "--share-file FILE …" : "--offline FILE"
    }

    private static func remedy(_ step: RotationPlan.Step) -> String {
        switch step.kind {
        case .prepare: "gatehouse ca prepare --role \(step.role.rawValue)"
        case .publish, .activate, .retire: "gatehouse ca \(step.kind.rawValue) \(step.id)"
        case .drained: "gatehouse ca drain \(step.id)"
        }
    }

    private func outlook(_ plan: RotationPlan) -> String {
        guard let next = plan.steps.first(where: { $0.due > self.examination.now }) else {
            return "nothing is due, nothing is late"
        }
        return "nothing is late; next: \(next.kind.rawValue) \(next.id) at \(next.due)"
    }

    /// The service cannot replace CRLs of a root whose key is elsewhere.
    private func lists(_ rotation: KeyRotation) async throws(EnrollmentError) -> [Finding] {
        let roots = rotation.standings.filter {
            $0.issuer.role == .root && $0.issuer.isTrustworthy && !$0.issuer.key.isAtHand
        }
        guard !roots.isEmpty else { return [] }
        let standings = try await self.examination.ledger.shards()
        return roots.map { root in
            let name = "crl \(root.id)"
            let remedy = "gatehouse crl publish \(root.id) \(Self.key(at: root.issuer.key.place))"
            let published = standings.filter { $0.shard.issuerID == root.id }.compactMap { $0.published?.nextUpdate }
            guard let first = published.min() else {
                return Finding(.warning, name, "never published: its key is \(root.issuer.key.place)", remedy: remedy)
            }
            return Self.listEndurance.judge(
                name,
                end: first,
                at: self.examination.now,
                "the CRL of \(root.id), whose key is \(root.issuer.key.place),",
                remedy: remedy
            )
        }
    }
}
