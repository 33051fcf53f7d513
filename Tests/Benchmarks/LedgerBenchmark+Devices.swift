internal import EnrollmentCore
internal import Ledger

extension LedgerBenchmark {
    /// What a device leaves behind.
    enum Kind {
        /// Little, as measured since the first version.
        case lean
        /// What Windows says about itself, and a certificate for an RSA-2048 key.
        case windows

        var certificateOctets: Int { self == .lean ? 620 : 907 }

        var items: [DeviceClaims.Item] {
            var items = [
                DeviceClaims.Item(name: "DeviceName", value: "DESKTOP-7F3A"),
                DeviceClaims.Item(name: "HWDevID", value: Hexadecimal.encode(LedgerBenchmark.octets(32))),
                DeviceClaims.Item(name: "OSVersion", value: "10.0.26100.2314"),
            ]
            guard self == .windows else { return items }
            items += (1...13).map { _ in
                let address = LedgerBenchmark.octets(3).map { Hexadecimal.encode([$0]) }.joined(separator: "-")
                return DeviceClaims.Item(name: "MAC", value: "00-15-5D-" + address)
            }
            let constants = [
                ("Locale", "en-US"), ("TargetedUserLoggedIn", "True"), ("OSEdition", "4"), ("EnrollmentType", "Full"),
                ("DeviceType", "CIMClient_Windows"), ("ApplicationVersion", "10.0.26100.2314"), ("NotInOobe", "false"),
                ("Manufacturer", "Example Device Works Co., Ltd"), ("DeviceModel", "Simulated Laptop"),
                ("RequestVersion", "9.0"), ("AttestationStatusHResult", "0x80070057"),
                (
                    "AttestationStatus",
                    "Status=AttestationResultNoAttestation;AttestationErrorMsg=No AIK algorithms provided"
                ),
            ]
            return items + constants.map { DeviceClaims.Item(name: $0.0, value: $0.1) }
        }
    }

    /// Enrolls one device of its own and gives its certificate's serial number.
    @discardableResult
    static func enroll(
        on ledger: some LedgerStore,
        user name: String,
        shard: Int? = nil,
        as kind: Kind = .lean
    ) async throws -> SerialNumber {
        let user = DirectoryUser(id: name, principalName: "\(name)@corp.example", source: "dc1")
        let claims = DeviceClaims(
            deviceID: Hexadecimal.encode(Self.octets(16)),
            enrollmentType: .full,
            items: kind.items
        )
        let now = kind == .lean ? Self.now : ServiceStore.now
        var attempt = Self.attempt(.enrollment, of: user, claims, at: now)
        let prepared = Self.prepared(octets: kind.certificateOctets, shard: shard)
        let reservation = Reservation(
            user: user,
            claims: claims,
            credentialKind: "password",
            device: DeviceID(random: Self.octets(16)),
            isReturning: false,
            prepared: prepared,
            limit: DeviceLimit(maximum: 1_000_000, rule: "default", staleBefore: now.adding(days: -90)),
            attempt: attempt,
            now: now
        )
        guard case .reserved(let receipt) = try await ledger.reserve(reservation) else {
            throw BenchmarkProblem("a device found no slot")
        }
        attempt.device = reservation.device
        attempt.succeed(at: now)
        try await ledger.confirm(
            Self.confirmation(of: receipt, prepared, .enrollment(sealedAccount: Self.octets(200)), attempt, at: now)
        )
        return receipt.serialNumber
    }

    /// Renews the certificate with that thumbprint, from finding it to storing its successor.
    static func renew(_ thumbprint: [UInt8], on ledger: some LedgerStore) async throws {
        guard let candidate = try await ledger.candidate(thumbprint: thumbprint) else {
            throw BenchmarkProblem("there is nothing to renew")
        }
        let now = ServiceStore.now
        let user = DirectoryUser(
            id: candidate.device.userID,
            principalName: "\(candidate.device.userID)@corp.example",
            source: "dc1"
        )
        let claims = DeviceClaims(
            deviceID: candidate.device.claimedDeviceID,
            enrollmentType: .full,
            items: Kind.windows.items
        )
        var attempt = Self.attempt(.renewal, of: user, claims, at: now)
        attempt.device = candidate.device.device
        let prepared = Self.prepared(octets: Kind.windows.certificateOctets)
        let reservation = RenewalReservation(
            candidate: candidate,
            user: user,
            claims: claims,
            credentialKind: "certificate",
            prepared: prepared,
            protection: .unstated,
            delivered: ["2026-a"],
            usesPermit: false,
            limit: DeviceLimit(maximum: 1_000_000, rule: "default", staleBefore: now.adding(days: -90)),
            triesPerDay: 12,
            attempt: attempt,
            now: now
        )
        guard case .reserved(let receipt) = try await ledger.reserve(reservation) else {
            throw BenchmarkProblem("a device was not let renew")
        }
        attempt.serialNumber = receipt.serialNumber
        attempt.succeed(at: now)
        try await ledger.confirm(
            Self.confirmation(
                of: receipt,
                prepared,
                .renewal(of: candidate.certificate.serialNumber),
                attempt,
                at: now
            )
        )
    }

    private static func attempt(
        _ operation: Attempt.Operation,
        of user: DirectoryUser,
        _ claims: DeviceClaims,
        at now: Timestamp
    ) -> Attempt {
        var attempt = Attempt(
            traceID: TraceID(random: Self.octets(11)),
            operation: operation,
            started: now,
            sourceAddress: "10.20.4.88",
            claimedName: user.principalName,
            claims: claims
        )
        attempt.userID = user.id
        return attempt
    }

    private static func confirmation(
        of receipt: IntentReceipt,
        _ prepared: PreparedCertificate,
        _ course: Confirmation.Course,
        _ attempt: Attempt,
        at now: Timestamp
    ) -> Confirmation {
        let certificate = IssuedCertificate(
            serialNumber: receipt.serialNumber,
            issuerID: "2026-a",
            der: prepared.toBeSigned + Self.octets(90),
            thumbprint: Self.octets(32),
            windowsThumbprint: Self.octets(20),
            validity: prepared.draft.validity
        )
        return Confirmation(
            receipt: receipt,
            certificate: certificate,
            course: course,
            attempt: attempt,
            eventID: DeviceID(random: Self.octets(16)),
            now: now,
            supersedeAfter: now.adding(days: 1)
        )
    }
}
