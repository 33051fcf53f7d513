import AdminAPI
import Authority
import EnrollmentCore
import EnrollmentWire
import ManagementLink

/// Events as the feed gives them: as webhooks carry them, but without accounts' secrets, which are for one receiver each.
struct FeedBody: EventBody {
    let current: CurrentGraph
    let vault: Vault

    func body(of event: FeedEvent, at now: Timestamp) throws(EnrollmentError) -> [UInt8] {
        let configuration = self.current.value.configuration
        let servers = configuration.management.all.map { account in
            let addresses = [account.address] + account.furtherAddresses
            return (account.providerID, ManagementServer(name: account.name, addresses: addresses))
        }
        let body = CloudEventBody(
            source: configuration.deviceURL.text,
            // Provider ids are told apart when the configuration is read.
            servers: Dictionary(servers) { first, _ in first },
            disclosure: .omitted,
            open: self.vault.open(_:for:)
        )
        return try body.octets(of: event)
    }
}
