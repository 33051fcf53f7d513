internal import EnrollmentCore

/// Makes what the tests put into a ledger: random where it has to be unique, plain everywhere else.
enum LedgerFixture {
    static let start = Timestamp(seconds: 1_790_000_000)

    static func octets(_ count: Int) -> [UInt8] {
        (0..<count).map { _ in UInt8.random(in: 0...255) }
    }

    static func hardware() -> String { Hexadecimal.encode(Self.octets(32)) }

    static func user(_ name: String = Hexadecimal.encode(octets(6))) -> DirectoryUser {
        DirectoryUser(
            id: "id-\(name)",
            principalName: "\(name)@corp.example",
            displayName: name,
            groups: [GroupName("cn=staff,dc=corp,dc=example")],
            source: "dc1"
        )
    }

    static func claims(
        hardware: String? = Self.hardware(),
        deviceID: String = Hexadecimal.encode(octets(16)),
        name: String = "DESKTOP-7F3A",
        own: DeviceID? = nil
    ) -> DeviceClaims {
        var items = [DeviceClaims.Item(name: "DeviceName", value: name)]
        if let hardware { items.append(DeviceClaims.Item(name: "HWDevID", value: hardware)) }
        if let own { items.append(DeviceClaims.Item(name: "EmmDeviceId", value: own.description)) }
        items.append(DeviceClaims.Item(name: "OSVersion", value: "10.0.26100.2314"))
        return DeviceClaims(deviceID: deviceID, enrollmentType: .full, items: items)
    }

    static func prepared(
        serial: SerialNumber = SerialNumber(node: 1, random: octets(16)),
        key: [UInt8] = octets(32),
        issuer: String = "2026-a"
    ) -> PreparedCertificate {
        let draft = CertificateDraft(
            profile: ProfileName(name: "device", version: 1),
            serialNumber: serial,
            issuerID: issuer,
            subject: [CertificateDraft.NameAttribute(.commonName, "device")],
            validity: Validity(from: Self.start, backdatedBy: 300, days: 365, within: nil),
            publicKeyInfo: Self.octets(91),
            role: .endEntity,
            keyUsage: .digitalSignature,
            purposes: [.clientAuth],
            alternativeNames: []
        )
        return PreparedCertificate(
            draft: draft,
            toBeSigned: Self.octets(600),
            toBeSignedDigest: Self.octets(32),
            keyDigest: key,
            subject: "CN=device"
        )
    }

    static func attempt(_ operation: Attempt.Operation = .enrollment, at moment: Timestamp = start) -> Attempt {
        Attempt(
            traceID: TraceID(random: Self.octets(11)),
            operation: operation,
            started: moment,
            sourceAddress: "10.20.4.88",
            claimedName: "kim@corp.example"
        )
    }

    static func reservation(
        of user: DirectoryUser,
        claims: DeviceClaims = claims(),
        device: DeviceID? = nil,
        prepared: PreparedCertificate = prepared(),
        limit: Int = 5,
        attempt: Attempt = attempt(),
        now: Timestamp = start
    ) -> Reservation {
        var attempt = attempt
        let identity = device ?? DeviceID(random: Self.octets(16))
        attempt.device = identity
        attempt.userID = user.id
        attempt.serialNumber = prepared.draft.serialNumber
        return Reservation(
            user: user,
            claims: claims,
            credentialKind: "password",
            device: identity,
            isReturning: device != nil,
            prepared: prepared,
            limit: DeviceLimit(maximum: limit, rule: "default", staleBefore: now.adding(days: -90)),
            attempt: attempt,
            now: now
        )
    }

    static func certificate(for reservation: Reservation) -> IssuedCertificate {
        IssuedCertificate(
            serialNumber: reservation.prepared.draft.serialNumber,
            issuerID: reservation.prepared.draft.issuerID,
            der: [0x30, 0x82] + reservation.prepared.toBeSigned,
            thumbprint: Self.octets(32),
            windowsThumbprint: Self.octets(20),
            validity: reservation.prepared.draft.validity
        )
    }

    static func confirmation(
        of reservation: Reservation,
        _ receipt: IntentReceipt,
        certificate: IssuedCertificate? = nil,
        terms: EnrollmentTerms = .none
    ) -> Confirmation {
        var attempt = reservation.attempt
        attempt.steps = [Attempt.Step(name: "sign-in", succeeded: true, microseconds: 41_000, note: "dc1")]
        attempt.succeed(at: reservation.now.adding(seconds: 1))
        return Confirmation(
            receipt: receipt,
            certificate: certificate ?? Self.certificate(for: reservation),
            course: .enrollment(sealedAccount: Self.octets(120), terms: terms),
            attempt: attempt,
            eventID: DeviceID(random: Self.octets(16)),
            now: reservation.now,
            supersedeAfter: reservation.now.adding(days: 1)
        )
    }

    /// The attempt of a reservation that came to nothing.
    static func refusal(of reservation: Reservation) -> Attempt {
        var attempt = reservation.attempt
        attempt.refuse(
            EnrollmentError(.internalService, "The key did not sign.", rule: "issuance.signature"),
            at: reservation.now.adding(seconds: 1)
        )
        return attempt
    }
}

extension ReservationOutcome {
    var receipt: IntentReceipt? {
        if case .reserved(let receipt) = self { receipt } else { nil }
    }
}

extension EnrollmentLedger {
    /// Reserves and confirms; `nil` when there was no slot.
    @discardableResult
    func enroll(_ reservation: Reservation) async throws -> IssuedCertificate? {
        guard let receipt = try await self.reserve(reservation).receipt else { return nil }
        let confirmation = LedgerFixture.confirmation(of: reservation, receipt)
        try await self.confirm(confirmation)
        return confirmation.certificate
    }
}
