import DeviceSimulator
import Foundation
import ServiceRuntime
import Testing

extension RunningGatehouse {
    /// Devices of people who sign in by principal name, one after the other; a device has a key of its own.
    func simulation(_ uids: String...) throws -> WindowsSimulation {
        try self.simulation(uids)
    }

    func simulation(_ uids: [String]) throws -> WindowsSimulation {
        try self.simulation(
            of: uids.map { SimulatedUser(name: "\($0)@corp.example", password: Person.password(of: $0)) }
        )
    }

    func simulation(of users: [SimulatedUser]) throws -> WindowsSimulation {
        var simulation = WindowsSimulation(users: users)
        simulation.discoveryAddress = "\(self.place.url)/EnrollmentServer/Discovery.svc"
        simulation.resolve = [self.place.resolution]
        simulation.trustedAuthorities = Array(try Data(contentsOf: self.place.rootFile))
        simulation.devices = users.count
        simulation.keptOutcomes = 10_000
        return simulation
    }
}

extension WindowsSimulation {
    func run() async -> SimulationReport {
        await self.run(until: ShutdownSignal())
    }

    /// Runs one device, which has to be enrolled.
    func enroll() async throws -> EnrolledDevice {
        try #require(await self.run().outcomes.first).result.get()
    }

    /// Runs one device, which has to be refused.
    func fault() async throws -> (step: EnrollmentStep, fault: DeviceFault) {
        let outcome = try #require(await self.run().outcomes.first)
        guard case .failure(.refused(let step, let fault)) = outcome.result else {
            throw Place.Failure(description: "not refused: \(outcome)")
        }
        return (step, fault)
    }
}

extension SimulationReport {
    var enrolledDevices: [EnrolledDevice] {
        self.outcomes.compactMap { outcome in
            if case .success(let enrolled) = outcome.result { enrolled } else { nil }
        }
    }

    var faults: [DeviceFault] {
        self.outcomes.compactMap { outcome in
            if case .failure(.refused(_, let fault)) = outcome.result { fault } else { nil }
        }
    }
}
