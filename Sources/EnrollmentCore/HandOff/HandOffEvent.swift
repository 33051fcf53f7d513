/// What the management server is told: mostly about a device, in the order of the device's generations.
public struct HandOffEvent: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        case enrolled
        case renewed
        /// A certificate gave way to its successor.
        case superseded
        case held
        case resumed
        case reset
        /// Retired, or left without a valid certificate.
        case revoked
        case expired
        /// Enrolled, and not seen since for longer than it should have taken.
        case silent
        /// A user's device limit kept a device out; about no device of ours.
        case limitRefused = "limit-refused"
        /// An issuer's certificate is being handed out, and signs nothing yet.
        case trustPublished = "trust-published"
        /// An issuer signs new certificates from now on.
        case trustActivated = "trust-activated"
        /// An issuer's key is gone.
        case trustRetired = "trust-retired"
    }

    /// The event's own id, `webhook-id` on the wire.
    public let id: DeviceID
    public let kind: Kind
    /// `nil` for what is about no device of ours.
    public let device: DeviceID?
    /// Grows with every event of the device; 0 for what is about none.
    public let generation: Int
    /// The certificate it is about; `nil` where it is about the device alone.
    public let serialNumber: SerialNumber?

    public init(id: DeviceID, kind: Kind, device: DeviceID?, generation: Int, serialNumber: SerialNumber?) {
        self.id = id
        self.kind = kind
        self.device = device
        self.generation = generation
        self.serialNumber = serialNumber
    }
}
