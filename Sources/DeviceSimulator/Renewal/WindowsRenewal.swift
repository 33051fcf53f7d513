internal import Dispatch
public import ServiceRuntime

/// Plays Windows devices that renew the certificate they enrolled with ([MS-MDE2] § 3.5).
///
/// ```swift
/// let identity = try IdentityFolder("laptop").read()
/// var renewal = WindowsRenewal([.init(identity, RenewalPlan())])
/// renewal.access.trustedAuthorities = authorities
/// let report = renewal.runBlocking(until: shutdown)
/// ```
public struct WindowsRenewal: Sendable {
    /// One device and how it goes about it.
    public struct Candidate: Sendable {
        public let identity: DeviceIdentity
        public let plan: RenewalPlan

        public init(_ identity: DeviceIdentity, _ plan: RenewalPlan) {
            self.identity = identity
            self.plan = plan
        }
    }

    public var candidates: [Candidate]
    /// How often each of them renews, one time after the other.
    public var repeats = 1
    /// Whether the answer is thrown away, as if it had been lost on the way: the device goes on with what it has.
    public var losesAnswer = false
    /// Whether each new certificate is used in a TLS connection at once, which tells the server that it arrived.
    public var makesContact = true
    /// Devices played at the same time, each on a thread of its own.
    public var concurrency = 1
    /// Whether further renewals with the same certificate go over the connection of the first.
    public var keepsConnections = false
    public var profile = DeviceProfile.windows11
    public var access = ServerAccess()
    /// Outcomes kept in the report; of further ones only the figures are.
    public var keptOutcomes = 100
    /// Where progress goes while many devices renew.
    public var progress: ProgressOutput?
    /// Called from a worker's thread with the number of the candidate and what it has to keep from now on.
    public var keep: (@Sendable (Int, DeviceIdentity) throws(SimulationFailure) -> Void)?

    public init(_ candidates: [Candidate]) {
        self.candidates = candidates
    }

    /// Runs on the calling thread and on ``concurrency`` others until every device is through.
    ///
    /// It blocks: not for a thread of the cooperative pool. The first new key and message of each device are made before
    /// the clock starts.
    ///
    /// - Parameters:
    ///   - shutdown: When raised, no further renewal begins; those under way finish.
    ///   - narrate: Called from the workers' threads for each step.
    /// - Returns: What came of it.
    public func runBlocking(
        until shutdown: ShutdownSignal,
        narrate: @escaping @Sendable (RenewalEvent) -> Void = { _ in }
    ) -> RenewalReport {
        RenewalRun(self, shutdown: shutdown, narrate: narrate).run()
    }

    /// The same on a thread of its own, for callers that must not block.
    public func run(
        until shutdown: ShutdownSignal,
        narrate: @escaping @Sendable (RenewalEvent) -> Void = { _ in }
    ) async -> RenewalReport {
        let queue = DispatchQueue(label: "gatehouse.renewal")
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.runBlocking(until: shutdown, narrate: narrate)) }
        }
    }
}
