import Authority
import EnrollmentCore
import Ledger
import Logging
import ServiceRuntime
import Synchronization

/// Everything about revocation and the service's own certificates, put together.
struct RevocationSetup: Sendable {
    let keys: IssuerKeys
    let publisher: CRLPublisher
    let responder: OCSPResponder
    let service: RevocationService
    let shelf: RevocationShelf

    /// - Parameters:
    ///   - configuration: As of the start; its times of CRLs and answers hold until the next one.
    ///   - profiles: What the service's own certificates say.
    ///   - foundation: The store and what opens it.
    ///   - cooperation: How the work is shared with other replicas.
    ///   - asOf: Up to which moment the store shows what happened; `nil` for the present.
    ///   - logger: Hears what was published and renewed, and what was not.
    ///   - onServerCertificate: Called when the listeners' certificate was renewed here.
    /// - Throws: ``CommandProblem`` when there are no random numbers.
    init(
        _ configuration: Configuration,
        profiles: ProfileFolder,
        on foundation: ServiceGraph.Foundation,
        cooperation: RevocationService.Cooperation,
        asOf: @escaping @Sendable () -> Timestamp?,
        logger: Logger,
        onServerCertificate: @escaping @Sendable () -> Void
    ) throws(CommandProblem) {
        let (ledger, vault, clock) = (foundation.ledger, foundation.vault, SystemClock())
        let keys = IssuerKeys(ledger: ledger, keys: foundation.keys)
        let responder = OCSPResponder(
            ledger: ledger,
            authority: ledger,
            vault: vault,
            keys: keys,
            clock: clock,
            settings: OCSPResponder.Settings(validity: configuration.ocspValidity),
            asOf: asOf
        )
        let publisher = CRLPublisher(
            ledger: ledger,
            keys: keys,
            addresses: foundation.addresses,
            clock: clock,
            schedule: configuration.crlSchedule,
            holder: try Self.holder("serve")
        )
        let keeper = ServiceCertificateKeeper(
            ledger: ledger,
            keys: keys,
            vault: vault,
            clock: clock,
            random: OpenSSLRandomSource(),
            settings: ServiceCertificateKeeper.Settings(
                serverProfile: profiles.server,
                serverNames: [configuration.deviceURL.host],
                responderProfile: profiles.ocsp,
                addresses: foundation.addresses,
                node: configuration.node
            ),
            onRenewed: { use in
                if use == "tls" { onServerCertificate() }
            }
        )
        self.keys = keys
        self.publisher = publisher
        self.responder = responder
        self.shelf = RevocationShelf(ledger: ledger)
        self.service = RevocationService(
            keys: keys,
            publisher: publisher,
            responder: responder,
            keeper: keeper,
            cooperation: cooperation,
            clock: clock,
            logger: logger
        )
    }

    /// Names this process among those that share the store.
    static func holder(_ what: String) throws(CommandProblem) -> String {
        do throws(EnrollmentError) {
            return "\(what)/\(DeviceID(random: try OpenSSLRandomSource().octets(16)))"
        } catch {
            throw CommandProblem(error)
        }
    }
}

extension Configuration {
    /// Seconds that an OCSP answer may be relied on.
    var ocspValidity: Int64 { Int64(self.ocspValidityMinutes) * 60 }

    var crlSchedule: CRLSchedule {
        CRLSchedule(
            interval: Int64(self.crl.intervalHours) * 3_600,
            validity: Int64(self.crl.validityHours) * 3_600
        )
    }
}

/// Keeps the served CRLs the published ones.
struct ShelfWatch: Service {
    let name = "published CRLs"
    let shelf: RevocationShelf
    let period: Duration
    /// Rings when one was published, where somebody knows.
    let bell: Doorbell
    let logger: Logger

    func run(until shutdown: ShutdownSignal) async throws {
        let isWell = Atomic(true)
        await self.repeatedly(every: self.period, orWhen: self.bell, until: shutdown) {
            do throws(EnrollmentError) {
                try await self.shelf.refresh()
                if !isWell.exchange(true, ordering: .relaxed) { self.logger.notice("published CRLs are read again") }
            } catch {
                // A store that is away is asked again every other second, and readiness says so all the while.
                guard isWell.exchange(false, ordering: .relaxed) else { return }
                self.logger.warning("published CRLs not read", metadata: ["detail": "\(error.detail)"])
            }
        }
    }
}
