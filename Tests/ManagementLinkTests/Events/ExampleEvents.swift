import EnrollmentCore
import ManagementLink
import OpenSSLKit

/// One event of every kind, as the examples beside the schemas have them.
enum ExampleEvents {
    static let source = "https://enroll.corp.example"
    static let recorded = Timestamp(microseconds: 1_795_165_964_250_017)
    static let device = DeviceID(random: [UInt8](0x10..<0x20))
    static let trace = TraceID(random: [UInt8](1...11))
    static let account = ManagementAccount(
        clientName: "\(Self.device)",
        clientSecret: Redacted("Y2xpZW50IHNlY3JldCBvZiAyNCBvY3Q="),
        clientNonce: "Y2xpZW50IG5vbmNlIDE2IQ==",
        serverSecret: Redacted("c2VydmVyIHNlY3JldCBvZiAyNCBvY3Q="),
        serverNonce: "c2VydmVyIG5vbmNlIDE2IQ=="
    )
    static let servers = [
        "FleetEU": ManagementServer(
            name: "Corp management",
            addresses: ["https://mdm1.corp.example/omadm", "https://mdm2.corp.example/omadm"]
        )
    ]

    /// What the ledger would keep of an account; opened by ``opener``.
    static var sealedAccount: [UInt8] { Self.account.octetsToSeal.map { $0 ^ 0xff } }

    /// Opens ``sealedAccount`` for its device alone.
    static let opener: CloudEventBody.Opener = { (sealed, purpose) throws(EnrollmentError) in
        guard purpose == "account/\(Self.device)" else {
            throw EnrollmentError(.internalService, "Sealed for something else.", rule: "vault.open")
        }
        return SecretOctets(sealed.map { $0 ^ 0xff })
    }

    static func body(_ disclosure: AccountDisclosure = .omitted) -> CloudEventBody {
        CloudEventBody(
            source: Self.source,
            servers: Self.servers,
            disclosure: disclosure,
            open: Self.opener
        )
    }

    static let claims = DeviceClaims(
        deviceID: "5B3A9E62C6E84D4B8E43F7F3C0A4F1D2",
        enrollmentType: .full,
        items: [
            .init(name: "OSEdition", value: "4"), .init(name: "OSVersion", value: "10.0.26100.2314"),
            .init(name: "DeviceName", value: "DESKTOP-7F3A"), .init(name: "MAC", value: "00-15-5D-01-02-03"),
            .init(name: "MAC", value: "00-15-5D-01-02-04"), .init(name: "EnrollmentType", value: "Full"),
            .init(name: "HWDevID", value: "5F0000000000000000000000000000000000000000000000000000000000E1AA"),
            .init(name: "Remark", value: "kim’s “laptop”\u{7}"),
        ]
    )

    static func certificate(_ number: UInt8, by kind: String = "password") -> ProvenCertificate {
        ProvenCertificate(
            serialNumber: SerialNumber(node: 1, random: [UInt8](repeating: number, count: SerialNumber.randomOctets)),
            issuerID: "2026-a",
            notBefore: Timestamp(seconds: 1_795_165_664),
            notAfter: Timestamp(seconds: 1_826_701_664),
            thumbprint: [UInt8](repeating: number, count: 32),
            windowsThumbprint: [UInt8](repeating: number, count: 20),
            protection: .hardware,
            credentialKind: kind,
            userID: "0f8f1c2e-6f0c-4c2e-9f6f-0a51d7f0a5c1",
            userPrincipalName: "kim@corp.example",
            source: "dc1.corp.example",
            claims: Self.claims
        )
    }

    static let facts = DeviceFacts(
        device: Self.device,
        state: .issued,
        name: "DESKTOP-7F3A",
        claimedDeviceID: Self.claims.deviceID,
        hardwareID: Self.claims.hardwareID?.lowercased(),
        enrollmentType: .full,
        providerID: "FleetEU",
        ownership: .corporate,
        ownershipRule: "staff",
        userID: "0f8f1c2e-6f0c-4c2e-9f6f-0a51d7f0a5c1",
        userPrincipalName: "kim@corp.example",
        firstEnrolled: Timestamp(seconds: 1_795_165_964),
        currentSerial: SerialNumber(node: 1, random: [UInt8](repeating: 2, count: SerialNumber.randomOctets))
    )

    private static let act = AdministrativeAct(
        traceID: Self.trace,
        verb: .reset,
        actor: "h.jensen@desk-4",
        reason: "mainboard replaced",
        ticket: "INC0048812",
        time: Timestamp(seconds: 1_795_165_964)
    )

