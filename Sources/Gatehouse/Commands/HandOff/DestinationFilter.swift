import EnrollmentCore
import ManagementLink

/// What a destination takes, as the configuration says; one that is not configured takes everything.
///
/// Whoever sends judges once more: the running service's configuration may be another.
struct DestinationFilter: Sendable {
    private let destination: Destination?

    /// - Parameters:
    ///   - name: The destination; `nil` where there is none.
    ///   - configuration: Where it is looked for.
    init(of name: String?, in configuration: Configuration) {
        let configured = configuration.handOff.destinations.first { $0.name == name }
        self.destination = configured.map {
            Destination(name: $0.name, providers: HandOffParts.providers(of: $0, in: configuration), kinds: $0.kinds)
        }
    }

    func takes(_ event: FeedEvent) -> Bool { self.destination?.wants(event) ?? true }

    /// Whether events about the device go there.
    func takes(_ device: DeviceRecord) -> Bool {
        guard let providers = self.destination?.providers, !providers.isEmpty else { return true }
        return providers.contains(device.providerID)
    }
}
