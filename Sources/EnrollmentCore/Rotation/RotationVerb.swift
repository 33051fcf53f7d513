/// What an administrator does with an issuer (`pki.md` § 3 names what each step means to devices).
public enum RotationVerb: String, Hashable, Sendable, CaseIterable {
    /// Makes a key and a certificate for it; nobody is told.
    case prepare
    /// Has the certificate handed out, so that devices know it before they need it.
    case publish
    /// Has it sign new certificates from now on; its predecessor drains.
    case activate
    /// Has the devices of a draining issuer renew as early as they can.
    case drain
    /// Destroys the key of an issuer on which nothing hangs any more.
    case retire
    /// Takes back an issuer that has signed nothing.
    case abort
    /// Stops an issuer whose key is not its owner's alone any more.
    case compromise
}

extension RotationVerb {
    /// The state in which an issuer is once the verb was carried out; `nil` for a verb that leaves it where it is.
    var outcome: IssuerRecord.State? {
        switch self {
        case .prepare, .drain: nil
        case .publish: .published
        case .activate: .active
        case .retire: .retired
        case .abort: .aborted
        case .compromise: .compromised
        }
    }

    /// What an audit record calls it.
    public var act: AdministrativeAct.Verb {
        switch self {
        case .prepare: .prepareIssuer
        case .publish: .publishIssuer
        case .activate: .activateIssuer
        case .drain: .drainIssuer
        case .retire: .retireIssuer
        case .abort: .abortIssuer
        case .compromise: .compromiseIssuer
        }
    }
}

extension IssuerRecord.State {
    /// Whether no verb leads out of it.
    public var isFinal: Bool {
        switch self {
        case .retired, .aborted, .compromised: true
        case .prepared, .published, .active, .draining, .crlOnly: false
        }
    }
}
