import ServiceRuntime

/// Wake what keeps itself up to date as soon as somebody knows that there is something new; each looks again after a while
/// in any case.
struct ChangeBells: Sendable {
    /// The revocation log went on.
    let revocation = Doorbell()
    /// A CRL was published.
    let publication = Doorbell()
    /// An issuer, or one of the service's own certificates, is new.
    let authority = Doorbell()
    /// Replicas agreed on something else.
    let agreement = Doorbell()

    func ringAll() {
        for bell in [self.revocation, self.publication, self.authority, self.agreement] { bell.ring() }
    }
}
