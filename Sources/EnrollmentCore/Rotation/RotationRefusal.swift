/// Why a step of key rotation is not taken.
public struct RotationRefusal: Error, Hashable, Sendable {
    public enum Reason: Hashable, Sendable {
        case unknown
        /// There is, or was, an issuer of that id.
        case idTaken
        /// Another one is on its way.
        case nextExists(String, IssuerRecord.State)
        case noActiveRoot
        /// The root that would sign it has ended.
        case signerEnded(String, Timestamp)
        /// The verb leads out of other states than the one it is in.
        case state(IssuerRecord.State, wants: [IssuerRecord.State])
        /// Its certificate has ended.
        case ended(Timestamp)
        /// Too few live devices are known to trust it; the threshold is in percent.
        case notAdopted(missing: Int, of: Int, threshold: Int)
        /// The root that signed it is compromised.
        case signerCompromised(String)
        /// So many live certificates hang on it.
        case inUse(Int)
        /// These issuers hang on a root.
        case issuersBelow([String])
        /// Nobody is there to take an active issuer's place.
        case noSuccessor
    }

    public let verb: RotationVerb
    public let id: String
    public let reason: Reason

    public init(_ verb: RotationVerb, _ id: String, _ reason: Reason) {
        self.verb = verb
        self.id = id
        self.reason = reason
    }
}
