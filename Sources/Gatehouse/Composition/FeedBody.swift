import AdminAPI
import Authority
import EnrollmentCore
import ManagementLink

/// Events as the feed gives them: as webhooks carry them, but without accounts' secrets, which are for one receiver each.
struct FeedBody: EventBody {
    let current: CurrentGraph
    let vault: Vault

    func body(of event: FeedEvent, at now: Timestamp) throws(EnrollmentError) -> [UInt8] {
        let parts = HandOffParts(configuration: self.current.value.configuration, vault: self.vault)
        return try parts.body(disclosing: .omitted).octets(of: event)
    }
}
