package import EnrollmentCore
internal import XMLKit

/// Answers devices that ask for their first certificate, or for the next one ([MS-MDE2] § 3.4 and § 3.5).
package struct EnrollmentEndpoint: Sendable {
    /// ``EnrollmentService/enroll(_:)`` or what stands in for it: records every attempt that reaches it.
    package typealias Enroll = @Sendable (EnrollmentRequest) async throws(Refusal) -> Enrollment
    /// The same for renewals.
    package typealias Renew = @Sendable (RenewalRequest) async throws(Refusal) -> Renewal
    /// SHA-1 over a certificate, by which Windows names it in its stores.
    package typealias Thumbprint = @Sendable (_ der: [UInt8]) throws(EnrollmentError) -> [UInt8]

    /// What a message turned out to ask for.
    private enum Order {
        case enrollment(EnrollmentRequest)
        case renewal(RenewalRequest, by: Renew)
    }

    private let accounts: ManagementAccounts
    private let enroll: Enroll
    private let renew: Renew?
    private let thumbprint: Thumbprint
    private let services: EndpointServices

    /// - Parameters:
    ///   - accounts: The management accounts devices are given.
    ///   - enroll: The use case.
    ///   - renew: The other use case; `nil` where renewal is not offered, and devices are told to enroll again.
    ///   - thumbprint: Digests the issuers' certificates; the leaf's digest comes with the enrollment.
    ///   - services: For attempts that end before the use case.
    package init(
        accounts: ManagementAccounts,
        enroll: @escaping Enroll,
        renew: Renew? = nil,
        thumbprint: @escaping Thumbprint,
        services: EndpointServices
    ) {
        self.accounts = accounts
        self.enroll = enroll
        self.renew = renew
        self.thumbprint = thumbprint
        self.services = services
    }

    /// Answers a POST.
    package func answer(_ request: WireRequest) async -> WireResponse {
        guard !request.octets.isEmpty else { return .emptyRequest }
        var attempt = request.attempt(at: .enrollment)
        var messageID: String?
        let order: Order
        do throws(EnrollmentError) {
            order = try self.read(request, messageID: &messageID, attempt: &attempt)
        } catch {
            let envelope = request.responseEnvelope(for: .requestSecurityToken, to: messageID)
            return await self.services.refusal(attempt, error, in: envelope)
        }
        let envelope = request.responseEnvelope(for: .requestSecurityToken, to: messageID)
        do throws(Refusal) {
            switch order {
            case .enrollment(let request):
                return self.response(to: try await self.enroll(request), attempt, in: envelope)
            case .renewal(let request, let renew):
                return self.response(to: try await renew(request), attempt, in: envelope)
            }
        } catch {
            return self.services.fault(
                error.attempt,
                error.error,
                in: envelope,
                recordingFailure: error.recordingFailure
            )
        }
    }
}

// MARK: - From octets to a request

extension EnrollmentEndpoint {
    private func read(
        _ request: WireRequest,
        messageID: inout String?,
        attempt: inout Attempt
    ) throws(EnrollmentError) -> Order {
        let envelope = try request.envelope(of: .requestSecurityToken, messageID: &messageID)
        attempt.claimedName = SecurityHeader.claimedName(in: envelope.security)
        // The body first: whether a user has to sign in depends on what is asked for.
        let purpose = try SecurityTokenRequest.purpose(of: envelope.body)
        switch purpose {
        case .enrollment:
            let token = try SecurityTokenRequest(envelope.body, asking: purpose, notedIn: &attempt)
            return .enrollment(
                EnrollmentRequest(
                    traceID: request.traceID,
                    credential: try SecurityHeader.credential(in: envelope.security),
                    certificateRequest: token.message,
                    claims: token.claims,
                    sourceAddress: request.sourceAddress
                )
            )
        case .renewal:
            attempt = request.attempt(at: .renewal, claimedName: attempt.claimedName)
            guard let renew = self.renew else {
                throw EnrollmentError(
                    .notEligibleToRenew,
                    "The device asked to renew its certificate; renewal is not offered, it has to enroll again.",
                    rule: "enrollment.renewal"
                )
            }
            let token = try SecurityTokenRequest(envelope.body, asking: purpose, notedIn: &attempt)
            return .renewal(
                RenewalRequest(
                    traceID: request.traceID,
                    signedRequest: token.message,
                    credential: try SecurityHeader.optionalCredential(in: envelope.security),
                    connectionThumbprint: request.clientCertificate,
                    claims: token.claims,
                    sourceAddress: request.sourceAddress
                ),
                by: renew
            )
        }
    }
}

// MARK: - From a result to octets

extension EnrollmentEndpoint {
    private func response(to enrollment: Enrollment, _ attempt: Attempt, in envelope: ResponseEnvelope) -> WireResponse
    {
        var attempt = attempt
        attempt.device = enrollment.device
        attempt.userID = enrollment.user.id
        attempt.serialNumber = enrollment.certificate.serialNumber
        return self.response(attempt, in: envelope) { () throws(EnrollmentError) in
            ProvisioningDocument(
                enrollment: enrollment,
                settings: try self.account(of: enrollment),
                authorityThumbprints: try self.thumbprints(of: enrollment.authorities.map(\.der))
            ).octets()
        }
    }

    private func response(to renewal: Renewal, _ attempt: Attempt, in envelope: ResponseEnvelope) -> WireResponse {
        var attempt = attempt
        attempt.device = renewal.device
        attempt.userID = renewal.user.id
        attempt.serialNumber = renewal.certificate.serialNumber
        return self.response(attempt, in: envelope) { () throws(EnrollmentError) in
            RenewalDocument(
                renewal: renewal,
                providerID: self.accounts.providerID(recorded: renewal.providerID),
                authorityThumbprints: try self.thumbprints(of: renewal.authorities.map(\.der))
            ).octets()
        }
    }

    private func response(
        _ attempt: Attempt,
        in envelope: ResponseEnvelope,
        document: () throws(EnrollmentError) -> [UInt8]
    ) -> WireResponse {
        var attempt = attempt
        let now = self.services.clock.now
        do throws(EnrollmentError) {
            let octets = SecurityTokenResponse(envelope: envelope, document: try document(), now: now).octets()
            attempt.succeed(at: now)
            return WireResponse(status: 200, contentType: WireResponse.soapType, octets: octets, attempt: attempt)
        } catch {
            // Recorded as a success already: the device comes again, and its former certificate still counts.
            attempt.refuse(error, at: now)
            return self.services.fault(attempt, error, in: envelope)
        }
    }

    /// The account that the terms of the enrollment name.
    private func account(of enrollment: Enrollment) throws(EnrollmentError) -> ManagementSettings {
        guard let account = self.accounts.account(enrollment.terms.providerID) else {
            throw EnrollmentError(
                .internalService,
                "The device was admitted for the management account \(enrollment.terms.providerID), which is not"
                    + " configured; management.accounts has to have it.",
                rule: "enrollment.account"
            )
        }
        return account
    }

    private func thumbprints(of certificates: [[UInt8]]) throws(EnrollmentError) -> [[UInt8]] {
        var thumbprints: [[UInt8]] = []
        for certificate in certificates { thumbprints.append(try self.thumbprint(certificate)) }
        return thumbprints
    }
}
