/// Renews devices' certificates: the other use case, without which a fleet falls out after a year.
public struct RenewalService: Sendable {
    /// What the service leans on; see each port.
    public struct Ports: Sendable {
        /// For devices whose user was asked.
        public let verifier: any CredentialVerifier
        /// For devices that renew by themselves.
        public let users: any UserLookup
        public let inspector: any RenewalInspector
        public let authority: any CertificateAuthority
        public let ledger: any EnrollmentLedger & RenewalLedger & AttemptLedger
        /// Asked about every device that may renew; `nil` where nobody is to be asked.
        public let authoriser: (any EnrollmentAuthoriser)?
        public let clock: any WallClock
        public let random: any RandomSource

        public init(
            verifier: any CredentialVerifier,
            users: any UserLookup,
            inspector: any RenewalInspector,
            authority: any CertificateAuthority,
            ledger: any EnrollmentLedger & RenewalLedger & AttemptLedger,
            authoriser: (any EnrollmentAuthoriser)? = nil,
            clock: any WallClock,
            random: any RandomSource
        ) {
            self.verifier = verifier
            self.users = users
            self.inspector = inspector
            self.authority = authority
            self.ledger = ledger
            self.authoriser = authoriser
            self.clock = clock
            self.random = random
        }
    }

    /// The rules a renewal obeys.
    public struct Rules: Sendable {
        /// What certificates say.
        public let issuance: IssuancePolicy
        public let renewal: RenewalPolicy
        /// Who may have devices at all; judged again for users who were not asked.
        public let admission: AdmissionRule
        /// For devices that come back after they had expired.
        public let limits: DeviceLimitPolicy

        public init(
            issuance: IssuancePolicy,
            renewal: RenewalPolicy,
            admission: AdmissionRule,
            limits: DeviceLimitPolicy
        ) {
            self.issuance = issuance
            self.renewal = renewal
            self.admission = admission
            self.limits = limits
        }
    }

    /// How often a renewal is judged and prepared anew when something changed in between.
    private static let preparations = 5

    private let ports: Ports
    private let rules: Rules
    private let issuance: RecordedIssuance
    private let node: UInt8

    /// - Parameters:
    ///   - ports: Where the facts come from and go to.
    ///   - rules: What decides.
    ///   - node: 1–127, the first octet of every serial number this process chooses.
    public init(ports: Ports, rules: Rules, node: UInt8) {
        self.ports = ports
        self.rules = rules
        self.issuance = RecordedIssuance(
            authority: ports.authority,
            ledger: ports.ledger,
            clock: ports.clock,
            random: ports.random
        )
        self.node = node
    }

    /// Gives one device the successor of its certificate.
    ///
    /// Judged in this order, each with a reason of its own: signature, issuer, currency, window, device, user and
    /// group, hold, whoever outside is asked, key ([MS-MDE2] § 3.5). Both certificates are valid until the new one is seen.
    ///
    /// - Parameter request: What the wire delivered, well formed but not yet believed.
    /// - Returns: The certificate, and the authorities that the device is not known to have.
    /// - Throws: ``Refusal``; the code of its error and the trace id are all that the device will be told.
    public func renew(_ request: RenewalRequest) async throws(Refusal) -> Renewal {
        let attempt = Attempt(
            traceID: request.traceID,
            operation: .renewal,
            started: self.ports.clock.now,
            sourceAddress: request.sourceAddress,
            claimedName: request.credential?.claimedName,
            claims: request.claims
        )
        var recorder = AttemptRecorder(attempt, clock: self.ports.clock)
        let reserved: Reserved
        do throws(EnrollmentError) {
            reserved = try await self.reserve(request, recording: &recorder)
        } catch {
            throw await self.issuance.refusal(error, recorder.attempt)
        }
        return try await self.issue(reserved, recording: &recorder)
    }
}

// MARK: - Up to the reservation

extension RenewalService {
    /// An intent recorded: nothing is signed yet.
    private struct Reserved {
        let candidate: RenewalCandidate
        let user: DirectoryUser
        let prepared: PreparedCertificate
        let receipt: IntentReceipt
        let authorities: [AuthorityCertificate]
        /// What the authorise hook said of the device.
        let attributes: [Fact]
    }

