/// Asks somebody outside whether a device may have a certificate, before anything is reserved or signed.
public protocol EnrollmentAuthoriser: Sendable {
    /// - Returns: What to record with the device.
    /// - Throws: ``EnrollmentError`` with code `denied` when the answer is no, and `inMaintenance` when there is none and
    ///   that is not to be taken for a yes.
    func authorise(_ question: AuthorisationQuestion) async throws(EnrollmentError) -> AuthorisationAnswer
}

/// Who wants what.
public struct AuthorisationQuestion: Hashable, Sendable {
    public let traceID: TraceID
    public let operation: Attempt.Operation
    public let user: DirectoryUser
    public let claims: DeviceClaims
    /// The device that renews; `nil` for an enrollment.
    public let device: DeviceID?
    /// `password`, `certificate` and so on.
    public let credentialKind: String
    public let sourceAddress: String
    /// On what terms the device will be admitted, or was and will stay.
    public let terms: EnrollmentTerms

    public init(
        traceID: TraceID,
        operation: Attempt.Operation,
        user: DirectoryUser,
        claims: DeviceClaims,
        device: DeviceID?,
        credentialKind: String,
        sourceAddress: String,
        terms: EnrollmentTerms
    ) {
        self.traceID = traceID
        self.operation = operation
        self.user = user
        self.claims = claims
        self.device = device
        self.credentialKind = credentialKind
        self.sourceAddress = sourceAddress
        self.terms = terms
    }
}

/// Yes, and what goes with it.
public struct AuthorisationAnswer: Hashable, Sendable {
    /// For the event.
    public let attributes: [Fact]
    /// Why nobody was heard, where that is taken for a yes; `nil` after an answer.
    public let silence: String?

    public init(attributes: [Fact] = [], silence: String? = nil) {
        self.attributes = attributes
        self.silence = silence
    }
}
