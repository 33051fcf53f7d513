internal import Dispatch
public import ServiceRuntime

/// Plays whole lives: devices that enroll, renew again and again, lose an answer, are attacked, and are revoked.
///
/// The server's certificates have to be open for renewal from birth, as those are whose validity is a day longer than
/// their renewal period. One device more than asked for enrolls: the others play what happens when a certificate or a
/// signature is not theirs with its own.
public struct LifetimeSoak: Sendable {
    /// Devices, their users, and the way to the server.
    public var simulation: WindowsSimulation
    /// Renewals of each device, by itself and with its user's password in turn, in every form they can have.
    public var renewals = 4
    /// How many answers each device loses, one after the other, before one arrives.
    public var lostAnswers = 1
    /// What new keys are.
    public var keyKind = DeviceKey.Kind.rsa(bits: 2048)
    /// Takes from `GATEHOUSE_USER` what it needs to renew; then no device of the user may.
    public var disableUser: HookCommand?
    /// Gives it back; then each may.
    public var restoreUser: HookCommand?
    /// Revokes the certificate `GATEHOUSE_SERIAL` of `GATEHOUSE_DEVICE`; then it may not renew.
    public var revoke: HookCommand?
    /// Called from a worker's thread with the number of the life, what went otherwise, and why.
    public var complain: (@Sendable (Int, LifeStep, String) -> Void)?

    public init(_ simulation: WindowsSimulation) {
        self.simulation = simulation
    }

    /// Runs on the calling thread and on as many others as the simulation plays devices at the same time.
    ///
    /// It blocks: not for a thread of the cooperative pool.
    ///
    /// - Parameter shutdown: When raised, no further life begins; those under way go on to the end of their first part.
    /// - Returns: What came of it.
    public func runBlocking(until shutdown: ShutdownSignal) -> LifetimeReport {
        LifetimeRun(self, shutdown: shutdown).run()
    }

    /// The same on a thread of its own, for callers that must not block.
    public func run(until shutdown: ShutdownSignal) async -> LifetimeReport {
        let queue = DispatchQueue(label: "gatehouse.lifetime")
        return await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.runBlocking(until: shutdown)) }
        }
    }
}
