/// Something that keeps the service from its work, or that somebody should know before it does.
package struct ReadinessReason: Hashable, Sendable {
    package enum Severity: String, Hashable, Sendable {
        /// The service cannot do what it is for: no traffic should be sent to it.
        case blocking
        /// It can, for now.
        case warning
    }

    /// What a blocking reason keeps the service from.
    package enum Effect: String, Hashable, Sendable {
        /// Enrolling and renewing; what is only read out, as CRLs and answers about certificates are, goes on.
        case enrollment
        /// Everything.
        case everything
    }

    /// Which part it is about, as one word such as `store` or `crl`; stable, for whoever watches.
    package let component: String
    package let severity: Severity
    package let effect: Effect
    /// A sentence for the operator: what is, and what to do.
    ///
    /// Holds no secret.
    package let detail: String

    package init(
        _ component: String,
        _ detail: String,
        severity: Severity = .blocking,
        effect: Effect = .everything
    ) {
        self.component = component
        self.severity = severity
        self.effect = effect
        self.detail = detail
    }
}
