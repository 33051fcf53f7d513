/// Work that exactly one replica does at a time.
enum Duty: String, CaseIterable, Sendable {
    /// Ends what time has overtaken, and removes what is kept no longer.
    case housekeeping
    /// Makes and publishes CRLs.
    case publication
    /// Renews the service's own certificates.
    case certificates
    /// Gives events their places in the feed.
    case feed
    /// Goes by the schedule of key rotation.
    case rotation

    /// The lease's name in the store.
    var lease: String { "duty/\(self.rawValue)" }
}
