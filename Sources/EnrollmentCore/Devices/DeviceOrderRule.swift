/// Which orders a device's state allows; the same in every ledger.
public enum DeviceOrderRule: Hashable, Sendable, CaseIterable {
    case reset
    case retire
    case hold

    /// Why what has ended is neither held nor resumed.
    public static let ended = "It has ended already."

    /// Whether the order is refused for this device.
    ///
    /// An expired device can be reset and retired: that keeps it from renewing late and its hardware from enrolling.
    ///
    /// - Parameters:
    ///   - device: The device, in another state than the one that the order leads to.
    ///   - isRetired: Whether a retirement has brought it to `revoked`.
    /// - Returns: Why, as a sentence; `nil` when it is allowed.
    public func refusal(of device: DeviceRecord, isRetired: Bool) -> String? {
        switch (self, device.state) {
        case (.reset, .released), (.retire, .released):
            "Its enrollment came to nothing: it holds no certificate and fills no slot."
        case (.reset, .revoked) where isRetired:
            "It was retired; give it a permit if its hardware is to enroll again."
        case (.hold, .reserved):
            "It has no certificate that could be held yet; reset it instead."
        case (.hold, let state) where !state.occupiesSlot:
            Self.ended
        default:
            nil
        }
    }

    /// Whether a permit is refused.
    ///
    /// - Parameters:
    ///   - kind: What it is to allow.
    ///   - until: When it is to run out.
    ///   - now: The present.
    ///   - device: Whom it is for.
    ///   - needsPermit: Whether the device's hardware may enroll again only with one.
    /// - Returns: Why, as a sentence; `nil` when it is given.
    public static func refusal(
        ofPermit kind: Permit.Kind,
        until: Timestamp,
        at now: Timestamp,
        for device: DeviceRecord,
        needsPermit: Bool
    ) -> String? {
        if until <= now { return "The permit would have run out before it begins." }
        switch kind {
        case .enrollment where device.state.occupiesSlot:
            return "It is enrolled; reset it first if it is to enroll again from the start."
        case .enrollment where !needsPermit:
            return "It was neither reset nor retired nor held to its end: its hardware may enroll without a permit."
        case .renewal where !device.state.occupiesSlot && device.state != .expired:
            return "It has ended other than by expiry; it has to enroll again."
        case .enrollment, .renewal:
            return nil
        }
    }
}
