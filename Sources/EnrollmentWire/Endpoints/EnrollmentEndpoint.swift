package import EnrollmentCore
internal import XMLKit

/// Answers devices that ask for their certificate ([MS-MDE2] § 3.4).
package struct EnrollmentEndpoint: Sendable {
    /// ``EnrollmentService/enroll(_:)`` or what stands in for it: records every attempt that reaches it.
    package typealias Enroll = @Sendable (EnrollmentRequest) async throws(Refusal) -> Enrollment
    /// SHA-1 over a certificate, by which Windows names it in its stores.
    package typealias Thumbprint = @Sendable (_ der: [UInt8]) throws(EnrollmentError) -> [UInt8]

    private let settings: ManagementSettings
    private let enroll: Enroll
    private let thumbprint: Thumbprint
    private let services: EndpointServices

    /// - Parameters:
    ///   - settings: The management account devices are given.
    ///   - enroll: The use case.
    ///   - thumbprint: Digests the issuers' certificates; the leaf's digest comes with the enrollment.
    ///   - services: For attempts that end before the use case.
    package init(
        settings: ManagementSettings,
        enroll: @escaping Enroll,
        thumbprint: @escaping Thumbprint,
        services: EndpointServices
    ) {
        self.settings = settings
        self.enroll = enroll
        self.thumbprint = thumbprint
        self.services = services
    }

    /// Answers a POST.
    package func answer(_ request: WireRequest) async -> WireResponse {
        guard !request.octets.isEmpty else { return .emptyRequest }
        var attempt = Attempt(
            traceID: request.traceID,
            operation: .enrollment,
            started: request.now,
            sourceAddress: request.sourceAddress
        )
        var messageID: String?
        let enrollmentRequest: EnrollmentRequest
        do throws(EnrollmentError) {
            enrollmentRequest = try self.read(request, messageID: &messageID, attempt: &attempt)
        } catch {
            let envelope = request.responseEnvelope(for: .requestSecurityToken, to: messageID)
            return await self.services.refusal(attempt, error, in: envelope)
        }
        let envelope = request.responseEnvelope(for: .requestSecurityToken, to: messageID)
        let enrollment: Enrollment
        do throws(Refusal) {
            enrollment = try await self.enroll(enrollmentRequest)
        } catch {
            return self.services.fault(
                error.attempt,
                error.error,
                in: envelope,
                recordingFailure: error.recordingFailure
            )
        }
        attempt.device = enrollment.device
        attempt.userID = enrollment.user.id
        attempt.serialNumber = enrollment.certificate.serialNumber
        do throws(EnrollmentError) {
            let octets = try self.response(to: enrollment, in: envelope)
            attempt.succeed(at: self.services.clock.now)
            return WireResponse(status: 200, contentType: WireResponse.soapType, octets: octets, attempt: attempt)
        } catch {
            // Recorded as a success already: the device comes again and takes its slot over.
            attempt.refuse(error, at: self.services.clock.now)
            return self.services.fault(attempt, error, in: envelope)
        }
    }

    private func read(
        _ request: WireRequest,
        messageID: inout String?,
        attempt: inout Attempt
    ) throws(EnrollmentError) -> EnrollmentRequest {
        let envelope = try request.envelope(of: .requestSecurityToken, messageID: &messageID)
        attempt.claimedName = SecurityHeader.claimedName(in: envelope.security)
        // The body first: a renewal may come without any token, and is to be told that it is a renewal.
        let token = try SecurityTokenRequest(envelope.body, notedIn: &attempt)
        let credential = try SecurityHeader.credential(in: envelope.security)
        return EnrollmentRequest(
            traceID: request.traceID,
            credential: credential,
            certificateRequest: token.certificateRequest,
            claims: token.claims,
            sourceAddress: request.sourceAddress
        )
    }

    private func response(to enrollment: Enrollment, in envelope: ResponseEnvelope) throws(EnrollmentError) -> [UInt8] {
        var thumbprints: [[UInt8]] = []
        for issuer in enrollment.issuers { thumbprints.append(try self.thumbprint(issuer)) }
        let document = ProvisioningDocument(
            enrollment: enrollment,
            settings: self.settings,
            issuerThumbprints: thumbprints
        )
        return SecurityTokenResponse(envelope: envelope, document: document.octets(), now: self.services.clock.now)
            .octets()
    }
}
