package import EnrollmentCore
package import Logging
package import ServiceRuntime
internal import Synchronization

/// Sends a destination its events, as long as the destination is this process's to send to.
package final class DeliveryService: Service {
    /// What it leans on.
    package struct Ports: Sendable {
        package let ledger: any HandOffLedger
        package let renderer: any EventRenderer
        package let transport: any MessageTransport
        package let clock: any WallClock
        package let pace: any Pace
        /// From 0 to 1.
        package let random: @Sendable () -> Double

        package init(
            ledger: any HandOffLedger,
            renderer: any EventRenderer,
            transport: any MessageTransport,
            clock: any WallClock,
            pace: any Pace = SystemPace(),
            random: @escaping @Sendable () -> Double = { Double.random(in: 0...1) }
        ) {
            self.ledger = ledger
            self.renderer = renderer
            self.transport = transport
            self.clock = clock
            self.pace = pace
            self.random = random
        }
    }

    package let destination: Destination
    package let figures: DeliveryFigures
    let ports: Ports
    let timing: DeliveryTiming
    let breaker: Breaker.Settings
    /// Names this process among those that share the ledger.
    let holder: String
    let logger: Logger
    /// Rings when there is something to do.
    let bell = Doorbell()
    private let mayRecord: @Sendable () -> Bool
    private let hasNewEvents = Atomic(true)

    /// - Parameters:
    ///   - destination: What it sends where.
    ///   - ports: What it leans on.
    ///   - holder: Names this process among those that share the ledger.
    ///   - timing: How often it does what it does again and again.
    ///   - breaker: When it takes the destination for failing, and for how long.
    ///   - figures: Where it counts; those of a former sender of the destination go on.
    ///   - mayRecord: Whether the ledger takes records at this moment.
    ///   - logger: Hears of failures, pauses and what was given up.
    package init(
        _ destination: Destination,
        ports: Ports,
        holder: String,
        timing: DeliveryTiming = DeliveryTiming(),
        breaker: Breaker.Settings = Breaker.Settings(),
        figures: DeliveryFigures = DeliveryFigures(),
        mayRecord: @escaping @Sendable () -> Bool = { true },
        logger: Logger
    ) {
        self.destination = destination
        self.ports = ports
        self.holder = holder
        self.timing = timing
        self.breaker = breaker
        self.figures = figures
        self.mayRecord = mayRecord
        var logger = logger
        logger[metadataKey: "destination"] = "\(destination.name)"
        self.logger = logger
    }

    package var name: String { "hand-off to \(self.destination.name)" }

    /// Has the feed looked at now instead of a moment later.
    package func noteNewEvents() {
        self.hasNewEvents.store(true, ordering: .relaxed)
        self.bell.ring()
    }

    /// Whether ``noteNewEvents()`` was called since the last time.
    func takeNewEvents() -> Bool { self.hasNewEvents.exchange(false, ordering: .relaxed) }

    package func run(until shutdown: ShutdownSignal) async throws {
        await withDiscardingTaskGroup { group in
            group.addTask {
                await shutdown.wait()
                self.bell.ring()
            }
            var isWell = true
            while !shutdown.isRaised, !Task.isCancelled {
                guard self.mayRecord(), let standing = await self.take(&isWell) else {
                    await self.ports.pace.wait(for: self.bell, atMost: self.timing.takeAgain, isBusy: false)
                    continue
                }
                await self.send(standing.value, from: standing.taken, until: shutdown)
            }
            group.cancelAll()
        }
    }

    /// Makes the destination this process's.
    ///
    /// - Returns: Where it stands, and when it was asked for by the clock that nobody sets; `nil` when it is another's.
    private func take(_ isWell: inout Bool) async -> (value: DestinationStanding, taken: Duration)? {
        let begin = self.ports.pace.uptime
        do throws(EnrollmentError) {
            let seconds = self.timing.lease.components.seconds
            let name = self.destination.name
            guard try await self.ports.ledger.takeDestination(name, holder: self.holder, for: seconds) else {
                return nil
            }
            let standing = try await self.ports.ledger.destination(name)
            isWell = true
            return (standing, begin)
        } catch {
            if isWell {
                self.logger.warning(
                    "nothing is sent: the ledger does not say where the destination stands",
                    metadata: ["rule": "\(error.rule)", "detail": "\(error.detail)"]
                )
            }
            isWell = false
            return nil
        }
    }

    /// Sends until the signal is raised or the destination is another's.
    private func send(_ standing: DestinationStanding, from taken: Duration, until shutdown: ShutdownSignal) async {
        self.figures.change { $0.isSending = true }
        await withDiscardingTaskGroup { group in
            var term = DeliveryTerm(self, standing, from: taken)
            await term.run(until: shutdown, &group)
            // What is under way is given up: nobody could record what comes of it.
            group.cancelAll()
        }
        self.figures.change { values in
            values.isSending = false
            values.isPaused = false
            values.underWay = 0
            values.oldest = nil
        }
    }

    /// Sends one event, once.
    func attempt(_ event: FeedEvent) async -> AnswerJudgement {
        let message: WebhookMessage
        do throws(EnrollmentError) {
            message = try self.ports.renderer.render(event, at: self.ports.clock.now)
        } catch {
            // Nothing was sent, which says nothing of the destination.
            return .refused("could not be written: \(error.detail)", notBefore: nil)
        }
        do throws(TransportFailure) {
            let answer = try await self.ports.transport.send(message)
            return AnswerJudgement(answer, at: self.ports.clock.now)
        } catch {
            return AnswerJudgement(error)
        }
    }
}