    private func reserve(
        _ request: RenewalRequest,
        recording recorder: inout AttemptRecorder
    ) async throws(EnrollmentError) -> Reserved {
        let signed = try await recorder.step("signature") { () async throws(EnrollmentError) in
            try self.ports.inspector.inspect(request.signedRequest)
        }
        var user: DirectoryUser?
        var attributes: [Fact]?
        for _ in 0..<Self.preparations {
            let judgement = try await self.judgement(of: signed, in: request, recording: &recorder)
            let candidate = judgement.candidate
            let usesPermit = try await recorder.step("standing") { () async throws(EnrollmentError) in
                try judgement.judgeCurrency()
                let usesPermit = try judgement.judgeWindow()
                if judgement.isOtherDevice { try await self.alarm(candidate, request.claims) }
                try judgement.judgeDevice()
                return usesPermit
            }
            let owner: DirectoryUser
            if let user {
                owner = user
            } else {
                owner = try await recorder.step("user") { () async throws(EnrollmentError) in
                    try await self.owner(judgement)
                }
                user = owner
            }
            recorder.update { $0.userID = owner.id }
            try await recorder.step("hold") { () async throws(EnrollmentError) in try judgement.judgeHold() }
            if attributes == nil {
                attributes = try await self.authorise(request, owner, candidate.device, recording: &recorder)
            }

            let issuer = try self.ports.authority.activeIssuer
            let draft = self.rules.issuance.draft(
                for: candidate.device.device,
                of: owner,
                type: candidate.device.enrollmentType,
                key: signed.request,
                serialNumber: SerialNumber(
                    node: self.node,
                    random: try self.ports.random.octets(SerialNumber.randomOctets)
                ),
                issuer: issuer,
                at: self.ports.clock.now
            )
            let prepared = try await recorder.step("trial") { () async throws(EnrollmentError) in
                try await self.ports.authority.prepare(draft)
            }
            try await recorder.step("key") { () async throws(EnrollmentError) in
                try judgement.judgeKey(prepared.keyDigest)
            }
            let authorities = issuer.authorities.filter { !candidate.trusted.contains($0.issuerID) }
            var open = recorder.attempt
            open.serialNumber = draft.serialNumber
            let now = self.ports.clock.now
            let reservation = RenewalReservation(
                candidate: candidate,
                user: owner,
                claims: request.claims,
                credentialKind: request.credential?.kind ?? "certificate",
                prepared: prepared,
                protection: signed.request.protection,
                delivered: authorities.map(\.issuerID),
                usesPermit: usesPermit,
                limit: self.rules.limits.limit(for: owner, at: now),
                triesPerDay: self.rules.renewal.triesPerDay,
                attempt: open,
                now: now
            )
            let receipt = try await recorder.step("reserve") { () async throws(EnrollmentError) -> IntentReceipt? in
                let outcome = try await self.ports.ledger.reserve(reservation)
                if outcome == .issuerChanged { try await self.ports.authority.refresh() }
                return try self.receipt(from: outcome, for: owner)
            }
            if let receipt {
                recorder.update { $0.serialNumber = draft.serialNumber }
                return Reserved(
                    candidate: candidate,
                    user: owner,
                    prepared: prepared,
                    receipt: receipt,
                    authorities: authorities,
                    attributes: attributes ?? []
                )
            }
            let traceID = TraceID(random: try self.ports.random.octets(TraceID.randomOctets))
            recorder.update { $0.traceID = traceID }
        }
        throw EnrollmentError(
            .inMaintenance,
            "The device's standing kept changing in between. Let it try again.",
            rule: "renewal.contended"
        )
    }

    /// Finds whose certificate it is, and gathers what is to be judged.
    private func judgement(
        of signed: SignedRenewal,
        in request: RenewalRequest,
        recording recorder: inout AttemptRecorder
    ) async throws(EnrollmentError) -> RenewalJudgement {
        let candidate = try await recorder.step("issuer") { () async throws(EnrollmentError) in
            guard let candidate = try await self.ports.ledger.candidate(thumbprint: signed.thumbprint) else {
                throw EnrollmentError(
                    .notEligibleToRenew,
                    "The request is signed with a certificate that this authority never gave to a device. The device has"
                        + " to enroll again.",
                    rule: "renewal.issuer",
                    facts: [Fact("sha256", Hexadecimal.encode(signed.thumbprint))]
                )
            }
            return candidate
        }
        // The signature proves whose request it is, so its record names the device even when it is refused.
        recorder.update { $0.device = candidate.device.device }
        return RenewalJudgement(
            policy: self.rules.renewal,
            schedule: self.rules.issuance.profile.renewal,
            signed: signed,
            request: request,
            candidate: candidate,
            now: self.ports.clock.now
        )
    }

