/// What a verb does to issuers: computed from a ``KeyRotation``, and carried out by a ``RotationLedger`` in one
/// transaction if issuers still are where it found them.
public struct RotationChange: Hashable, Sendable {
    /// One issuer's step from one state to another.
    public struct Move: Hashable, Sendable {
        public let id: String
        public let from: IssuerRecord.State
        public let to: IssuerRecord.State

        public init(id: String, from: IssuerRecord.State, to: IssuerRecord.State) {
            self.id = id
            self.from = from
            self.to = to
        }
    }

    /// What the management server is told of an issuer.
    public struct Announcement: Hashable, Sendable {
        public let kind: HandOffEvent.Kind
        public let id: String

        public init(kind: HandOffEvent.Kind, id: String) {
            self.kind = kind
            self.id = id
        }
    }

    public let verb: RotationVerb
    /// The issuer that it is about.
    public let id: String
    /// In the order in which they are made; none for a verb that changes no state.
    public let moves: [Move]
    public let announcements: [Announcement]
    /// Whose keys are wiped.
    public let destroyedKeys: [String]
    /// Whose certificates are revoked, and why; link certificates are revoked by the caller, afterwards.
    public let revokedIssuers: [String: RevocationReason]
    /// Whether it may only be done while no live certificate hangs on ``id``, and its last CRLs are out.
    public let needsNothingLive: Bool
    /// Whether the devices of ``id`` may renew from now on, whatever their certificates' schedule.
    public let hurries: Bool
    /// What an override of a gate was given for; `nil` where none was needed.
    public let overridden: String?

    public init(
        verb: RotationVerb,
        id: String,
        moves: [Move],
        announcements: [Announcement] = [],
        destroyedKeys: [String] = [],
        revokedIssuers: [String: RevocationReason] = [:],
        needsNothingLive: Bool = false,
        hurries: Bool = false,
        overridden: String? = nil
    ) {
        self.verb = verb
        self.id = id
        self.moves = moves
        self.announcements = announcements
        self.destroyedKeys = destroyedKeys
        self.revokedIssuers = revokedIssuers
        self.needsNothingLive = needsNothingLive
        self.hurries = hurries
        self.overridden = overridden
    }
}
