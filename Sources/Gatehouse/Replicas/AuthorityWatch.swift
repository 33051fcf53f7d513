import Authority
import EnrollmentCore
import Ledger
import Logging
import ServiceRuntime
import Synchronization
import TLSTransport

/// Takes up what happened to issuers and to the listeners' certificate, whichever process did it.
final class AuthorityWatch: Service {
    private static let period = Duration.seconds(1)

    private struct State {
        var issuers: [IssuerRecord]
        var links: [LinkCertificate]
        /// Of the listeners' certificate.
        var serial: SerialNumber?
        /// Whether new connections still get what was in effect before the last change.
        var isContextStale = false
    }

    let name = "authority"
    private let ledger: any LedgerStore
    private let authority: CurrentAuthority
    private let current: CurrentGraph
    private let contexts: TLSContextSource
    private let tls: TLSSetup
    private let sealing: SealingWatch
    private let published: PublishedIssuers
    private let logger: Logger
    private let state: Mutex<State>
    private let bell: Doorbell

    /// - Parameters:
    ///   - foundation: The store, what opens it, and who signs new certificates by what `issuers` says.
    ///   - issuers: As of now.
    ///   - links: As of now.
    ///   - serial: Of the certificate that `contexts` shows now.
    ///   - current: Whose configuration names further certificates.
    ///   - contexts: What new connections are made with.
    ///   - tls: Makes the next.
    ///   - sealing: Follows a change of the passphrase.
    ///   - published: What the plain listener serves.
    ///   - bell: Rings when something happened.
    ///   - logger: Hears of changes.
    init(
        _ foundation: ServiceGraph.Foundation,
        issuers: [IssuerRecord],
        links: [LinkCertificate],
        serial: SerialNumber?,
        current: CurrentGraph,
        contexts: TLSContextSource,
        tls: TLSSetup,
        sealing: SealingWatch,
        published: PublishedIssuers,
        bell: Doorbell,
        logger: Logger
    ) {
        self.ledger = foundation.ledger
        self.authority = foundation.authority
        self.current = current
        self.contexts = contexts
        self.tls = tls
        self.sealing = sealing
        self.published = published
        self.bell = bell
        self.logger = logger
        self.state = Mutex(State(issuers: issuers, links: links, serial: serial))
    }

    func run(until shutdown: ShutdownSignal) async throws {
        await self.repeatedly(every: Self.period, orWhen: self.bell, until: shutdown) { await self.look() }
    }

    private func look() async {
        let known = self.state.withLock { $0 }
        do throws(EnrollmentError) {
            // First: what has been sealed since a change of the passphrase opens only after this.
            let reopened = try await self.sealing.look(
                at: try await self.ledger.sealingParameters(),
                passphrase: self.current.value.configuration.passphrase
            )
            let issuers = try await self.ledger.issuers()
            let links = try await self.ledger.links()
            let serial = try await self.ledger.serviceCertificate(for: "tls")?.serialNumber
            let isChanged = issuers != known.issuers || links != known.links
            if isChanged {
                try await self.authority.take(issuers)
                self.published.replace(with: issuers, links: links)
                self.logger.notice(
                    "issuers changed",
                    metadata: ["active": "\(self.authority.signer)", "issuers": "\(issuers.count)"]
                )
            }
            var isStale = known.isContextStale || reopened || isChanged || serial != known.serial
            if isStale {
                let configuration = self.current.value.configuration
                isStale =
                    !(await self.contexts.renew(
                        by: self.tls,
                        for: configuration,
                        isRepeated: known.isContextStale,
                        self.logger
                    ))
            }
            self.state.withLock { $0 = State(issuers: issuers, links: links, serial: serial, isContextStale: isStale) }
        } catch {
            // Of a store that is away readiness tells; what is in the way of a change is told each time it is tried.
            guard error.code != .inMaintenance else { return }
            self.logger.error(
                "a change of issuers or of the TLS certificate is not in effect",
                metadata: ["rule": "\(error.rule)", "detail": "\(error.detail)"]
            )
        }
    }
}
