/// Whether a device that holds a certificate of a draining issuer will replace it, and when.
public enum RenewalOutlook: Hashable, Sendable {
    /// Its window has not opened yet.
    case opens(Timestamp)
    /// Its window is open, and it has its time.
    case open(since: Timestamp)
    /// Its window has been open for long and it did not come: it is likely to be gone.
    case silent(since: Timestamp)
    /// Its certificate has ended and may not be renewed any more.
    case ended(Timestamp)

    /// Days in an open window after which a device that did not come is taken for gone.
    private static let patience = 30

    /// - Parameters:
    ///   - opening: When the certificate may be renewed: by the policy, or when its issuer's devices were hurried.
    ///   - ends: The certificate's end.
    ///   - afterExpiryDays: Days after it for which it may still be renewed.
    ///   - now: The present.
    public init(opening: Timestamp, ends: Timestamp, afterExpiryDays: Int, at now: Timestamp) {
        if ends.adding(days: afterExpiryDays) < now {
            self = .ended(ends)
        } else if opening > now {
            self = .opens(opening)
        } else if opening.adding(days: Self.patience) > now {
            self = .open(since: opening)
        } else {
            self = .silent(since: opening)
        }
    }

    /// Whether nobody should wait for it.
    public var isHopeless: Bool {
        switch self {
        case .opens, .open: false
        case .silent, .ended: true
        }
    }
}
