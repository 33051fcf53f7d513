/// Enrolls devices: the use case everything else stands around.
public struct EnrollmentService: Sendable {
    /// What the service leans on; see each port.
    public struct Ports: Sendable {
        public let verifier: any CredentialVerifier
        public let inspector: any RequestInspector
        public let authority: any CertificateAuthority
        public let ledger: any EnrollmentLedger & AttemptLedger
        public let sealer: any SecretSealer
        /// Asked about every device whose user and request are in order; `nil` where nobody is to be asked.
        public let authoriser: (any EnrollmentAuthoriser)?
        public let clock: any WallClock
        public let random: any RandomSource

        public init(
            verifier: any CredentialVerifier,
            inspector: any RequestInspector,
            authority: any CertificateAuthority,
            ledger: any EnrollmentLedger & AttemptLedger,
            sealer: any SecretSealer,
            authoriser: (any EnrollmentAuthoriser)? = nil,
            clock: any WallClock,
            random: any RandomSource
        ) {
            self.verifier = verifier
            self.inspector = inspector
            self.authority = authority
            self.ledger = ledger
            self.sealer = sealer
            self.authoriser = authoriser
            self.clock = clock
            self.random = random
        }
    }

    /// How often a reservation is prepared anew when another request got in between.
    ///
    /// Losing this often takes a
    /// device that enrolls several times at once, or a generator that repeats itself.
    private static let preparations = 5

    private let ports: Ports
    private let issuance: RecordedIssuance
    private let policy: IssuancePolicy
    private let limits: DeviceLimitPolicy
    private let management: ManagementPolicy
    private let node: UInt8
    /// How long a returning device's former certificate stays valid unless the new one is seen.
    private let overlapSeconds: Int64

    /// - Parameters:
    ///   - ports: Where the facts come from and go to.
    ///   - policy: What certificates say.
    ///   - limits: How many devices a user may have.
    ///   - management: Which management server a user's devices are given to.
    ///   - node: 1–127, the first octet of every serial number this process chooses.
    ///   - overlapSeconds: How long a returning device's former certificate stays valid unless the new one is seen.
    public init(
        ports: Ports,
        policy: IssuancePolicy,
        limits: DeviceLimitPolicy,
        management: ManagementPolicy = ManagementPolicy(providerID: ""),
        node: UInt8,
        overlapSeconds: Int64 = 86_400
    ) {
        self.ports = ports
        self.issuance = RecordedIssuance(
            authority: ports.authority,
            ledger: ports.ledger,
            clock: ports.clock,
            random: ports.random
        )
        self.policy = policy
        self.limits = limits
        self.management = management
        self.node = node
        self.overlapSeconds = overlapSeconds
    }

