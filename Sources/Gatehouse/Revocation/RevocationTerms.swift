import EnrollmentCore

/// Why certificates are revoked: for verifiers, and in a person's words.
struct RevocationTerms: Sendable {
    let reason: RevocationReason
    let mandate: Mandate

    /// The order of one transaction, which is recorded as an act of its own.
    func order(_ serialNumbers: [SerialNumber], at now: Timestamp) throws(EnrollmentError) -> RevocationOrder {
        RevocationOrder(
            serialNumbers: serialNumbers,
            reason: self.reason,
            act: try self.mandate.act(.revoke, at: now)
        )
    }

    /// The options that give them, as a shell takes them.
    var shellWords: [String] { ["--revocation-reason", self.reason.name] + self.mandate.shellWords }
}
