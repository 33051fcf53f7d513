package import EnrollmentCore

/// When CRLs are made, and how long they count.
///
/// Pure: same standing, same answer.
package struct CRLSchedule: Hashable, Sendable {
    /// Why a shard's CRL has to be made now.
    package enum Reason: String, Hashable, Sendable, CaseIterable {
        /// There was none yet.
        case first
        /// The published one is as old as the interval.
        case age
        /// Revocations wait to be shown.
        case change
        /// The published one begins in the future: a clock was set back.
        case clock
    }

    /// Seconds after which a CRL is made anew without any reason; 6 h by default.
    package var interval: Int64
    /// Seconds that a CRL counts; 24 h by default.
    package var validity: Int64
    /// Seconds that a revocation waits for others, so that a mass revocation is not a mass of CRLs; 10 by default.
    package var gathering: Int64
    /// Seconds within which a revocation is shown; ``gathering`` may take half of it.
    package static let promise: Int64 = 60

    /// Seconds that may pass between the moment a CRL is due and the moment clients have it, for clocks and caches.
    private static let slack: Int64 = 3_600

    package init(interval: Int64 = 6 * 3_600, validity: Int64 = 24 * 3_600, gathering: Int64 = 10) {
        self.interval = interval
        self.validity = validity
        self.gathering = gathering
    }

    /// For a root whose key people have to come together for: anew after 90 days, valid for 180.
    package static let byPeople = CRLSchedule(interval: 90 * 86_400, validity: 180 * 86_400)

    /// Why these times cannot keep what is promised; `nil` when they can.
    package var problem: String? {
        if self.interval < 60 { return "the interval of \(self.interval) s is shorter than a minute" }
        if self.validity <= self.interval + Self.slack {
            return
                "a CRL that counts for \(self.validity) s and is made every \(self.interval) s would be out of date at "
                + "times; the validity has to be longer than the interval and an hour"
        }
        if !(0...Self.promise / 2).contains(self.gathering) {
            return
                "revocations wait \(self.gathering) s for others; \(Self.promise / 2) s at most, to be shown in \(Self.promise) s"
        }
        return nil
    }

    /// Why the shard's next CRL is due, or `nil`.
    package func reason(for standing: CRLStanding, at now: Timestamp) -> Reason? {
        guard let published = standing.published else { return .first }
        if published.thisUpdate > now.adding(seconds: 1) { return .clock }
        if now >= published.thisUpdate.adding(seconds: self.interval) { return .age }
        guard let waiting = standing.waitingSince else { return nil }
        // One recorded in the future has waited long enough: nobody knows when that comes.
        return waiting > now || now >= waiting.adding(seconds: self.gathering) ? .change : nil
    }
}
