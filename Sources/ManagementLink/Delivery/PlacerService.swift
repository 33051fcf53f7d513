package import EnrollmentCore
package import Logging
package import ServiceRuntime
internal import Synchronization

/// Gives committed events their places in the feed, one process for all.
package struct PlacerService: Service {
    private static let batch = 1_000

    package let name = "feed"
    private let ledger: any HandOffLedger
    private let period: Duration
    private let bell: Doorbell
    private let isOurs: @Sendable () -> Bool
    private let onPlaced: @Sendable () -> Void
    private let logger: Logger

    /// - Parameters:
    ///   - ledger: Where events are.
    ///   - period: How often to look.
    ///   - bell: Rings when somebody knows of a new event.
    ///   - isOurs: Whether it is this process that places, at this moment.
    ///   - onPlaced: Called after events got their places.
    ///   - logger: Hears when the ledger does not answer.
    package init(
        ledger: any HandOffLedger,
        period: Duration = .milliseconds(200),
        bell: Doorbell = Doorbell(),
        isOurs: @escaping @Sendable () -> Bool,
        onPlaced: @escaping @Sendable () -> Void,
        logger: Logger
    ) {
        self.ledger = ledger
        self.period = period
        self.bell = bell
        self.isOurs = isOurs
        self.onPlaced = onPlaced
        self.logger = logger
    }

    package func run(until shutdown: ShutdownSignal) async throws {
        let isWell = Atomic(true)
        await self.repeatedly(every: self.period, orWhen: self.bell, until: shutdown) {
            do throws(EnrollmentError) {
                try await self.place(until: shutdown)
                isWell.store(true, ordering: .relaxed)
            } catch {
                // Five times a second would be too often.
                guard isWell.exchange(false, ordering: .relaxed) else { return }
                self.logger.warning(
                    "new events are not in the feed yet",
                    metadata: ["rule": "\(error.rule)", "detail": "\(error.detail)"]
                )
            }
        }
    }

    private func place(until shutdown: ShutdownSignal) async throws(EnrollmentError) {
        while self.isOurs(), !shutdown.isRaised {
            let count = try await self.ledger.placeEvents(limit: Self.batch)
            if count > 0 { self.onPlaced() }
            guard count == Self.batch else { return }
        }
    }
}
