/// The steps of a whole life, in order.
public enum LifeStep: String, Hashable, Sendable, CaseIterable {
    case enroll
    /// The first session with the management server.
    case manage
    /// With the certificate in TLS, nobody asked.
    case renewByItself = "renew-by-itself"
    /// With the user's password.
    case renewManually = "renew-manually"
    /// Renewed, and the answer thrown away.
    case loseAnswer = "lose-answer"
    /// Renewed once more with the certificate that the device still has.
    case renewAfterLoss = "renew-after-loss"
    /// A TLS connection with the new certificate.
    case contact
    /// With the certificate before, once the new one was used.
    case renewSuperseded = "renew-superseded"
    /// For the key the device has already.
    case renewSameKey = "renew-same-key"
    /// For an RSA key of 1024 bits.
    case renewWeakKey = "renew-weak-key"
    /// With another device's certificate in TLS.
    case renewForeignCertificate = "renew-foreign-certificate"
    /// With a message that another device signed.
    case renewForeignSignature = "renew-foreign-signature"
    /// An honest one after all that were refused.
    case renewAfterRefusals = "renew-after-refusals"
    /// A session with the management server after all renewals.
    case manageRenewed = "manage-renewed"
    /// After the operator's command changed the user.
    case renewChangedUser = "renew-changed-user"
    /// After the operator's command changed the user back.
    case renewRestoredUser = "renew-restored-user"
    /// After the operator's command revoked the certificate.
    case renewRevoked = "renew-revoked"

    /// What has to come of it.
    public enum Expectation: String, Hashable, Sendable {
        case granted
        case refused
    }

    public var expectation: Expectation {
        switch self {
        case .enroll, .renewByItself, .renewManually, .loseAnswer, .renewAfterLoss, .contact, .renewAfterRefusals,
            .renewRestoredUser, .manage, .manageRenewed:
            .granted
        case .renewSuperseded, .renewSameKey, .renewWeakKey, .renewForeignCertificate, .renewForeignSignature,
            .renewChangedUser, .renewRevoked:
            .refused
        }
    }

    /// The words of a refusal, error type or subcode in lower case, that fit the reason.
    var fittingRefusals: [String] {
        switch self {
        case .renewSameKey, .renewWeakKey: ["noteligibletorenew", "certificaterequest"]
        case .renewChangedUser: ["noteligibletorenew", "authorization", "authentication"]
        default: ["noteligibletorenew"]
        }
    }

    /// Why `fault` is not the refusal that this step is to get; `nil` when it is.
    func objection(to fault: DeviceFault) -> String? {
        let word = (fault.errorType ?? fault.subcode).lowercased()
        guard !self.fittingRefusals.contains(word) else { return nil }
        return "refused, but not for this: \(fault)"
    }
}
