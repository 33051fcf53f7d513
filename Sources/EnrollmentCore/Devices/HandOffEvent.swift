/// What the management server is told about a device, in the order of the device's generations.
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
    }

    /// The event's own id, `webhook-id` on the wire.
    public let id: DeviceID
    public let kind: Kind
    public let device: DeviceID
    /// Grows with every event of the device.
    public let generation: Int
    /// The certificate it is about; `nil` where it is about the device alone.
    public let serialNumber: SerialNumber?

    public init(id: DeviceID, kind: Kind, device: DeviceID, generation: Int, serialNumber: SerialNumber?) {
        self.id = id
        self.kind = kind
        self.device = device
        self.generation = generation
        self.serialNumber = serialNumber
    }
}
