/// What help desk orders for one device.
public struct DeviceOrder: Sendable {
    public let device: DeviceID
    public let act: AdministrativeAct
    /// For ``AdministrativeAct/Verb/reset`` and `retire`: why its certificates are revoked.
    public let revocationReason: RevocationReason
    /// For `reset`: until when the same hardware may enroll once more for the same user; `nil` for no permit.
    public let permitUntil: Timestamp?

    public init(
        device: DeviceID,
        act: AdministrativeAct,
        revocationReason: RevocationReason = .cessationOfOperation,
        permitUntil: Timestamp? = nil
    ) {
        self.device = device
        self.act = act
        self.revocationReason = revocationReason
        self.permitUntil = permitUntil
    }
}

/// What became of a ``DeviceOrder``.
public enum DeviceOrderOutcome: Hashable, Sendable {
    case done(DeviceOrderReport)
    /// It is in that state already; the act that brought it there, where one did.
    case already(DeviceRecord, by: AdministrativeAct?)
    case unknownDevice
    /// The device's state does not allow it, such as holding what has ended.
    case refused(DeviceRecord, because: String)
}

/// What an order did.
public struct DeviceOrderReport: Hashable, Sendable {
    /// The device afterwards.
    public let device: DeviceRecord
    /// Certificates whose revocation this changed: revoked, put on hold, or taken off it.
    public let certificates: [SerialNumber]
    public let permitUntil: Timestamp?
    /// The hand-off event that tells the management server.
    public let event: DeviceID?

    public init(
        device: DeviceRecord,
        certificates: [SerialNumber],
        permitUntil: Timestamp?,
        event: DeviceID?
    ) {
        self.device = device
        self.certificates = certificates
        self.permitUntil = permitUntil
        self.event = event
    }
}

/// Permission for one thing that a rule would refuse otherwise, used up by the first time.
public struct Permit: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The same hardware may enroll once more for the same user after a reset or a retirement.
        case enrollment
        /// The device may renew once although its certificate has expired.
        case renewal
    }

    public let kind: Kind
    public let device: DeviceID
    public let until: Timestamp
    /// The certificate that it led to; `nil` while it is unused.
    public let usedFor: SerialNumber?

    public init(kind: Kind, device: DeviceID, until: Timestamp, usedFor: SerialNumber?) {
        self.kind = kind
        self.device = device
        self.until = until
        self.usedFor = usedFor
    }
}
