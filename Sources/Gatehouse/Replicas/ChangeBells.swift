import Ledger
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
    /// There are events to be sent.
    let feed = Doorbell()
    /// Something happened to a certificate or a device that memory may hold.
    let identities = Doorbell()
    /// Whoever waits for events may have some.
    let readers = Doorbell()

    func ring(for change: StoreChange) {
        switch change {
        case .revocation:
            self.revocation.ring()
            // For what waits to be published.
            self.publication.ring()
            self.identities.ring()
        case .crl: self.publication.ring()
        case .authority:
            self.authority.ring()
            // Who signs answers is read there.
            self.revocation.ring()
        case .agreement: self.agreement.ring()
        case .events:
            self.feed.ring()
            self.readers.ring()
            self.identities.ring()
        case .anything:
            for bell in [
                self.revocation, self.publication, self.authority, self.agreement, self.feed, self.identities,
                self.readers,
            ] {
                bell.ring()
            }
        }
    }
}

/// Hears what other processes changed in the store, and wakes whatever it concerns.
struct ChangeRelay: Service {
    let name = "changes"
    let ledger: any LedgerStore
    let bells: ChangeBells

    func run(until shutdown: ShutdownSignal) async throws {
        await withDiscardingTaskGroup { group in
            group.addTask {
                for await change in self.ledger.changes() { self.bells.ring(for: change) }
            }
            await shutdown.wait()
            group.cancelAll()
        }
    }
}