    /// Enrolls one device for one user.
    ///
    /// The ledger is written before the key is used and again after it: a crash in between leaves a record of what was
    /// about to be signed, never a certificate nobody remembers.
    ///
    /// - Parameter request: What the wire delivered, well formed but not yet believed.
    /// - Returns: The certificate and what the device needs to reach its management server.
    /// - Throws: ``Refusal``; the code of its error and the trace id are all that the device will be told.
    public func enroll(_ request: EnrollmentRequest) async throws(Refusal) -> Enrollment {
        let attempt = Attempt(
            traceID: request.traceID,
            operation: .enrollment,
            started: self.ports.clock.now,
            sourceAddress: request.sourceAddress,
            claimedName: request.credential.claimedName,
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

extension EnrollmentService {
    /// A slot taken and an intent recorded: nothing is signed yet.
    private struct Reserved {
        let user: DirectoryUser
        let claims: DeviceClaims
        let terms: EnrollmentTerms
        let device: DeviceID
        let prepared: PreparedCertificate
        let receipt: IntentReceipt
        let issuer: ActiveIssuer
    }

    private func reserve(
        _ request: EnrollmentRequest,
        recording recorder: inout AttemptRecorder
    ) async throws(EnrollmentError) -> Reserved {
        let user = try await recorder.step("sign-in") { () async throws(EnrollmentError) in
            try await self.ports.verifier.verify(request.credential)
        }
        recorder.update { $0.userID = user.id }
        let proven = try await recorder.step("request") { () async throws(EnrollmentError) in
            try self.ports.inspector.inspect(request.certificateRequest)
        }
        // Once, however often the reservation is prepared anew.
        let terms = try await self.authorise(request, user, recording: &recorder)
        for preparation in 0..<Self.preparations {
            let issuer = try self.ports.authority.activeIssuer
            let isGuess = preparation == 0 && request.claims.seemsNew
            let known = isGuess ? nil : try await self.recognize(request, user, recording: &recorder)
            let device = if let known { known } else { DeviceID(random: try self.ports.random.octets(16)) }
            let draft = self.policy.draft(
                for: device,
                of: user,
                type: request.claims.enrollmentType,
                key: proven,
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
            let now = self.ports.clock.now
            var open = recorder.attempt
            open.device = device
            open.serialNumber = draft.serialNumber
            let reservation = Reservation(
                user: user,
                claims: request.claims,
                credentialKind: request.credential.kind,
                device: device,
                isReturning: known != nil,
                prepared: prepared,
                protection: proven.protection,
                delivered: issuer.authorities.map(\.issuerID),
                limit: self.limits.limit(for: user, at: now),
                attempt: open,
                now: now
            )
            var (isTraceIDTaken, isIssuerChanged) = (false, false)
            let receipt = try await recorder.step("reserve") { () async throws(EnrollmentError) -> IntentReceipt? in
                let outcome = try await self.ports.ledger.reserve(reservation)
                isTraceIDTaken = outcome == .traceIDTaken
                isIssuerChanged = outcome == .issuerChanged
                return try self.receipt(from: outcome, for: user)
            }
            if let receipt {
                // Only now: an attempt that was refused names no device or certificate that nobody ever recorded.
                recorder.update {
                    $0.device = device
                    $0.serialNumber = draft.serialNumber
                }
                return Reserved(
                    user: user,
                    claims: request.claims,
                    terms: terms,
                    device: device,
                    prepared: prepared,
                    receipt: receipt,
                    issuer: issuer
                )
            }
            if isIssuerChanged { try await self.ports.authority.refresh() }
            guard isTraceIDTaken else { continue }
            let traceID = TraceID(random: try self.ports.random.octets(TraceID.randomOctets))
            recorder.update { $0.traceID = traceID }
        }
        throw EnrollmentError(
            .inMaintenance,
            "Other requests of the same device kept getting in between. Let it try again.",
            rule: "reserve.contended"
        )
    }

    /// The terms on which the user's device is admitted, with what whoever is asked has to say of it.
    private func authorise(
        _ request: EnrollmentRequest,
        _ user: DirectoryUser,
        recording recorder: inout AttemptRecorder
    ) async throws(EnrollmentError) -> EnrollmentTerms {
        var terms = self.management.terms(for: user)
        guard let authoriser = self.ports.authoriser else { return terms }
        let question = AuthorisationQuestion(
            traceID: recorder.attempt.traceID,
            operation: .enrollment,
            user: user,
            claims: request.claims,
            device: nil,
            credentialKind: request.credential.kind,
            sourceAddress: request.sourceAddress,
            terms: terms
        )
        terms.attributes = try await recorder.authorisation(of: question, by: authoriser)
        return terms
    }

    private func recognize(
        _ request: EnrollmentRequest,
        _ user: DirectoryUser,
        recording recorder: inout AttemptRecorder
    ) async throws(EnrollmentError) -> DeviceID? {
        try await recorder.step("recognize") { () async throws(EnrollmentError) in
            try await self.ports.ledger.recognize(request.claims.recognitionKeys, of: user.id)
        }
    }

    /// The receipt, or `nil` when the reservation has to be prepared anew.
    private func receipt(
        from outcome: ReservationOutcome,
        for user: DirectoryUser
    ) throws(EnrollmentError) -> IntentReceipt? {
        switch outcome {
        case .reserved(let receipt):
            return receipt
        case .recognitionChanged, .issuerChanged, .serialNumberTaken, .traceIDTaken:
            return nil
        case .limitReached(let limit, let counted):
            throw .limitReached(limit, counted, by: user)
        case .keyBlocked(let reason):
            throw .keyBlocked(reason)
        case .keyInUse(let device):
            throw EnrollmentError(
                .certificateRequest,
                "The request's public key is already certified for device \(device). Two machines with one key are"
                    + " clones of each other; the new one has to make its own key.",
                rule: "key.in-use",
                facts: [Fact("certified for", "\(device)")]
            )
        }
    }
}

// MARK: - From the reservation on

extension EnrollmentService {
    private func issue(
        _ reserved: Reserved,
        recording recorder: inout AttemptRecorder
    ) async throws(Refusal) -> Enrollment {
        let account: ManagementAccount
        let sealedAccount: [UInt8]
        let eventID: DeviceID
        do throws(EnrollmentError) {
            // Everything that can fail besides signing comes first: between signing and confirming nothing may.
            account = try self.account(for: reserved.device)
            sealedAccount = try self.ports.sealer.seal(
                account.octetsToSeal,
                for: ManagementAccount.sealingPurpose(of: reserved.device)
            )
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
                course: .enrollment(sealedAccount: sealedAccount, terms: reserved.terms),
                attempt: recorder.attempt,
                eventID: eventID,
                now: now,
                supersedeAfter: now.adding(seconds: self.overlapSeconds)
            )
        )
        return Enrollment(
            device: reserved.device,
            user: reserved.user,
            claims: reserved.claims,
            certificate: certificate,
            authorities: reserved.issuer.authorities,
            account: account,
            terms: reserved.terms,
            renewal: self.policy.profile.renewal.fitting(certificate.validity)
        )
    }

    private func account(for device: DeviceID) throws(EnrollmentError) -> ManagementAccount {
        ManagementAccount(
            clientName: "\(device)",
            clientSecret: Redacted(Base64.encode(try self.ports.random.octets(24))),
            clientNonce: Base64.encode(try self.ports.random.octets(16)),
            serverSecret: Redacted(Base64.encode(try self.ports.random.octets(24))),
            serverNonce: Base64.encode(try self.ports.random.octets(16))
        )
    }
}
