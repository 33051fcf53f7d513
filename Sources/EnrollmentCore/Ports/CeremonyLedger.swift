/// Keeps what was asked of an offline machine until it comes back.
public protocol CeremonyLedger: Sendable {
    /// Records a ceremony before its file leaves; what is to be signed is recorded as intents beforehand.
    ///
    /// - Throws: ``EnrollmentError`` with code `authorization` and rule `ceremony.open` when one of the same kind for the
    ///   same issuer is open already.
    func openCeremony(_ ceremony: CeremonyRecord, act: AdministrativeAct) async throws(EnrollmentError)

    /// All of them, oldest first.
    func ceremonies() async throws(EnrollmentError) -> [CeremonyRecord]

    /// Ends an open ceremony and wipes its key from the store; records the act.
    ///
    /// - Returns: `false` when it had ended before; nothing is recorded then.
    /// - Throws: ``EnrollmentError`` with code `internalService` and rule `ceremony.unknown`.
    func closeCeremony(_ id: String, as state: CeremonyRecord.State, act: AdministrativeAct)
        async throws(EnrollmentError) -> Bool
}

/// Something that an offline machine is asked to sign.
public struct CeremonyRecord: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The first issuing authority of a new place, below a root that is offline.
        case founding
        /// Another issuing authority.
        case issuing
        /// A link certificate: one root's key, certified by another.
        case root
        /// CRLs of a root that is not at hand.
        case crl
    }

    public enum State: String, Hashable, Sendable, CaseIterable {
        case open
        case imported
        case withdrawn
    }

    /// Sixteen symbols that name it on paper and in file names.
    public let id: String
    public let kind: Kind
    public let state: State
    /// Whose certificate or CRLs it is about.
    public let issuerID: String
    /// The octets of the request, as they left.
    public let request: [UInt8]
    /// The key that waits for its certificate; ``KeyLocation/destroyed`` where there is none, or none any more.
    public let key: KeyLocation
    public let created: Timestamp
    public let ended: Timestamp?

    public init(
        id: String,
        kind: Kind,
        state: State = .open,
        issuerID: String,
        request: [UInt8],
        key: KeyLocation,
        created: Timestamp,
        ended: Timestamp? = nil
    ) {
        self.id = id
        self.kind = kind
        self.state = state
        self.issuerID = issuerID
        self.request = request
        self.key = key
        self.created = created
        self.ended = ended
    }
}

extension EnrollmentError {
    /// Another ceremony of the kind has to be imported or withdrawn first.
    public static func ceremonyOpen(_ other: CeremonyRecord) -> EnrollmentError {
        EnrollmentError(
            .authorization,
            "Ceremony \(other.id) for \(other.issuerID) is open since \(other.created). Import what came back from it"
                + " (gatehouse ca import), write its file again (gatehouse ca ceremonies --again \(other.id) --out FILE), or"
                + " withdraw it (--withdraw \(other.id)).",
            rule: "ceremony.open"
        )
    }
}
