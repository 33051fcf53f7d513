internal import ServiceRuntime

/// Makes the devices of a run, their keys and their certificate requests, before the clock starts.
struct DeviceFleet: Sendable {
    private let simulation: WindowsSimulation
    private let shutdown: ShutdownSignal

    init(_ simulation: WindowsSimulation, shutdown: ShutdownSignal) {
        self.simulation = simulation
        self.shutdown = shutdown
    }

    /// - Returns: The devices in order; fewer when the run is stopped while they are being made.
    func prepare() throws(SimulationFailure) -> [PreparedDevice] {
        let simulation = self.simulation
        let preparation = Preparation(shutdown: self.shutdown, progress: simulation.progress)
        let count = max(1, min(simulation.distinctKeys ?? simulation.devices, simulation.devices))
        let stock = simulation.keyStock.prefix(count)
        let made = try preparation.make(count - stock.count, "making keys") { _ throws(SimulationFailure) in
            try DeviceKey.generate(bits: simulation.variation.keyLength)
        }
        let keys = Array(stock) + made
        guard keys.count == count else { return [] }
        let seed = simulation.seed ?? SystemRandomNumberGenerator.number()
        return try preparation.make(simulation.devices, nil) { index throws(SimulationFailure) in
            try PreparedDevice(
                SimulatedDevice(seed: seed &+ UInt64(index), profile: simulation.profile),
                key: keys[index % count],
                variation: simulation.variation
            )
        }
    }
}

extension SystemRandomNumberGenerator {
    fileprivate static func number() -> UInt64 {
        var generator = SystemRandomNumberGenerator()
        return generator.next()
    }
}
