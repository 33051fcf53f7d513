/// Keeps sealed keys, and changes all of them at once when what seals them changes.
public protocol SealingLedger: Sendable {
    /// Everything that is sealed by the vault and has to be sealed anew for another passphrase, as of one moment.
    func sealedKeys() async throws(EnrollmentError) -> SealedKeys

    /// Replaces sealed keys, and the parameters that open them, in one transaction; records the act.
    ///
    /// - Throws: ``EnrollmentError`` with code `internalService` and rule `sealing.changed` when any of it is not what the
    ///   change starts from, or something sealed was added meanwhile; nothing is changed then.
    func reseal(_ change: Resealing, act: AdministrativeAct) async throws(EnrollmentError)
}

/// The keys in the store, and what opens them.
public struct SealedKeys: Hashable, Sendable {
    public struct ServiceKey: Hashable, Sendable {
        public let serialNumber: SerialNumber
        /// See ``ServiceCertificateRecord/use``.
        public let use: String
        public let sealedKey: [UInt8]

        public init(serialNumber: SerialNumber, use: String, sealedKey: [UInt8]) {
            self.serialNumber = serialNumber
            self.use = use
            self.sealedKey = sealedKey
        }
    }

    /// `nil` in a store that was never filled.
    public let parameters: [UInt8]?
    /// All of them, wherever their keys are, oldest first.
    public let issuers: [IssuerRecord]
    /// Of the newest certificate of each use; nobody opens an older one's again.
    public let services: [ServiceKey]
    /// Open ceremonies, whose keys wait for their certificates.
    public let ceremonies: [CeremonyRecord]

    public init(
        parameters: [UInt8]?,
        issuers: [IssuerRecord],
        services: [ServiceKey],
        ceremonies: [CeremonyRecord]
    ) {
        self.parameters = parameters
        self.issuers = issuers
        self.services = services
        self.ceremonies = ceremonies
    }
}

/// Sealed keys, each from what it is to what it is to be.
public struct Resealing: Hashable, Sendable {
    public struct Step<Value: Hashable & Sendable>: Hashable, Sendable {
        public let former: Value
        public let next: Value

        public init(from former: Value, to next: Value) {
            self.former = former
            self.next = next
        }
    }

    /// `nil` where the parameters stay.
    public var parameters: Step<[UInt8]>?
    /// By issuer.
    public var issuers: [String: Step<KeyLocation>]
    /// By the serial number of the certificate.
    public var services: [SerialNumber: Step<[UInt8]>]
    /// By ceremony.
    public var ceremonies: [String: Step<KeyLocation>]
    /// What the record of the act says of it.
    public var facts: [Fact]

    public init(
        parameters: Step<[UInt8]>? = nil,
        issuers: [String: Step<KeyLocation>] = [:],
        services: [SerialNumber: Step<[UInt8]>] = [:],
        ceremonies: [String: Step<KeyLocation>] = [:],
        facts: [Fact] = []
    ) {
        self.parameters = parameters
        self.issuers = issuers
        self.services = services
        self.ceremonies = ceremonies
        self.facts = facts
    }
}
