import DeviceSimulator
import EnrollmentTestKit
import Foundation
import ServiceRuntime
import Testing

/// Several processes on one PostgreSQL, each with a configuration of its own.
///
/// They have the same ports on different addresses of the machine. Devices are spread over them as a balancer would do it,
/// and go to the next one when theirs does not answer.
final class Replicas: Sendable {
    let database: PostgresDatabase
    let members: [RunningGatehouse]

    private init(_ database: PostgresDatabase, _ members: [RunningGatehouse]) {
        self.database = database
        self.members = members
    }

    /// Each test starts several processes that all want the same few cores.
    private static let turnstile = Turnstile(2)

    /// What one test wants otherwise than another.
    struct Settings: Sendable {
        var count = 3
        var place = Place.Settings(tellsStatus: true)
        /// How the replica of that number reaches the database.
        var access: @Sendable (Int, PostgresDatabase) -> PostgresAccess = { _, database in PostgresAccess(database) }
        /// The server of the database; `nil` is the one that all tests share.
        var server: PostgresServer?
        /// Goes for all of them; the machine's where there is none.
        var clock: MovedClock?
    }

    /// Founds an authority in a fresh database, serves it by several replicas while `body` runs, and stops them.
    static func serve(_ settings: Settings = Settings(), _ body: (Replicas) async throws -> Void) async throws {
        await self.turnstile.enter()
        let result: Result<Void, any Error>
        do {
            let server = try settings.server ?? RunningGatehouse.databases.get()
            result = .success(
                try await server.withDatabase { database in
                    try await self.serve(settings, on: database, body)
                }
            )
        } catch {
            result = .failure(error)
        }
        await self.turnstile.leave()
        try result.get()
    }

    private static func serve(
        _ settings: Settings,
        on database: PostgresDatabase,
        _ body: (Replicas) async throws -> Void
    ) async throws {
        let seat = Place.Seat()
        let places = try (0..<settings.count).map { number in
            try Place(
                unfounded: settings.place,
                directory: try RunningGatehouse.directory.get(),
                store: .postgres(settings.access(number, database)),
                seat: seat.replica(number),
                clock: settings.clock
            )
        }
        try await places[0].found(settings.place.initOptions)
        for place in places.dropFirst() { try place.join(places[0]) }
        let replicas = Replicas(database, places.map { RunningGatehouse($0) })
        for member in replicas.members { try await member.start() }
        try await body(replicas)
        for member in replicas.members {
            if member.isRunning { #expect(try await member.stop() == 0) }
            try await member.expectNoSecret()
        }
    }

    subscript(_ number: Int) -> RunningGatehouse { self.members[number] }

    var audit: StoreAudit { StoreAudit(self.members[0].place) }

    /// The address of the replica of that number first, and the others' for when it does not answer.
    private func resolution(from number: Int) -> String {
        let first = self.members[number].place
        let addresses = self.members.indices.map { self.members[(number + $0) % self.members.count].place.seat.address }
        return "\(Place.host):\(first.port):\(addresses.joined(separator: ","))"
    }

    /// Devices that ask the replica of that number, and the others when it is not there.
    func simulation(_ uids: [String], at number: Int) throws -> WindowsSimulation {
        var simulation = try self.members[number].simulation(uids)
        simulation.resolve = [self.resolution(from: number)]
        return simulation
    }

    /// Lets new devices enroll at all replicas at the same time.
    ///
    /// - Parameters:
    ///   - devices: How many at each replica.
    ///   - users: Whose they are.
    ///   - concurrency: How many at a time at each replica; `nil` is all at once.
    ///   - shutdown: Raised when no further device is to begin.
    ///   - narrate: Told of each step.
    /// - Returns: What came of it at each replica.
    /// - Throws: When there are no keys.
    func enroll(
        _ devices: Int,
        of users: [String],
        concurrency: Int? = nil,
        until shutdown: ShutdownSignal = ShutdownSignal(),
        narrate: @escaping @Sendable (SimulationEvent) -> Void = { _ in }
    ) async throws -> [SimulationReport] {
        let simulations = try self.members.indices.map { number in
            var simulation = try self.simulation(users, at: number)
            simulation.devices = devices
            simulation.concurrency = concurrency ?? devices
            simulation.probes = false
            simulation.provesPossession = false
            simulation.keyStock = try (0..<devices).map { _ in try DeviceKey.generate(.ecdsaP256) }
            return simulation
        }
        return await withTaskGroup(of: SimulationReport.self) { group in
            for simulation in simulations {
                group.addTask { await simulation.run(until: shutdown, narrate: narrate) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }
}

extension [SimulationReport] {
    var enrolledDevices: [EnrolledDevice] { self.flatMap(\.enrolledDevices) }
    var faults: [DeviceFault] { self.flatMap(\.faults) }
    /// Of the certificates that devices received.
    var serialNumbers: Set<String> { Set(self.enrolledDevices.map(\.serialNumber)) }

    /// Expects that whoever got an answer got one that the protocol knows.
    func expectNoDeviation() {
        for report in self {
            #expect(report.firstDeviation == nil)
        }
    }
}

extension Place {
    /// Takes what a further replica needs besides its configuration: the passphrase.
    ///
    /// The root is for the devices of the test.
    func join(_ first: Place) throws {
        for name in ["passphrase", "root.pem"] {
            let octets = try Data(contentsOf: first.folder.appending(path: name))
            let made = FileManager.default.createFile(
                atPath: self.folder.appending(path: name).path,
                contents: octets,
                attributes: [.posixPermissions: 0o600]
            )
            guard made else { throw Failure(description: "\(name) cannot be written") }
        }
    }
}