    /// The device's owner: whoever signed in now, or the user whom the directory has under the owner's id now.
    private func owner(_ judgement: RenewalJudgement) async throws(EnrollmentError) -> DirectoryUser {
        if let credential = judgement.request.credential {
            let user = try await self.ports.verifier.verify(credential)
            try judgement.judgeOwner(user)
            return user
        }
        let user = try await self.ports.users.user(id: judgement.candidate.device.userID)
        try self.rules.admission.judge(user)
        return user
    }

    /// Asks whoever is to be asked; once, however often the renewal is judged and prepared anew.
    private func authorise(
        _ request: RenewalRequest,
        _ owner: DirectoryUser,
        _ device: DeviceRecord,
        recording recorder: inout AttemptRecorder
    ) async throws(EnrollmentError) -> [Fact] {
        guard let authoriser = self.ports.authoriser else { return [] }
        let question = AuthorisationQuestion(
            traceID: recorder.attempt.traceID,
            operation: .renewal,
            user: owner,
            claims: request.claims,
            device: device.device,
            credentialKind: request.credential?.kind ?? "certificate",
            sourceAddress: request.sourceAddress,
            terms: EnrollmentTerms(
                providerID: device.providerID,
                ownership: device.ownership,
                ownershipRule: device.ownershipRule
            )
        )
        return try await recorder.authorisation(of: question, by: authoriser)
    }

    private func alarm(_ candidate: RenewalCandidate, _ claims: DeviceClaims) async throws(EnrollmentError) {
        try await self.ports.ledger.noteConflict(
            "Certificate \(candidate.certificate.serialNumber) was presented by a device that claims the DeviceID"
                + " \(claims.deviceID.prefix(64)).",
            on: candidate.device.device
        )
    }

    /// The receipt, or `nil` when the renewal has to be judged and prepared anew.
    private func receipt(
        from outcome: RenewalReservationOutcome,
        for user: DirectoryUser
    ) throws(EnrollmentError) -> IntentReceipt? {
        switch outcome {
        case .reserved(let receipt):
            return receipt
        case .standingChanged, .issuerChanged, .serialNumberTaken, .traceIDTaken:
            return nil
        case .tooOften:
            throw EnrollmentError(
                .notEligibleToRenew,
                "The certificate was renewed \(self.rules.renewal.triesPerDay) times within a day, and no answer seems to have"
                    + " arrived. The device has to wait; renewal.triesPerDay says how often it may.",
                rule: "renewal.often",
                facts: [Fact("allowed", "\(self.rules.renewal.triesPerDay) in 24 hours")]
            )
        case .keyBlocked(let reason):
            throw .keyBlocked(reason)
        case .keyInUse:
            throw RenewalJudgement.reusedKey
        case .limitReached(let limit, let counted):
            throw .limitReached(limit, counted, by: user)
        }
    }
}

// MARK: - From the reservation on

extension RenewalService {
    private func issue(
        _ reserved: Reserved,
        recording recorder: inout AttemptRecorder
    ) async throws(Refusal) -> Renewal {
        let eventID: DeviceID
        do throws(EnrollmentError) {
            eventID = DeviceID(random: try self.ports.random.octets(16))
        } catch {
            throw await self.issuance.release(reserved.receipt, .none, after: error, recorder.attempt)
        }
        let certificate = try await self.issuance.sign(reserved.prepared, reserved.receipt, recording: &recorder)
        let now = self.ports.clock.now
        recorder.update { $0.succeed(at: now) }
        try await self.issuance.confirm(
            Confirmation(
                receipt: reserved.receipt,
                certificate: certificate,
                course: .renewal(
                    of: reserved.candidate.certificate.serialNumber,
                    attributes: reserved.attributes
                ),
                attempt: recorder.attempt,
                eventID: eventID,
                now: now,
                supersedeAfter: now.adding(seconds: self.rules.renewal.overlapSeconds)
            )
        )
        return Renewal(
            device: reserved.candidate.device.device,
            user: reserved.user,
            enrollmentType: reserved.candidate.device.enrollmentType,
            providerID: reserved.candidate.device.providerID,
            certificate: certificate,
            authorities: reserved.authorities,
            renewal: self.rules.issuance.profile.renewal.fitting(certificate.validity)
        )
    }
}
