internal import Dispatch
internal import ServiceRuntime
internal import Synchronization

/// Many devices, several at a time, each worker on a thread that may block.
final class LoadRun: Sendable {
    private let simulation: WindowsSimulation
    private let shutdown: ShutdownSignal
    private let narrate: @Sendable (SimulationEvent) -> Void
    private let verifier = ChainVerifier()
    private let next = Atomic(0)
    private let tally: Mutex<Tally>

    init(
        _ simulation: WindowsSimulation,
        shutdown: ShutdownSignal,
        narrate: @escaping @Sendable (SimulationEvent) -> Void
    ) {
        precondition(!simulation.users.isEmpty, "somebody has to enroll")
        self.simulation = simulation
        self.shutdown = shutdown
        self.narrate = narrate
        self.tally = Mutex(Tally(keeping: simulation.keptOutcomes))
    }

    func run() -> SimulationReport {
        let fleet: [PreparedDevice]
        do throws(SimulationFailure) {
            fleet = try DeviceFleet(self.simulation, shutdown: self.shutdown).prepare()
        } catch {
            return self.reportNothing(because: error)
        }
        let clock = ContinuousClock()
        let start = clock.now
        let workers = DispatchGroup()
        for number in 0..<max(1, min(self.simulation.concurrency, fleet.count)) {
            // One queue each: queues of this kind get a thread of their own when they block.
            DispatchQueue(label: "gatehouse.simulation.\(number)").async(group: workers) { self.work(through: fleet) }
        }
        self.wait(for: workers) { (clock.now - start).seconds }
        let seconds = (clock.now - start).seconds
        return self.tally.withLock { $0.report(devices: self.simulation.devices, seconds: seconds) }
    }

    private func reportNothing(because failure: SimulationFailure) -> SimulationReport {
        SimulationReport(
            devices: self.simulation.devices,
            enrolled: 0,
            failed: 0,
            seconds: 0,
            steps: [],
            whole: Percentiles(microseconds: []),
            failures: [.init(kind: failure.kind, count: 1, example: failure)],
            firstDeviation: nil,
            outcomes: []
        )
    }

    /// Shows progress until the workers are through.
    private func wait(for workers: DispatchGroup, elapsed: () -> Double) {
        guard let progress = self.simulation.progress else { return workers.wait() }
        while workers.wait(timeout: .now() + .milliseconds(progress.period)) == .timedOut {
            progress.show(self.line(after: elapsed()), isLast: false)
        }
        progress.show(self.line(after: elapsed()), isLast: true)
    }

    private func line(after seconds: Double) -> String {
        let (enrolled, failed) = self.tally.withLock { ($0.enrolled, $0.failed) }
        return ProgressLine(
            verb: "enrolling",
            done: enrolled + failed,
            total: self.simulation.devices,
            failed: failed,
            seconds: seconds
        ).text
    }

    private func work(through fleet: [PreparedDevice]) {
        var shared: ServerConnection?
        while !self.shutdown.isRaised {
            let index = self.next.add(1, ordering: .relaxed).oldValue
            guard index < fleet.count else { return }
            let outcome = self.play(fleet[index], index: index, shared: &shared)
            self.tally.withLock { $0.add(outcome) }
            self.narrate(.finished(device: index, outcome))
        }
    }

    private func play(
        _ prepared: PreparedDevice,
        index: Int,
        shared: inout ServerConnection?
    ) -> EnrollmentOutcome {
        let user = self.simulation.users[index % self.simulation.users.count]
        var steps: [(step: EnrollmentStep, milliseconds: Double)] = []
        var whole = 0.0
        let result: Result<EnrolledDevice, SimulationFailure>
        do throws(SimulationFailure) {
            var enrollment = DeviceEnrollment(
                simulation: self.simulation,
                prepared: prepared,
                user: user,
                verifier: self.verifier
            )
            enrollment.report = { step, status, milliseconds, detail in
                steps.append((step, milliseconds))
                self.narrate(.step(device: index, step, status: status, milliseconds: milliseconds, detail: detail))
            }
            result = .success(try self.play(enrollment, shared: &shared, whole: &whole))
        } catch {
            result = .failure(error)
        }
        return EnrollmentOutcome(
            device: prepared.device,
            user: user.name,
            steps: steps,
            milliseconds: whole,
            result: result
        )
    }

    private func play(
        _ enrollment: DeviceEnrollment,
        shared: inout ServerConnection?,
        whole: inout Double
    ) throws(SimulationFailure) -> EnrolledDevice {
        let connection: ServerConnection
        if self.simulation.connections == .onePerWorker, let shared {
            connection = shared
        } else {
            connection = try ServerConnection(self.simulation)
            shared = connection
        }
        if self.simulation.probes { try enrollment.probe(over: connection) }
        let clock = ContinuousClock()
        let start = clock.now
        var enrolled = try enrollment.enroll(over: connection)
        whole = (clock.now - start).seconds * 1000
        if self.simulation.provesPossession { try enrollment.provePossession(of: &enrolled) }
        return enrolled
    }
}

extension Duration {
    fileprivate var seconds: Double {
        Double(self.components.seconds) + Double(self.components.attoseconds) / 1e18
    }
}
