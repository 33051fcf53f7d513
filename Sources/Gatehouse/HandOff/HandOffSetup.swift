import Authority
import EnrollmentCore
import Glibc
import Ledger
import Logging
import ManagementLink
import OpenSSLKit
import ServiceRuntime
import Synchronization

/// Everything about telling management servers, put together.
final class HandOffSetup: Sendable {
    let senders: HandOffSenders
    private let foundation: ServiceGraph.Foundation
    private let replicas: ReplicaSetup
    private let holder: String
    private let logger: Logger
    /// Counted on when a sender is replaced by another of the same name.
    private let figures = Mutex<[String: DeliveryFigures]>([:])

    init(
        _ configuration: Configuration,
        on foundation: ServiceGraph.Foundation,
        replicas: ReplicaSetup,
        logger: Logger
    ) throws(CommandProblem) {
        self.foundation = foundation
        self.replicas = replicas
        self.logger = logger
        let process = try RevocationSetup.holder("serve")
        self.holder = "\(CommandActor.name), node \(configuration.node), \(process), process \(getpid())"
        self.senders = HandOffSenders([])
        self.senders.replace(with: try self.made(of: configuration))
    }

    /// Senders as that configuration wants them, with secrets fetched anew; nothing is sent before they replace those
    /// there are.
    ///
    /// - Throws: ``CommandProblem`` when any of them cannot be made.
    func made(of configuration: Configuration) throws(CommandProblem) -> [DeliveryService] {
        let parts = HandOffParts(configuration: configuration, vault: self.foundation.vault)
        let ledger = self.foundation.ledger
        var senders: [DeliveryService] = []
        for destination in configuration.handOff.destinations {
            let figures = self.figures.withLock { figures in
                let known = figures[destination.name] ?? DeliveryFigures()
                figures[destination.name] = known
                return known
            }
            senders.append(
                DeliveryService(
                    parts.destination(destination),
                    ports: DeliveryService.Ports(
                        ledger: ledger,
                        renderer: try parts.renderer(for: destination),
                        transport: try parts.transport(to: destination),
                        clock: SystemClock()
                    ),
                    holder: self.holder,
                    figures: figures,
                    mayRecord: { ledger.standing == .readWrite },
                    logger: self.logger
                )
            )
        }
        return senders
    }

    /// The names of the destinations there are.
    var names: [String] { self.senders.current.map(\.destination.name) }

    var services: [any Service] {
        let (replicas, ledger, senders) = (self.replicas, self.foundation.ledger, self.senders)
        return [
            PlacerService(
                ledger: ledger,
                isOurs: { replicas.holds(.feed) && ledger.standing == .readWrite },
                onPlaced: {
                    senders.noteNewEvents()
                    // Here nobody else tells of it where the store is this process's alone.
                    replicas.bells.readers.ring()
                    replicas.bells.identities.ring()
                },
                logger: self.logger
            ),
            senders,
            FeedRelay(bell: replicas.bells.feed, senders: senders),
        ]
    }
}
