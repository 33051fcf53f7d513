package import EnrollmentCore

/// Where events are sent to, and which.
package struct Destination: Hashable, Sendable {
    /// In the ledger, in logs and in metrics; never changes, or everything is sent once more.
    package let name: String
    /// Provider ids of the management servers whose devices' events it gets; empty for those of all.
    package let providers: Set<String>
    package let kinds: Set<HandOffEvent.Kind>
    /// Requests at once.
    package let concurrency: Int
    package let retries: RetrySchedule

    package init(
        name: String,
        providers: Set<String> = [],
        kinds: Set<HandOffEvent.Kind> = Self.defaultKinds,
        concurrency: Int = 16,
        retries: RetrySchedule = RetrySchedule()
    ) {
        self.name = name
        self.providers = providers
        self.kinds = kinds
        self.concurrency = max(1, concurrency)
        self.retries = retries
    }

    /// All but what is about no device of ours and happens often.
    package static let defaultKinds = Set(HandOffEvent.Kind.allCases).subtracting([.limitRefused])

    /// Whether the event is sent there; one about no device is every management server's.
    package func wants(_ event: FeedEvent) -> Bool {
        guard self.kinds.contains(event.event.kind) else { return false }
        guard !self.providers.isEmpty, let device = event.device else { return true }
        return self.providers.contains(device.providerID)
    }
}
