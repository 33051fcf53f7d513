internal import Dispatch
public import ServiceRuntime

/// Plays Windows devices that enroll with a user name and a password ([MS-MDE2] § 1.3).
///
/// ```swift
/// var simulation = WindowsSimulation(users: [SimulatedUser(name: "kim@example.com", password: password)])
/// simulation.trustedAuthorities = authorities
/// let report = simulation.run(until: shutdown) { event in print(event) }
/// ```
public struct WindowsSimulation: Sendable {
    /// How many connections the devices open.
    public enum ConnectionMode: String, Hashable, Sendable, CaseIterable {
        /// A new one, with a full handshake, for each request.
        case newPerRequest
        /// One for all requests of a device.
        case onePerDevice
        /// One for all devices that a worker plays, one after the other.
        case onePerWorker
    }

    /// Where discovery is; `nil` derives it from the user's mail domain, as Windows does.
    public var discoveryAddress: String?
    /// A plain HTTP address to probe first; `nil` leaves that out.
    public var plainProbeAddress: String?
    /// Whether the discovery address is asked with GET before anything is posted.
    public var probes = true
    /// Whether each device opens a TLS connection with its new certificate at the end.
    public var provesPossession = true
    /// Whether each device then has its first session with the management server it was given.
    public var manages = false
    /// PEM of the only authorities that the management server's certificate may lead to; `nil` for
    /// ``trustedAuthorities`` and, where those are given, the roots that the device received with its certificate.
    public var managementAuthorities: [UInt8]?

    /// Who enrolls, at least one; device n belongs to user n modulo their number.
    public var users: [SimulatedUser]
    public var devices = 1
    /// Devices played at the same time, each on a thread of its own.
    public var concurrency = 1
    public var connections = ConnectionMode.onePerDevice
    public var profile = DeviceProfile.windows11
    public var variation = RequestVariation.ordinary
    /// Makes the devices repeatable: the same seed gives the same devices.
    ///
    /// `nil` gives new ones.
    public var seed: UInt64?
    /// How many different keys the devices share; `nil` makes one for each.
    ///
    /// A key takes some 50 ms to make, so thousands of devices want a few hundred keys here. All are made before the
    /// clock starts.
    public var distinctKeys: Int?
    /// Keys made earlier, used before any is made: a series of runs against fresh servers then makes them once.
    public var keyStock: [DeviceKey] = []

    /// PEM of the only authorities that the server's certificate may lead to; `nil` trusts those of the system.
    public var trustedAuthorities: [UInt8]?
    /// Whether the server's certificate is checked at all; a device always does.
    public var verifiesServer = true
    /// Addresses to use instead of asking the resolver, as `host:port:address`.
    public var resolve: [String] = []
    public var proxy: String?
    /// Time for one request, in milliseconds.
    public var timeout = 30_000
    /// Outcomes kept in the report; of further devices only the figures are.
    public var keptOutcomes = 100
    /// Where progress goes while many devices enroll.
    public var progress: ProgressOutput?

    public init(users: [SimulatedUser]) {
        self.users = users
    }

    /// Runs on the calling thread and on ``concurrency`` others until every device is through.
    ///
    /// It blocks: not for a thread of the cooperative pool.
    ///
    /// - Parameters:
    ///   - shutdown: When raised, no further device begins; those under way finish.
    ///   - narrate: Called from the workers' threads for each step of each device.
    /// - Returns: What came of it.
    public func runBlocking(
        until shutdown: ShutdownSignal,
        narrate: @escaping @Sendable (SimulationEvent) -> Void = { _ in }
    ) -> SimulationReport {
        LoadRun(self, shutdown: shutdown, narrate: narrate).run()
    }

    /// The same on a thread of its own, for callers that must not block.
    public func run(
        until shutdown: ShutdownSignal,
        narrate: @escaping @Sendable (SimulationEvent) -> Void = { _ in }
    ) async -> SimulationReport {
        let queue = DispatchQueue(label: "gatehouse.simulation")
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.runBlocking(until: shutdown, narrate: narrate)) }
        }
    }

    /// How its devices reach the server.
    public var access: ServerAccess {
        var access = ServerAccess()
        access.trustedAuthorities = self.trustedAuthorities
        access.verifiesServer = self.verifiesServer
        access.resolve = self.resolve
        access.proxy = self.proxy
        access.timeout = self.timeout
        access.userAgent = self.profile.userAgent
        return access
    }

    /// How a device reaches its management server.
    func managementAccess(for identity: DeviceIdentity) -> ServerAccess {
        var access = self.access
        access.trustManagement(self.managementAuthorities, for: identity)
        return access
    }

    /// A connection of one of its devices.
    func connection() throws(SimulationFailure) -> ServerConnection {
        try ServerConnection(self.access, reuse: self.connections != .newPerRequest)
    }

    /// Where `user`'s device looks for the service.
    func discoveryAddress(for user: SimulatedUser) throws(SimulationFailure) -> String {
        if let address = self.discoveryAddress { return address }
        guard let at = user.name.lastIndex(of: "@") else {
            throw .local("\(user.name) names no mail domain: say where discovery is")
        }
        let domain = user.name[user.name.index(after: at)...]
        return "https://enterpriseenrollment.\(domain)/EnrollmentServer/Discovery.svc"
    }
}
