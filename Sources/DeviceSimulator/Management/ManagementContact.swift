internal import Dispatch

/// A device's session with its management server, and how it went.
public struct ManagementContact: Sendable {
    /// How one side showed that it knows its secret.
    public enum Proof: String, Hashable, Sendable {
        /// The certificate in TLS alone.
        case certificate
        case basic
        case digest
    }

    /// One thing that the server asked for.
    public struct Command: Hashable, Sendable {
        /// `Get` and the like.
        public let name: String
        /// The nodes it is about.
        public let nodes: [String]
        /// What the device answered, such as 200.
        public let code: Int
    }

    /// Where the session was.
    public let address: String
    /// Messages of the device; the server sent as many.
    public let messages: Int
    public let milliseconds: Double
    /// How the device was believed.
    public let deviceProof: Proof
    /// How the server was believed; ``Proof/certificate`` where its TLS certificate was all it had to show.
    public let serverProof: Proof
    public let commands: [Command]

    /// Opens a session with the account that the device was enrolled for, and blocks until it is over.
    ///
    /// - Parameters:
    ///   - identity: With an account from its enrollment.
    ///   - access: The way there.
    ///   - profile: What the device says it is.
    ///   - sendsCredentialsAtOnce: `false` waits for a challenge, as Windows does.
    /// - Returns: What came of it.
    /// - Throws: ``SimulationFailure`` when there is no answer, one that breaks a rule, or the device is turned away.
    public static func makeBlocking(
        _ identity: DeviceIdentity,
        _ access: ServerAccess,
        profile: DeviceProfile = .windows11,
        sendsCredentialsAtOnce: Bool = false
    ) throws(SimulationFailure) -> ManagementContact {
        let account = try identity.account()
        var session = try ManagementSession(
            identity,
            account,
            profile: profile,
            sendsCredentialsAtOnce: sendsCredentialsAtOnce
        )
        return try session.run(access)
    }

    /// The same on a thread of its own, for callers that must not block.
    public static func make(
        _ identity: DeviceIdentity,
        _ access: ServerAccess,
        sendsCredentialsAtOnce: Bool = false
    ) async throws(SimulationFailure) -> ManagementContact {
        let queue = DispatchQueue(label: "gatehouse.management")
        let result: Result<ManagementContact, SimulationFailure> = await withCheckedContinuation { continuation in
            queue.async {
                do throws(SimulationFailure) {
                    let contact = try self.makeBlocking(
                        identity,
                        access,
                        sendsCredentialsAtOnce: sendsCredentialsAtOnce
                    )
                    continuation.resume(returning: .success(contact))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}

extension ManagementContact: CustomStringConvertible {
    public var description: String {
        let asked = self.commands.count
        return "\(self.messages) messages with \(self.address), device by \(self.deviceProof.rawValue), server by"
            + " \(self.serverProof.rawValue), \(asked) \(asked == 1 ? "command" : "commands")"
    }
}

extension DeviceIdentity {
    /// The management account of the enrollment, which renewals do not change.
    func account() throws(SimulationFailure) -> ManagementAccount {
        try SimulationFailure.judging(.manage) { judge throws(Deviation) in
            try ManagementAccount(try DocumentTree.read(self.accountDocument, judge), judge)
        }
    }
}
