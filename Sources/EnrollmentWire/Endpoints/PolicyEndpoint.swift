package import EnrollmentCore
internal import XMLKit

/// Answers devices that ask how to make their key ([MS-MDE2] § 3.3).
package struct PolicyEndpoint: Sendable {
    private let settings: PolicySettings
    private let verifier: any CredentialVerifier
    private let services: EndpointServices

    package init(settings: PolicySettings, verifier: any CredentialVerifier, services: EndpointServices) {
        self.settings = settings
        self.verifier = verifier
        self.services = services
    }

    /// Answers a POST: the user is verified before anything is told.
    package func answer(_ request: WireRequest) async -> WireResponse {
        guard !request.octets.isEmpty else { return .emptyRequest }
        var attempt = request.attempt(at: .policy)
        var messageID: String?
        do throws(EnrollmentError) {
            let envelope = try request.envelope(of: .getPolicies, messageID: &messageID)
            attempt.claimedName = SecurityHeader.claimedName(in: envelope.security)
            _ = try GetPoliciesRequest(envelope.body)
            let credential = try SecurityHeader.credential(in: envelope.security)
            attempt.userID = try await self.signIn(credential, attempt: &attempt).id
            let response = GetPoliciesResponse(settings: self.settings)
            let octets = request.responseEnvelope(for: .getPolicies, to: messageID).octets { response.write(to: &$0) }
            return self.services.success(attempt, octets: octets)
        } catch {
            let envelope = request.responseEnvelope(for: .getPolicies, to: messageID)
            return await self.services.refusal(attempt, error, in: envelope)
        }
    }

    /// Verifies the user and notes how long that took.
    private func signIn(_ credential: Credential, attempt: inout Attempt) async throws(EnrollmentError) -> DirectoryUser
    {
        let started = self.services.clock.now
        var user: DirectoryUser?
        defer {
            let taken = self.services.clock.now.microseconds - started.microseconds
            attempt.steps.append(.init(name: "sign-in", succeeded: user != nil, microseconds: taken))
        }
        let verified = try await self.verifier.verify(credential)
        user = verified
        return verified
    }
}
