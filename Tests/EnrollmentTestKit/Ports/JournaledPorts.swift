public import EnrollmentCore
internal import Synchronization

/// Confirms everybody as one user.
public struct JournaledVerifier: CredentialVerifier {
    let user: DirectoryUser
    let journal: PortJournal

    public func verify(_ credential: Credential) async throws(EnrollmentError) -> DirectoryUser {
        let number = try self.journal.enter(.verify)
        try self.journal.leave(.verify, number)
        return self.user
    }
}

/// Takes every octet string for a request with that public key.
public struct JournaledInspector: RequestInspector {
    let algorithm: KeyAlgorithm
    let journal: PortJournal

    public func inspect(_ certificateRequest: [UInt8]) throws(EnrollmentError) -> ProvenRequest {
        let number = try self.journal.enter(.inspect)
        try self.journal.leave(.inspect, number)
        return ProvenRequest(publicKeyInfo: certificateRequest, algorithm: self.algorithm)
    }
}

/// Gives seeded octets.
public struct JournaledRandom: RandomSource {
    var source = SeededRandom()
    let journal: PortJournal

    public func octets(_ count: Int) throws(EnrollmentError) -> [UInt8] {
        let number = try self.journal.enter(.random)
        let octets = self.source.octets(count)
        try self.journal.leave(.random, number)
        return octets
    }
}

/// Keeps what it was given to seal, so that a test can compare.
public final class JournaledSealer: SecretSealer {
    /// A secret in the clear and what it was sealed for.
    public struct Sealed: Hashable, Sendable {
        public let secret: [UInt8]
        public let purpose: String
    }

    private let journal: PortJournal
    private let kept = Mutex<[Sealed]>([])

    init(journal: PortJournal) {
        self.journal = journal
    }

    /// Everything that was sealed, oldest first.
    public var sealed: [Sealed] { self.kept.withLock { $0 } }

    public func seal(_ secret: [UInt8], for purpose: String) throws(EnrollmentError) -> [UInt8] {
        let number = try self.journal.enter(.seal)
        self.kept.withLock { $0.append(Sealed(secret: secret, purpose: purpose)) }
        try self.journal.leave(.seal, number)
        return secret.map { $0 ^ 0xff }
    }
}
