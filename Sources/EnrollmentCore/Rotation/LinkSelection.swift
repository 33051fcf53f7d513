/// Link certificates that may be given out: those between two roots that may be trusted.
public struct LinkSelection: Sendable {
    /// Oldest first.
    public let all: [LinkCertificate]

    /// - Parameters:
    ///   - links: All that there are.
    ///   - issuers: Says which roots may be trusted.
    public init(_ links: [LinkCertificate], among issuers: [IssuerRecord]) {
        let roots = Set(issuers.filter { $0.role == .root && $0.isTrustworthy }.map(\.id))
        self.all = links.filter { roots.contains($0.subjectID) && roots.contains($0.signedBy) }
    }

    /// Which links lead from the active root to another one, and back.
    ///
    /// - Parameters:
    ///   - id: The other root.
    ///   - issuers: All.
    /// - Returns: Whose key is certified, and by whom; nothing when `id` is no root, or the active one itself.
    public static func pairs(
        for id: String,
        among issuers: [IssuerRecord]
    ) -> [(subject: IssuerRecord, signer: IssuerRecord)] {
        guard let root = issuers.first(where: { $0.id == id && $0.role == .root }),
            let active = issuers.last(where: { $0.role == .root && $0.state == .active }), active.id != id
        else { return [] }
        return [(root, active), (active, root)]
    }

    /// Those that certify the key of `root`.
    public func to(_ root: String) -> [LinkCertificate] {
        self.all.filter { $0.subjectID == root }
    }

    /// What a server sends behind its own chain, so that who trusts another root than the chain's can verify it.
    ///
    /// - Parameters:
    ///   - chain: The server's, leaf first, without the root; DER.
    ///   - issuers: Of which one is in it.
    /// - Returns: The links to the chain's root, DER.
    public func behind(_ chain: [[UInt8]], of issuers: [IssuerRecord]) -> [[UInt8]] {
        guard let issuer = issuers.first(where: { $0.role == .issuing && chain.contains($0.certificate) }) else {
            return []
        }
        return self.to(issuer.signedBy).map(\.certificate)
    }
}

extension IssuerRecord {
    /// Whether what it signs is to be relied on: it was published, and is neither gone nor compromised.
    public var isTrustworthy: Bool {
        switch self.state {
        case .published, .active, .draining, .crlOnly: true
        case .prepared, .retired, .aborted, .compromised: false
        }
    }
}
