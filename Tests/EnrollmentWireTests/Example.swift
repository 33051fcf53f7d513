import EnrollmentCore
import EnrollmentWire

/// Values that tests share; none of them is random, so answers can be compared octet by octet.
enum Example {
    static let traceID = TraceID(random: [UInt8](1...11))
    static let discovery = DiscoverySettings(
        policyServiceURL: "https://enroll.example.net/EnrollmentServer/Policy.svc",
        enrollmentServiceURL: "https://enroll.example.net/EnrollmentServer/Enrollment.svc",
        methodsByDomain: [
            "partner.example": [.federated(authenticationServiceURL: "https://enroll.example.net/SignIn?a=1&b=2")]
        ]
    )
    static let policy = PolicySettings(policyID: "{2F7A6E38-54A1-4C7E-8B9D-1C6A0F3B5D20}")
    static let management = ManagementSettings(
        providerID: "Gatehouse",
        name: "Gatehouse",
        address: "https://mdm.example.net/omadm"
    )

    /// One account for all, and one that rules may choose.
    static let accounts = ManagementAccounts(
        Example.management,
        others: [
            ManagementSettings(
                providerID: "Branch",
                name: "Branch office",
                address: "https://mdm.branch.example/omadm",
                furtherAddresses: ["https://mdm2.branch.example/omadm?a=1&b=2"],
                poll: .eager
            )
        ]
    )

    static func request(_ octets: [UInt8], clientCertificate: [UInt8]? = nil) -> WireRequest {
        WireRequest(
            octets: octets,
            sourceAddress: "192.0.2.7",
            clientCertificate: clientCertificate,
            traceID: self.traceID,
            now: Timestamp(seconds: 1_800_000_000),
            activityID: "0b7d5e1c-6a52-4c0f-9d5b-3f1f0a9c8e71"
        )
    }

    static func enrollment(of user: DirectoryUser, claims: DeviceClaims, issuers: Int = 2, provider: String = "")
        -> Enrollment
    {
        Enrollment(
            device: DeviceID(random: [UInt8](0..<16)),
            user: user,
            claims: claims,
            certificate: self.certificate,
            authorities: (0..<issuers).map { number in
                AuthorityCertificate(
                    issuerID: "\(number)",
                    der: Array("issuer certificate \(number)".utf8),
                    isRoot: number == issuers - 1
                )
            },
            account: ManagementAccount(
                clientName: "client",
                clientSecret: Redacted("client secret"),
                clientNonce: "Y2xpZW50IG5vbmNlIDE2IQ==",
                serverSecret: Redacted("server secret"),
                serverNonce: "c2VydmVyIG5vbmNlIDE2IQ=="
            ),
            terms: EnrollmentTerms(providerID: provider),
            renewal: RenewalSchedule(renewPeriodDays: 60, retryIntervalDays: 4)
        )
    }

    private static var certificate: IssuedCertificate {
        let now = Timestamp(seconds: 1_800_000_000)
        return IssuedCertificate(
            serialNumber: SerialNumber(node: 1, random: [UInt8](repeating: 3, count: SerialNumber.randomOctets)),
            issuerID: "2026-a",
            der: Array("leaf certificate".utf8),
            thumbprint: [UInt8](repeating: 0xAB, count: 32),
            windowsThumbprint: [UInt8](repeating: 0xCD, count: 20),
            validity: Validity(notBefore: now, notAfter: now.adding(days: 1))
        )
    }

    static func renewal(
        into type: EnrollmentType = .full,
        authorities: [AuthorityCertificate] = [],
        provider: String = ""
    ) -> Renewal {
        Renewal(
            device: DeviceID(random: [UInt8](0..<16)),
            user: DirectoryUser(id: "1", principalName: "ada@example.net", source: "journal"),
            enrollmentType: type,
            providerID: provider,
            certificate: self.certificate,
            authorities: authorities,
            renewal: RenewalSchedule(renewPeriodDays: 60, retryIntervalDays: 4)
        )
    }

    /// Stands in for SHA-1: as long and as different from input to input as these tests need.
    static func thumbprint(_ der: [UInt8]) -> [UInt8] {
        [UInt8](repeating: der.last ?? 0, count: 20)
    }
}

extension Journal {
    var services: EndpointServices { self.services() }

    func services(faults: FaultTranslator = FaultTranslator()) -> EndpointServices {
        EndpointServices(attempts: self, clock: self, random: self, faults: faults)
    }

    /// Sends `octets` to the endpoint of an operation as the corpus names it.
    func answer(_ octets: [UInt8], to operation: String) async -> WireResponse {
        let request = Example.request(octets)
        switch operation {
        case "discovery":
            return await DiscoveryEndpoint(settings: Example.discovery, services: self.services).answer(request)
        case "policy":
            return await PolicyEndpoint(settings: Example.policy, verifier: self, services: self.services)
                .answer(request)
        default:
            return await EnrollmentEndpoint(
                accounts: Example.accounts,
                enroll: self.enroll,
                renew: self.renew,
                thumbprint: { der in Example.thumbprint(der) },
                services: self.services
            ).answer(request)
        }
    }
}
