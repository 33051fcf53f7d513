import EnrollmentCore
import OpenSSLKit

/// What a step of key rotation would do now, and an id that stands for every fact that decides about it.
///
/// Figures that move with every enrollment are shown beside it and are no facts: what they come to is, such as whether a
/// threshold is met (decision 0061).
struct StepPlan: Sendable {
    let id: String
    /// One line each, sorted.
    let facts: [String]
    let change: RotationChange
    /// Issuers as they were found.
    let rotation: KeyRotation

    /// - Throws: ``EnrollmentError`` when the library makes no digest.
    init(_ change: RotationChange, in rotation: KeyRotation) throws(EnrollmentError) {
        var facts = ["verb \(change.verb.rawValue) \(change.id)"]
        facts += change.moves.map { "\($0.id) goes from \($0.from.rawValue) to \($0.to.rawValue)" }
        facts += change.announcements.map { "\($0.kind.rawValue) of \($0.id) is told" }
        facts += change.destroyedKeys.map { "the key of \($0) is destroyed" }
        facts += change.revokedIssuers.map { "the certificate of \($0.key) is revoked (\($0.value.name))" }
        if change.hurries { facts.append("devices of \(change.id) may renew early") }
        if let reason = change.overridden { facts.append("a gate is passed: \(reason)") }
        for standing in rotation.standings where Self.concerned(by: change, in: rotation).contains(standing.id) {
            facts.append(try Self.fact(of: standing.issuer))
        }
        facts.sort()
        self.facts = facts
        self.id = try PlanID.of(facts)
        self.change = change
        self.rotation = rotation
    }

    /// The issuers that the change names, and those above them.
    private static func concerned(by change: RotationChange, in rotation: KeyRotation) -> Set<String> {
        var ids = Set([change.id] + change.moves.map(\.id) + change.destroyedKeys + change.revokedIssuers.keys)
        ids.formUnion(ids.compactMap { rotation.standing(of: $0)?.issuer.signedBy })
        return ids
    }

    /// `2026-B is issuing, published, key sealed, signed by R1, certificate 0f3a…`.
    static func fact(of issuer: IssuerRecord) throws(EnrollmentError) -> String {
        let digest = try self.digest(of: issuer.certificate)
        return "\(issuer.id) is \(issuer.role.rawValue), \(issuer.state.rawValue), key \(issuer.key.place),"
            + " signed by \(issuer.signedBy), certificate \(Hexadecimal.encode(Array(digest.prefix(8))))"
    }

    static func digest(of certificate: [UInt8]) throws(EnrollmentError) -> [UInt8] {
        do throws(OpenSSLError) {
            return try Digest.sha256(certificate)
        } catch {
            throw EnrollmentError(
                .internalService,
                "The cryptographic library made no digest: \(error).",
                rule: "plan.digest",
                cause: error
            )
        }
    }
}
