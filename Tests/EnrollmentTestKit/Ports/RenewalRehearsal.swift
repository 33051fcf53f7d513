public import EnrollmentCore
internal import OpenSSLKit
internal import Synchronization

/// An enrolled device and everything its renewal needs, in memory.
public struct RenewalRehearsal: Sendable {
    public let rehearsal: Rehearsal
    public let ledger: JournaledLedger
    public let users: ScriptedUsers
    public let inspector = ScriptedRenewalInspector()
    public let authoriser: JournaledAuthoriser

    /// - Parameters:
    ///   - plan: Which calls of the renewal fail; the enrollment before it is not touched.
    ///   - algorithm: The kind of the key that the device enrolled with.
    public init(_ plan: PortJournal.Plan = PortJournal.Plan(), algorithm: KeyAlgorithm = .ecdsaP256) {
        let rehearsal = Rehearsal(algorithm: algorithm)
        let journal = PortJournal(plan)
        self.rehearsal = rehearsal
        self.journal = journal
        self.ledger = JournaledLedger(store: rehearsal.ledger.store, journal: journal)
        self.users = ScriptedUsers(journal: journal)
        self.authoriser = JournaledAuthoriser(journal: journal)
    }

    public var store: InMemoryLedger { self.rehearsal.ledger.store }
    public var clock: ManualClock { self.rehearsal.clock }
    public let journal: PortJournal

    /// Enrolls the device of that number.
    public func enroll(device: UInt8 = 1, trace: UInt8? = nil) async throws -> IssuedCertificate {
        try await self.rehearsal.service().enroll(Rehearsal.request(device: device, trace: trace)).certificate
    }

    /// A service over these ports.
    public func service(
        _ policy: RenewalPolicy = RenewalPolicy(),
        groups: [GroupName] = [],
        limit: Int = 10
    ) -> RenewalService {
        let rule = AdmissionRule(groups: groups)
        return RenewalService(
            ports: RenewalService.Ports(
                verifier: AdmissionGate(verifier: self.users, rule: rule),
                users: self.users,
                inspector: self.inspector,
                authority: self.rehearsal.authority,
                ledger: self.ledger,
                authoriser: self.authoriser,
                clock: self.clock,
                random: JournaledRandom(source: SeededRandom(seed: 2), journal: self.journal)
            ),
            rules: RenewalService.Rules(
                issuance: IssuancePolicy(
                    profile: Rehearsal.profile,
                    addresses: AuthorityAddresses(base: "http://pki.example", shardCount: 8)
                ),
                renewal: policy,
                admission: rule,
                limits: DeviceLimitPolicy(defaultMaximum: limit)
            ),
            node: 7
        )
    }

    /// How a request departs from a device that renews by itself with a fresh key.
    public struct Departure: Sendable {
        public var device: UInt8 = 1
        public var claimedID: String?
        public var key: [UInt8]?
        public var algorithm = KeyAlgorithm.ecdsaP256
        public var oldAlgorithm = KeyAlgorithm.ecdsaP256
        public var protection = KeyProtection.unstated
        /// `nil` for the certificate itself.
        public var connection: [UInt8]??
        public var credential: Credential?

        public init() {}
    }

    /// What a device sends that renews `certificate`.
    ///
    /// - Parameters:
    ///   - certificate: The one that signs.
    ///   - number: Tells requests apart: trace id and new key.
    ///   - change: What is different this time.
    /// - Returns: The request; the inspector will take it for well signed.
    /// - Throws: `OpenSSLError` when there is no digest.
    public func request(
        for certificate: IssuedCertificate,
        number: UInt8 = 100,
        _ change: (inout Departure) -> Void = { _ in }
    ) throws -> RenewalRequest {
        var departure = Departure()
        change(&departure)
        let oldKey = [0x30] + [UInt8](repeating: departure.device, count: 16)
        let signed = SignedRenewal(
            certificate: certificate.der,
            thumbprint: certificate.thumbprint,
            keyAlgorithm: departure.oldAlgorithm,
            keyDigest: try Digest.sha256(oldKey),
            request: ProvenRequest(
                publicKeyInfo: departure.key ?? [0x30, number] + [UInt8](repeating: departure.device, count: 15),
                algorithm: departure.algorithm,
                protection: departure.protection
            )
        )
        let connection: [UInt8]? = if let other = departure.connection { other } else { certificate.thumbprint }
        return RenewalRequest(
            traceID: TraceID(random: [UInt8](repeating: number, count: TraceID.randomOctets)),
            signedRequest: self.inspector.message(for: signed),
            credential: departure.credential,
            connectionThumbprint: connection,
            claims: DeviceClaims(
                deviceID: departure.claimedID ?? "CLIENT-\(departure.device)",
                enrollmentType: .full,
                items: [DeviceClaims.Item(name: "DeviceName", value: "DESKTOP-\(departure.device)")]
            ),
            sourceAddress: "192.0.2.8"
        )
    }
}

/// Takes the messages it has given out for well signed, and nothing else.
public final class ScriptedRenewalInspector: RenewalInspector {
    private let known = Mutex<[[UInt8]: SignedRenewal]>([:])

    /// Octets that stand for a signed message.
    public func message(for signed: SignedRenewal) -> [UInt8] {
        self.known.withLock { known in
            let message = Array("message \(known.count)".utf8)
            known[message] = signed
            return message
        }
    }

    public func inspect(_ signedRequest: [UInt8]) throws(EnrollmentError) -> SignedRenewal {
        guard let signed = self.known.withLock({ $0[signedRequest] }) else {
            throw EnrollmentError(.notEligibleToRenew, "The signature does not verify.", rule: "renewal.signature")
        }
        return signed
    }
}

/// A directory of as many users as a test sets.
public final class ScriptedUsers: CredentialVerifier, UserLookup {
    private let journal: PortJournal
    private let people = Mutex<[String: Result<DirectoryUser, EnrollmentError>]>([
        Rehearsal.kim.id: .success(Rehearsal.kim)
    ])

    init(journal: PortJournal) {
        self.journal = journal
    }

    /// Sets what is said of the user with that id.
    public func set(_ answer: Result<DirectoryUser, EnrollmentError>, for id: String = Rehearsal.kim.id) {
        self.people.withLock { $0[id] = answer }
    }

    public func user(id: String) async throws(EnrollmentError) -> DirectoryUser {
        let number = try self.journal.enter(.lookUp)
        guard let answer = self.people.withLock({ $0[id] }) else {
            throw EnrollmentError(.authorization, "There is no such user.", rule: "directory.user-gone")
        }
        let user = try answer.get()
        try self.journal.leave(.lookUp, number)
        return user
    }

    /// Confirms the user whose principal name was typed.
    public func verify(_ credential: Credential) async throws(EnrollmentError) -> DirectoryUser {
        let number = try self.journal.enter(.verify)
        let users = self.people.withLock { $0.values.compactMap { try? $0.get() } }
        guard let user = users.first(where: { $0.principalName == credential.claimedName }) else {
            throw EnrollmentError(.authentication, "No.", rule: "directory.password")
        }
        try self.journal.leave(.verify, number)
        return user
    }
}
