public import EnrollmentCore
internal import OpenSSLKit
internal import Synchronization

/// An authority that signs nothing for real and remembers what it was asked.
public final class JournaledAuthority: CertificateAuthority {
    private struct State: Sendable {
        var drafts: [CertificateDraft] = []
        var signed: [PreparedCertificate] = []
        /// Who signs from the next look on.
        var next: ActiveIssuer?
        /// Whether nobody signs.
        var isFrozen = false
        /// Whether nobody does from the next look on.
        var freezesAtRefresh = false
    }

    private let issuer: Mutex<ActiveIssuer>
    private let journal: PortJournal
    private let state = Mutex(State())

    init(journal: PortJournal, notAfter: Timestamp) {
        self.journal = journal
        self.issuer = Mutex(
            ActiveIssuer(
                id: "2026-A",
                notAfter: notAfter,
                authorities: [
                    AuthorityCertificate(issuerID: "2026-A", der: Array("issuer".utf8), isRoot: false),
                    AuthorityCertificate(issuerID: "R1", der: Array("root".utf8), isRoot: true),
                ]
            )
        )
    }

    public var activeIssuer: ActiveIssuer {
        get throws(EnrollmentError) {
            guard !self.state.withLock({ $0.isFrozen }) else {
                throw EnrollmentError(.inMaintenance, "Nobody signs.", rule: "issuer.frozen")
            }
            return self.issuer.withLock { $0 }
        }
    }

    public func refresh() async throws(EnrollmentError) {
        let next = self.state.withLock { state in
            defer { state.next = nil }
            state.isFrozen = state.freezesAtRefresh
            return state.next
        }
        if let next { self.activate(next) }
    }

    /// Lets another issuer sign once somebody looks again who does.
    public func activateAtRefresh(_ issuer: ActiveIssuer) {
        self.state.withLock { $0.next = issuer }
    }

    /// Lets nobody sign once somebody looks again who does.
    public func freezeAtRefresh() {
        self.state.withLock { $0.freezesAtRefresh = true }
    }

    /// Lets another issuer sign from now on.
    public func activate(_ issuer: ActiveIssuer) {
        self.issuer.withLock { $0 = issuer }
    }

    /// SHA-256 over a public key, as certificates are recorded with.
    public static func digestOfKey(_ publicKeyInfo: [UInt8]) throws -> [UInt8] {
        try Self.digest(publicKeyInfo)
    }

    /// Every draft that was prepared, oldest first.
    public var drafts: [CertificateDraft] { self.state.withLock { $0.drafts } }

    /// What the key was used for, oldest first.
    public var signed: [PreparedCertificate] { self.state.withLock { $0.signed } }

    public func prepare(_ draft: CertificateDraft) async throws(EnrollmentError) -> PreparedCertificate {
        let number = try self.journal.enter(.prepare)
        self.state.withLock { $0.drafts.append(draft) }
        let toBeSigned = draft.serialNumber.octets + draft.publicKeyInfo
        let prepared = PreparedCertificate(
            draft: draft,
            toBeSigned: toBeSigned,
            toBeSignedDigest: try Self.digest(toBeSigned),
            keyDigest: try Self.digest(draft.publicKeyInfo),
            subject: draft.subject.map { "\($0.kind.rawValue)=\($0.value)" }.joined(separator: ",")
        )
        try self.journal.leave(.prepare, number)
        return prepared
    }

    public func sign(_ ticket: consuming IssuanceTicket) async throws(EnrollmentError) -> IssuedCertificate {
        let number = try self.journal.enter(.sign)
        let prepared = ticket.prepared
        self.state.withLock { $0.signed.append(prepared) }
        let der = prepared.toBeSigned + Array("signature".utf8)
        let certificate = IssuedCertificate(
            serialNumber: prepared.draft.serialNumber,
            issuerID: prepared.draft.issuerID,
            der: der,
            thumbprint: try Self.digest(der),
            windowsThumbprint: Array(try Self.digest(der).prefix(20)),
            validity: prepared.draft.validity
        )
        try self.journal.leave(.sign, number)
        return certificate
    }

    private static func digest(_ octets: [UInt8]) throws(EnrollmentError) -> [UInt8] {
        do throws(OpenSSLError) {
            return try Digest.sha256(octets)
        } catch {
            throw EnrollmentError(.internalService, "There is no digest.", rule: "test.digest", cause: error)
        }
    }
}
