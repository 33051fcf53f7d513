import AdminAPI
import Authority
import EnrollmentCore
import Logging
import ManagementLink

/// Events as the feed gives them: as webhooks carry them, but without accounts' secrets, which are for one receiver each.
struct FeedBody: EventBody {
    let current: CurrentGraph
    let vault: Vault
    let logger: Logger

    func body(of event: FeedEvent, at now: Timestamp) throws(EnrollmentError) -> [UInt8] {
        let parts = HandOffParts(configuration: self.current.value.configuration, vault: self.vault)
        let body = parts.body(disclosing: .omitted)
        do throws(EnrollmentError) {
            return try body.octets(of: event)
        } catch {
            guard event.sealedAccount != nil else { throw error }
            self.logger.warning(
                "an event is in the feed without its account, which does not open",
                metadata: ["event": "\(event.event.id)", "rule": "\(error.rule)", "detail": "\(error.detail)"]
            )
            // A reader whom one account that does not open would stop here could never get beyond it.
            var bare = event
            bare.sealedAccount = nil
            return try body.octets(of: bare)
        }
    }
}
