/// Something a person ordered: who, what and why, as the audit record keeps it.
public struct AdministrativeAct: Hashable, Sendable {
    public enum Verb: String, Hashable, Sendable, CaseIterable {
        case reset
        case retire
        case permit
        case hold
        case resume
        case revoke
        case blockKey = "block-key"
        /// Changed what replicas agree on.
        case agree
        /// Had events sent again.
        case replay
        /// Let a destination that was stopped be sent to again.
        case resumeDestination = "resume-destination"
        case createToken = "create-token"
        case revokeToken = "revoke-token"
        case prepareIssuer = "prepare-issuer"
        case publishIssuer = "publish-issuer"
        case activateIssuer = "activate-issuer"
        /// Told the devices of an issuer to renew early.
        case drainIssuer = "drain-issuer"
        case retireIssuer = "retire-issuer"
        case abortIssuer = "abort-issuer"
        case compromiseIssuer = "compromise-issuer"
        /// Asked an offline root for links or CRLs.
        case askCeremony = "ask-ceremony"
        /// Ended a ceremony whose answer is not wanted any more.
        case withdrawCeremony = "withdraw-ceremony"
        /// Took in what an offline machine signed.
        case importCeremony = "import-ceremony"
        /// Sealed keys anew.
        case reseal
        case backUp = "back-up"
        case restore
    }

    /// Names the act on the phone, as an attempt's does.
    public let traceID: TraceID
    public let verb: Verb
    /// Who ordered it; on the command line the system's user and host.
    public let actor: String
    /// In the actor's words; never empty.
    public let reason: String
    /// A number in the help desk's own system.
    public let ticket: String?
    public let time: Timestamp

    public init(traceID: TraceID, verb: Verb, actor: String, reason: String, ticket: String?, time: Timestamp) {
        self.traceID = traceID
        self.verb = verb
        self.actor = actor
        self.reason = reason
        self.ticket = ticket
        self.time = time
    }
}

/// An act as the ledger kept it.
public struct ActRecord: Hashable, Sendable {
    public let act: AdministrativeAct
    /// The device it was about; `nil` for what concerns certificates alone.
    public let device: DeviceID?
    /// What it did, in figures and names.
    public let facts: [Fact]

    public init(act: AdministrativeAct, device: DeviceID?, facts: [Fact]) {
        self.act = act
        self.device = device
        self.facts = facts
    }
}
