internal import EnrollmentCore
internal import XMLKit

/// Answers devices that look for their enrollment server ([MS-MDE2] § 3.1).
package struct DiscoveryEndpoint: Sendable {
    private let settings: DiscoverySettings
    private let services: EndpointServices

    package init(settings: DiscoverySettings, services: EndpointServices) {
        self.settings = settings
        self.services = services
    }

    /// Answers a GET, by which devices ask whether there is a server at all; only the status counts.
    package static func probe() -> WireResponse {
        WireResponse(status: 200, contentType: "text/html", octets: [])
    }

    /// Answers a POST.
    package func answer(_ request: WireRequest) async -> WireResponse {
        guard !request.octets.isEmpty else { return .emptyRequest }
        var attempt = request.attempt(at: .discovery)
        var messageID: String?
        do throws(EnrollmentError) {
            let envelope = try request.envelope(of: .discover, messageID: &messageID)
            let discover = try DiscoverRequest(envelope.body)
            attempt.claimedName = discover.emailAddress.isEmpty ? nil : discover.emailAddress
            attempt.osVersion = discover.applicationVersion
            let response = try DiscoverResponse(to: discover, under: self.settings)
            let octets = request.responseEnvelope(for: .discover, to: messageID).octets { response.write(to: &$0) }
            return self.services.success(attempt, octets: octets)
        } catch {
            let envelope = request.responseEnvelope(for: .discover, to: messageID)
            return await self.services.refusal(attempt, error, in: envelope)
        }
    }
}

extension WireRequest {
    /// Reads the envelope and leaves its MessageID where a fault can find it, whatever else is wrong.
    func envelope(of operation: Operation, messageID: inout String?) throws(EnrollmentError) -> Envelope {
        do throws(Envelope.Rejection) {
            let envelope = try Envelope(parsing: self.octets, expecting: operation)
            messageID = envelope.messageID
            return envelope
        } catch {
            messageID = error.messageID
            throw error.error
        }
    }

    func responseEnvelope(for operation: Operation, to messageID: String?) -> ResponseEnvelope {
        ResponseEnvelope(operation: operation, relatesTo: messageID, activityID: self.activityID)
    }
}
