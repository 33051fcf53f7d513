package import EnrollmentCore
package import OpenSSLKit

/// Keys that people opened for one command, ahead of those that are at hand anyway.
package struct OpenedKeys: IssuerKeySource {
    private let base: any IssuerKeySource
    private let opened: [String: HeldKey]

    /// Opens every split key among `issuers` that the shares are of.
    ///
    /// - Throws: ``EnrollmentError`` with code `authorization` for shares of no key here, too few of one, or wrong ones.
    package init(
        _ base: any IssuerKeySource,
        shares: [KeyShare],
        issuers: [IssuerRecord]
    ) throws(EnrollmentError) {
        var opened: [String: HeldKey] = [:]
        var known: Set<[UInt8]> = []
        for issuer in issuers {
            guard case .split(let octets) = issuer.key else { continue }
            let key = try SplitKey(octets: octets)
            guard shares.contains(where: { $0.setID == key.setID }) else { continue }
            opened[issuer.id] = HeldKey(try key.open(with: shares, owner: issuer.id))
            known.insert(key.setID)
        }
        if let stray = shares.first(where: { !known.contains($0.setID) }) {
            throw EnrollmentError(
                .authorization,
                "Share \(stray.number) of set \(KeyShare.name(ofSet: stray.setID)) belongs to no key in this store.",
                rule: "shares.unknown"
            )
        }
        self.base = base
        self.opened = opened
    }

    package func key(of issuer: IssuerRecord) throws(EnrollmentError) -> any IssuerKey {
        if case .split = issuer.key, let key = self.opened[issuer.id] { return key }
        return try self.base.key(of: issuer)
    }

    package func isAtHand(_ issuer: IssuerRecord) -> Bool {
        self.opened[issuer.id] != nil || self.base.isAtHand(issuer)
    }
}
