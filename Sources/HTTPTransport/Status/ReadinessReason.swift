/// Something that keeps the service from its work, or that somebody should know before it does.
package struct ReadinessReason: Hashable, Sendable {
    package enum Severity: String, Hashable, Sendable {
        /// The service cannot do what it is for: no traffic should be sent to it.
        case blocking
        /// It can, for now.
        case warning
    }

    /// Which part it is about, as one word such as `store` or `crl`; stable, for whoever watches.
    package let component: String
    package let severity: Severity
    /// A sentence for the operator: what is, and what to do.
    ///
    /// Holds no secret.
    package let detail: String

    package init(_ component: String, _ detail: String, severity: Severity = .blocking) {
        self.component = component
        self.severity = severity
        self.detail = detail
    }
}
