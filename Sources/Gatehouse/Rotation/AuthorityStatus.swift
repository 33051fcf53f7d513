import EnrollmentCore
import X509Kit

/// Where every authority key is in its life at one moment, and what there is to do about it.
struct AuthorityStatus: Sendable {
    /// An issuer with everything that its line on the screen shows.
    struct Entry: Sendable {
        let standing: IssuerStanding
        /// `P-256`, `RSA-3072`; `nil` for a certificate that cannot be read, which `doctor` tells.
        let algorithm: String?
        let lists: RevocationLists

        var id: String { self.standing.id }
        var issuer: IssuerRecord { self.standing.issuer }
    }

    /// An issuer's CRLs, taken together.
    struct RevocationLists: Sendable {
        /// When the oldest one that is published was made.
        let oldest: Timestamp?
        /// When the first one of them is out of date.
        let nextUpdate: Timestamp?
        /// Known, and never published.
        let missing: Int

        init(_ standings: [CRLStanding]) {
            let published = standings.compactMap(\.published)
            self.oldest = published.map(\.thisUpdate).min()
            self.nextUpdate = published.map(\.nextUpdate).min()
            self.missing = standings.count - published.count
        }
    }

    /// The active root's organization; `nil` when it names none.
    let organization: String?
    /// `sqlite` or `postgres`.
    let store: String
    let rotation: KeyRotation
    /// What lies ahead.
    let plan: RotationPlan
    /// Oldest first.
    let entries: [Entry]
    /// What is still to be revoked, by the compromised issuer.
    let compromises: [CompromiseStanding]

    init(
        store: String,
        rotation: KeyRotation,
        plan: RotationPlan,
        crls: [CRLStanding],
        compromises: [CompromiseStanding]
    ) {
        self.store = store
        self.rotation = rotation
        self.plan = plan
        self.compromises = compromises
        let certificates = rotation.standings.map { try? Certificate(der: $0.issuer.certificate) }
        self.entries = zip(rotation.standings, certificates).map { standing, certificate in
            Entry(
                standing: standing,
                // What cannot be read has no name; `doctor` says why.
                algorithm: certificate.flatMap { try? $0.subjectKey() }?.key.words,
                lists: RevocationLists(crls.filter { $0.shard.issuerID == standing.id })
            )
        }
        let named = zip(rotation.standings, certificates).filter { standing, _ in
            standing.issuer.role == .root && standing.state == .active
        }
        self.organization = named.last?.1?.organization
    }

    var now: Timestamp { self.rotation.now }

    func entries(_ role: IssuerRecord.Role) -> [Entry] {
        self.entries.filter { $0.issuer.role == role }
    }
}

/// How far the revocation of everything that a compromised issuer signed is.
struct CompromiseStanding: Sendable {
    let issuerID: String
    /// `nil` where nobody has begun: the run that stopped the issuer broke off at once.
    let record: CompromiseRecord?
    /// Certificates that are not revoked yet.
    let remaining: Int

    /// `12 certificates of 3,000 not revoked yet`.
    var words: String {
        let left = Numerals.count(self.remaining, "certificate")
        guard let record = self.record else {
            return "\(left) that it signed not revoked yet, and nobody has begun to"
        }
        return "\(left) of \(Numerals.grouped(record.total)) not revoked yet"
    }
}

extension IssuerRecord.State {
    /// Whether its life is over, so that it is history on a screen.
    var isOver: Bool { self == .retired || self == .aborted }
}

extension PublicKeyInfo.Key {
    /// `P-256`, `RSA-3072`, `Ed25519`.
    var words: String {
        switch self {
        case .rsa(let modulus, _): "RSA-\(modulus.count * 8)"
        case .elliptic(.p256, _): "P-256"
        case .elliptic(.p384, _): "P-384"
        case .ed25519: "Ed25519"
        }
    }
}

extension Certificate {
    /// The first organization of the subject; `nil` when there is none.
    fileprivate var organization: String? {
        // A name that cannot be read has none to show; `doctor` tells of the certificate.
        for attribute in (try? self.subjectAttributes()) ?? [] {
            if case .organization(let name) = attribute { return name }
        }
        return nil
    }
}
