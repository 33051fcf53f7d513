internal import ServiceRuntime
internal import Synchronization

/// Many devices, several at a time, each worker on a thread that may block.
final class LoadRun: Sendable {
    private let simulation: WindowsSimulation
    private let shutdown: ShutdownSignal
    private let narrate: @Sendable (SimulationEvent) -> Void
    private let verifier = ChainVerifier()
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
        let workers = Workers(
            count: self.simulation.concurrency,
            shutdown: self.shutdown,
            progress: self.simulation.progress
        )
        let seconds = workers.run(fleet.count, line: { self.line(after: $0) }, { ServerConnection?.none }) {
            index,
            shared in
            let outcome = self.play(fleet[index], index: index, shared: &shared)
            self.tally.withLock { $0.add(outcome) }
            self.narrate(.finished(device: index, outcome))
        }
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
            connection = try self.simulation.connection()
            shared = connection
        }
        if self.simulation.probes { try enrollment.probe(over: connection) }
        let clock = ContinuousClock()
        let start = clock.now
        var enrolled = try enrollment.enroll(over: connection)
        whole = (clock.now - start).seconds * 1000
        if self.simulation.provesPossession { try enrollment.provePossession(of: &enrolled) }
        if self.simulation.manages { try enrollment.manage(&enrolled) }
        return enrolled
    }
}
