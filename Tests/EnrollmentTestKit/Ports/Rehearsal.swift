public import EnrollmentCore

/// Everything an enrollment needs, in memory, with a journal of what it did.
public struct Rehearsal: Sendable {
    public let journal: PortJournal
    public let clock = ManualClock()
    public let ledger: JournaledLedger
    public let authority: JournaledAuthority
    public let sealer: JournaledSealer
    public let authoriser: JournaledAuthoriser
    public let user: DirectoryUser
    private let inspector: JournaledInspector

    /// The user everybody is confirmed as unless a test says otherwise.
    public static let kim = DirectoryUser(
        id: "0f8f1c2e-6f0c-4c2e-9f6f-0a51d7f0a5c1",
        principalName: "kim@corp.example",
        securityIdentifier: "S-1-5-21-1-2-3-1104",
        groups: [GroupName("CN=Staff,DC=corp,DC=example")],
        source: "dc1"
    )

    /// - Parameters:
    ///   - plan: Which calls fail.
    ///   - answers: What the first reservations are answered, instead of being made.
    ///   - user: Whom the directory confirms.
    ///   - algorithm: The kind of every request's key.
    public init(
        _ plan: PortJournal.Plan = PortJournal.Plan(),
        answers: [ReservationOutcome] = [],
        user: DirectoryUser = Self.kim,
        algorithm: KeyAlgorithm = .ecdsaP256
    ) {
        self.journal = PortJournal(plan)
        self.ledger = JournaledLedger(journal: self.journal, answers: answers)
        self.authority = JournaledAuthority(journal: self.journal, notAfter: self.clock.now.adding(days: 1_000))
        self.sealer = JournaledSealer(journal: self.journal)
        self.authoriser = JournaledAuthoriser(journal: self.journal)
        self.user = user
        self.inspector = JournaledInspector(algorithm: algorithm, journal: self.journal)
    }

    /// The profile of the certificates.
    public static let profile = CertificateProfile(
        name: ProfileName(name: "device", version: 3),
        validityDays: 365,
        backdateSeconds: 300,
        subject: [CertificateDraft.NameAttribute(.organizationalUnit, "Managed devices")],
        keyUsage: .digitalSignature,
        keyUsageForRSA: .keyEncipherment,
        purposes: [.clientAuth],
        role: .endEntity,
        includesUserPrincipalName: true,
        includesSecurityIdentifier: true,
        renewal: RenewalSchedule(renewPeriodDays: 60, retryIntervalDays: 4)
    )

    /// A service over these ports.
    ///
    /// - Parameters:
    ///   - limit: How many devices a user may have.
    ///   - management: Which management server devices are given to.
    ///   - isAuthorised: Whether somebody outside is asked.
    /// - Returns: The service.
    public func service(
        limit: Int = 10,
        management: ManagementPolicy = ManagementPolicy(providerID: "Gatehouse"),
        isAuthorised: Bool = true
    ) -> EnrollmentService {
        EnrollmentService(
            ports: EnrollmentService.Ports(
                verifier: JournaledVerifier(user: self.user, journal: self.journal),
                inspector: self.inspector,
                authority: self.authority,
                ledger: self.ledger,
                sealer: self.sealer,
                authoriser: isAuthorised ? self.authoriser : nil,
                clock: self.clock,
                random: JournaledRandom(journal: self.journal)
            ),
            policy: IssuancePolicy(
                profile: Self.profile,
                addresses: AuthorityAddresses(base: "http://pki.example", shardCount: 8)
            ),
            limits: DeviceLimitPolicy(defaultMaximum: limit),
            management: management,
            node: 7
        )
    }

    /// A request of one device; another `device` is another machine with another key.
    public static func request(device: UInt8 = 1, trace: UInt8? = nil) -> EnrollmentRequest {
        EnrollmentRequest(
            traceID: TraceID(random: [UInt8](repeating: trace ?? device, count: TraceID.randomOctets)),
            credential: .password(UsernamePassword(name: "CORP\\kim", password: Redacted("correct horse"))),
            certificateRequest: [0x30] + [UInt8](repeating: device, count: 16),
            claims: DeviceClaims(
                deviceID: "CLIENT-\(device)",
                enrollmentType: .full,
                items: [
                    DeviceClaims.Item(name: "DeviceName", value: "DESKTOP-\(device)"),
                    DeviceClaims.Item(name: "HWDevID", value: "AA55" + Hexadecimal.encode([device])),
                ]
            ),
            sourceAddress: "192.0.2.7"
        )
    }
}
