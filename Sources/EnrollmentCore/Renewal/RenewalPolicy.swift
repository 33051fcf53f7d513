/// When a certificate may be renewed, and how a device proves that it is its own.
public struct RenewalPolicy: Hashable, Sendable {
    /// What besides the signature over the request a device without its user has to show.
    public enum Proof: String, Hashable, Sendable, CaseIterable {
        /// The connection was made with the certificate that is to be renewed.
        case connection
        /// Nothing: the signature proves the old key. For servers behind a proxy that hands no certificate on.
        case signature
    }

    /// Days before the end at which the window opens; `nil` takes the profile's, and a day for clocks that run early.
    public let windowDays: Int?
    /// How long after a renewal the former certificate stays valid unless the new one is seen; never past its own end.
    public let overlapSeconds: Int64
    /// Days after its end for which a certificate may still be renewed; 0 for none.
    public let afterExpiryDays: Int
    public let proof: Proof
    /// How many successors of one certificate may be asked for within 24 hours: lost answers are few, and each leaves an
    /// entry on a CRL.
    public let triesPerDay: Int

    public init(
        windowDays: Int? = nil,
        overlapSeconds: Int64 = 30 * 86_400,
        afterExpiryDays: Int = 0,
        proof: Proof = .connection,
        triesPerDay: Int = 12
    ) {
        self.windowDays = windowDays
        self.overlapSeconds = overlapSeconds
        self.afterExpiryDays = afterExpiryDays
        self.proof = proof
        self.triesPerDay = triesPerDay
    }

    /// The moment from which a certificate may be renewed.
    ///
    /// - Parameters:
    ///   - validity: The certificate's.
    ///   - schedule: The profile's, which is what the device was told.
    /// - Returns: The first moment of the window.
    public func opening(of validity: Validity, by schedule: RenewalSchedule) -> Timestamp {
        let days = self.windowDays ?? schedule.fitting(validity).renewPeriodDays + 1
        return validity.notAfter.adding(days: -days)
    }

    /// The last moment at which it may, without a permit.
    public func closing(of validity: Validity) -> Timestamp {
        validity.notAfter.adding(days: self.afterExpiryDays)
    }
}
