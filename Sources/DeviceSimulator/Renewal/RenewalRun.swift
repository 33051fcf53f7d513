internal import ServiceRuntime
internal import Synchronization

/// Many devices that renew, several at a time, each worker on a thread that may block.
final class RenewalRun: Sendable {
    private struct Book {
        var renewed = 0
        var failed = 0
        var figures = Figures()
        var outcomes: [RenewalOutcome] = []
    }

    private let renewal: WindowsRenewal
    private let shutdown: ShutdownSignal
    private let narrate: @Sendable (RenewalEvent) -> Void
    private let verifier = ChainVerifier()
    private let book = Mutex(Book())

    init(
        _ renewal: WindowsRenewal,
        shutdown: ShutdownSignal,
        narrate: @escaping @Sendable (RenewalEvent) -> Void
    ) {
        self.renewal = renewal
        self.shutdown = shutdown
        self.narrate = narrate
    }

    private var total: Int { self.renewal.candidates.count * self.renewal.repeats }

    func run() -> RenewalReport {
        let prepared: [DeviceRenewal]
        do throws(SimulationFailure) {
            let preparation = Preparation(shutdown: self.shutdown, progress: self.renewal.progress)
            prepared = try preparation.make(self.renewal.candidates.count, "making keys") {
                index throws(SimulationFailure) in
                let candidate = self.renewal.candidates[index]
                return try DeviceRenewal(candidate.identity, candidate.plan, profile: self.renewal.profile)
            }
        } catch {
            self.book.withLock { $0.figures.add(error) }
            return self.report(after: 0)
        }
        let workers = Workers(
            count: self.renewal.concurrency,
            shutdown: self.shutdown,
            progress: self.renewal.progress
        )
        let seconds = workers.run(prepared.count, line: { self.line(after: $0) }, {}) { index, _ in
            self.play(prepared[index], index: index)
        }
        return self.report(after: seconds)
    }

    private func report(after seconds: Double) -> RenewalReport {
        self.book.withLock { book in
            RenewalReport(
                renewals: self.total,
                renewed: book.renewed,
                failed: book.failed,
                seconds: seconds,
                steps: book.figures.steps,
                whole: book.figures.whole,
                failures: book.figures.failureGroups,
                firstDeviation: book.figures.firstDeviation,
                outcomes: book.outcomes
            )
        }
    }

    private func line(after seconds: Double) -> String {
        let (renewed, failed) = self.book.withLock { ($0.renewed, $0.failed) }
        return ProgressLine(
            verb: "renewing",
            done: renewed + failed,
            total: self.total,
            failed: failed,
            seconds: seconds
        ).text
    }

    /// All renewals of one device.
    private func play(_ first: DeviceRenewal, index: Int) {
        var identity = first.identity
        var connection: ServerConnection?
        for round in 0..<self.renewal.repeats where round == 0 || !self.shutdown.isRaised {
            var milliseconds = 0.0
            var steps: [(step: EnrollmentStep, milliseconds: Double)] = []
            let result: Result<RenewalOutcome.Renewed, SimulationFailure>
            do throws(SimulationFailure) {
                let renewal =
                    round == 0
                    ? first : try DeviceRenewal(identity, first.plan, profile: self.renewal.profile)
                result = .success(
                    try self.renew(renewal, index: index, over: &connection, &steps, taking: &milliseconds)
                )
            } catch {
                result = .failure(error)
            }
            let outcome = RenewalOutcome(
                device: identity.device,
                user: identity.user,
                milliseconds: milliseconds,
                result: result
            )
            self.add(outcome, steps)
            self.narrate(.finished(device: index, outcome))
            guard case .success(let renewed) = result else { return }
            if !renewed.isLost {
                // The connection speaks for the certificate before.
                identity = renewed.identity
                connection = nil
            }
        }
    }

    private func renew(
        _ renewal: DeviceRenewal,
        index: Int,
        over connection: inout ServerConnection?,
        _ steps: inout [(step: EnrollmentStep, milliseconds: Double)],
        taking milliseconds: inout Double
    ) throws(SimulationFailure) -> RenewalOutcome.Renewed {
        var seen: [(step: EnrollmentStep, milliseconds: Double)] = []
        defer { steps = seen }
        let clock = ContinuousClock()
        let start = clock.now
        let open: ServerConnection
        if let connection, self.renewal.keepsConnections {
            open = connection
        } else {
            open = try renewal.connection(self.renewal.access, reuse: self.renewal.keepsConnections)
            connection = open
        }
        func report(_ step: EnrollmentStep, _ status: Int, _ milliseconds: Double, _ detail: String) {
            seen.append((step, milliseconds))
            self.narrate(.step(device: index, step, status: status, milliseconds: milliseconds, detail: detail))
        }
        let identity = try renewal.perform(over: open, verifier: self.verifier, report: report)
        milliseconds = (clock.now - start).seconds * 1000
        let isLost = self.renewal.losesAnswer
        var contact: FirstContact?
        if !isLost {
            try self.renewal.keep?(index, identity)
            if self.renewal.makesContact {
                let made = try FirstContact.makeBlocking(identity, self.renewal.access)
                report(.possession, made.status, made.milliseconds, made.seenByServer ?? "")
                try made.check()
                contact = made
            }
        }
        return RenewalOutcome.Renewed(
            identity: identity,
            certificate: try identity.facts(),
            isLost: isLost,
            madeContact: contact != nil,
            seenByServer: contact?.seenByServer
        )
    }

    private func add(_ outcome: RenewalOutcome, _ steps: [(step: EnrollmentStep, milliseconds: Double)]) {
        self.book.withLock { book in
            book.figures.add(steps)
            switch outcome.result {
            case .success:
                book.renewed += 1
                book.figures.add(whole: outcome.milliseconds)
            case .failure(let failure):
                book.failed += 1
                book.figures.add(failure)
            }
            if book.outcomes.count < self.renewal.keptOutcomes { book.outcomes.append(outcome) }
        }
    }
}
