import EnrollmentCore

/// When devices renew, judged by what a list of them shows.
struct FleetWindow: Sendable {
    /// Whether, and when, a device will replace the certificate that it has.
    enum Outlook: Hashable, Sendable {
        case renews(RenewalOutlook)
        /// It is suspended, and does not renew before somebody resumes it.
        case held
        case unknown
    }

    private let policy: RenewalPolicy
    private let schedule: RenewalSchedule
    private let validityDays: Int
    let now: Timestamp

    init(_ configuration: Configuration, _ profiles: ProfileFolder, at now: Timestamp) {
        self.policy = configuration.renewalPolicy(for: profiles.device)
        self.schedule = profiles.device.renewal
        self.validityDays = profiles.device.validityDays
        self.now = now
    }

    /// Judges one device.
    ///
    /// - Parameters:
    ///   - device: The device.
    ///   - hurried: Since when devices of its issuer may renew early; `nil` when they may not.
    /// - Returns: What it is likely to do.
    func outlook(of device: DeviceRecord, hurried: Timestamp?) -> Outlook {
        guard device.state != .held else { return .held }
        guard let ends = device.certificateEnds else { return .unknown }
        // Where it began is not on the list; of one that its issuer's end made shorter the window opens a little later.
        let validity = Validity(notBefore: ends.adding(days: -self.validityDays), notAfter: ends)
        let opening = self.policy.opening(of: validity, by: self.schedule)
        return .renews(
            RenewalOutlook(
                opening: hurried.map { min($0, opening) } ?? opening,
                ends: ends,
                afterExpiryDays: self.policy.afterExpiryDays,
                at: self.now
            )
        )
    }
}

extension FleetWindow.Outlook {
    /// Whether nobody should wait for the device.
    var isHopeless: Bool {
        switch self {
        case .renews(let outlook): outlook.isHopeless
        case .held: true
        case .unknown: false
        }
    }

    var words: String {
        switch self {
        case .renews(.opens(let moment)): "from \(CAStatusScreen.day(moment))"
        case .renews(.open(let since)): "now, since \(CAStatusScreen.day(since))"
        case .renews(.silent(let since)): "may since \(CAStatusScreen.day(since)), and did not"
        case .renews(.ended(let end)): "no more: ended \(CAStatusScreen.day(end))"
        case .held: "not while it is held"
        case .unknown: "-"
        }
    }

    /// `opens`, `open`, `silent`, `ended`, `held` or `unknown`.
    var name: String {
        switch self {
        case .renews(.opens): "opens"
        case .renews(.open): "open"
        case .renews(.silent): "silent"
        case .renews(.ended): "ended"
        case .held: "held"
        case .unknown: "unknown"
        }
    }

    /// The moment that goes with ``name``.
    var moment: Timestamp? {
        switch self {
        case .renews(.opens(let moment)), .renews(.open(let moment)), .renews(.silent(let moment)),
            .renews(.ended(let moment)):
            moment
        case .held, .unknown: nil
        }
    }
}