    private static let refusal: Attempt = {
        var attempt = Attempt(
            traceID: Self.trace,
            operation: .enrollment,
            started: Timestamp(seconds: 1_795_165_960),
            sourceAddress: "192.0.2.7",
            claimedName: "CORP\\kim",
            claims: Self.claims
        )
        attempt.refuse(
            EnrollmentError(
                .deviceCapReached,
                "kim@corp.example has 1 devices that count, and 1 are allowed.",
                rule: "limit.reached",
                facts: [Fact("counted", "1"), Fact("allowed", "1"), Fact("limit from", "default")],
                counted: [
                    CountedDevice(
                        device: Self.device,
                        name: "DESKTOP-7F3A",
                        state: .active,
                        lastProvenContact: Timestamp(seconds: 1_795_100_000),
                        certificateEnds: Timestamp(seconds: 1_826_701_664)
                    )
                ],
                confirmedUserID: "0f8f1c2e-6f0c-4c2e-9f6f-0a51d7f0a5c1"
            ),
            at: Timestamp(seconds: 1_795_165_964)
        )
        return attempt
    }()

    private static let announcement = IssuerAnnouncement(
        of: IssuerRecord(
            id: "2027-a",
            role: .issuing,
            state: .published,
            signedBy: "root-1",
            certificate: [0x30, 0x82, 0x01, 0x02, 0x03],
            key: .offline,
            created: Timestamp(seconds: 1_795_165_964)
        ),
        subject: "CN=Corp Issuing 2027-a,O=Corp",
        validity: Validity(
            notBefore: Timestamp(seconds: 1_795_165_664),
            notAfter: Timestamp(seconds: 1_952_845_664)
        ),
        thumbprint: [UInt8](repeating: 7, count: 32)
    )

    static func event(_ kind: HandOffEvent.Kind) -> FeedEvent {
        let number = Int64(1 + (HandOffEvent.Kind.allCases.firstIndex(of: kind) ?? 0))
        let isOfDevice = ![.limitRefused, .trustPublished, .trustActivated, .trustRetired].contains(kind)
        let isIssuing = kind == .enrolled || kind == .renewed
        let namesCertificate = isIssuing || kind == .superseded || kind == .revoked
        let isOrdered = [.held, .resumed, .reset, .revoked].contains(kind)
        let certificate = Self.certificate(kind == .renewed ? 2 : 1, by: kind == .renewed ? "certificate" : "password")
        let attributes = [Fact("attribute.asset", "4711"), Fact("attribute.site", "Oslo")]
        return FeedEvent(
            position: 1_000 + number,
            event: HandOffEvent(
                id: DeviceID(random: [UInt8](repeating: UInt8(number), count: 16)),
                kind: kind,
                device: isOfDevice ? Self.device : nil,
                generation: isOfDevice ? Int(number) : 0,
                serialNumber: namesCertificate ? certificate.serialNumber : nil
            ),
            recorded: Self.recorded,
            traceID: kind == .superseded || kind == .expired || kind == .silent || !isOfDevice && kind != .limitRefused
                ? nil : Self.trace,
            device: isOfDevice ? Self.facts : nil,
            certificate: namesCertificate ? certificate : nil,
            predecessor: kind == .renewed ? Self.certificate(1) : nil,
            act: isOrdered ? Self.act : nil,
            sealedAccount: kind == .enrolled ? Self.sealedAccount : nil,
            details: isOfDevice
                ? (isIssuing ? attributes : []) : kind == .limitRefused ? [] : Self.announcement.details,
            attempt: kind == .limitRefused ? Self.refusal : nil,
            subject: isOfDevice ? nil : kind == .limitRefused ? Self.facts.userID : "2027-a"
        )
    }

    static let question = AuthorisationQuestion(
        traceID: Self.trace,
        operation: .enrollment,
        user: DirectoryUser(
            id: "0f8f1c2e-6f0c-4c2e-9f6f-0a51d7f0a5c1",
            principalName: "kim@corp.example",
            displayName: "Kim Example",
            mail: "kim@corp.example",
            groups: [GroupName("CN=Staff,DC=corp,DC=example")],
            source: "dc1.corp.example"
        ),
        claims: Self.claims,
        device: nil,
        credentialKind: "password",
        sourceAddress: "192.0.2.7",
        terms: EnrollmentTerms(providerID: "FleetEU", ownership: .corporate, ownershipRule: "staff")
    )
}
