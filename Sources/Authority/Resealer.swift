package import EnrollmentCore
package import OpenSSLKit

/// Plans how keys in the store are sealed anew: for another passphrase, or for people who hold shares.
///
/// Nothing is changed by it; the ledger carries out the plan in one transaction.
package struct Resealer: Sendable {
    private let keys: SealedKeys
    private let vault: Vault

    /// - Parameters:
    ///   - keys: As the ledger has them now.
    ///   - vault: Opens them.
    package init(_ keys: SealedKeys, vault: Vault) {
        self.keys = keys
        self.vault = vault
    }

    /// Every sealed key under a fresh data key, which `passphrase` opens together with the former ones.
    ///
    /// - Parameters:
    ///   - passphrase: The next one.
    ///   - unneeded: See ``Vault/renewed(passphrase:without:)``.
    /// - Returns: The plan, and the vault as it will be.
    /// - Throws: ``EnrollmentError`` when a key in the store cannot be opened, or the library failed.
    package func plan(
        passphrase: borrowing SecretOctets,
        without unneeded: Int = 0
    ) throws(EnrollmentError) -> (change: Resealing, vault: Vault) {
        guard let parameters = self.keys.parameters, parameters == self.vault.parameters else {
            throw EnrollmentError(
                .internalService,
                "The store's sealing parameters were changed meanwhile. Run the command again.",
                rule: "sealing.changed"
            )
        }
        let next = try self.vault.renewed(passphrase: passphrase, without: unneeded)
        var change = Resealing(parameters: .init(from: parameters, to: next.parameters))
        for issuer in self.keys.issuers {
            guard case .sealed(let former) = issuer.key else { continue }
            let sealed = try self.vault.reseal(former, of: issuer.id, by: next)
            change.issuers[issuer.id] = .init(from: issuer.key, to: .sealed(sealed))
        }
        for service in self.keys.services {
            let sealed = try self.vault.reseal(service.sealedKey, of: service.use, by: next)
            change.services[service.serialNumber] = .init(from: service.sealedKey, to: sealed)
        }
        for ceremony in self.keys.ceremonies {
            guard case .sealed(let former) = ceremony.key else { continue }
            let sealed = try self.vault.reseal(former, of: ceremony.issuerID, by: next)
            change.ceremonies[ceremony.id] = .init(from: ceremony.key, to: .sealed(sealed))
        }
        change.facts = [
            Fact("passphrase", "changed"), Fact("issuer-keys", String(change.issuers.count)),
            Fact("service-keys", String(change.services.count)),
        ]
        return (change, next)
    }

    /// A root's key under a key of its own, of which people are to hold shares.
    ///
    /// - Throws: ``EnrollmentError`` with code `authorization` and rule `sealing.place` for an issuer whose key is not
    ///   sealed in the store, `sealing.role` for one that has to sign by itself.
    package func split(
        _ id: String,
        threshold: Int,
        count: Int
    ) throws(EnrollmentError) -> (change: Resealing, shares: [KeyShare]) {
        let issuer = try self.issuer(id)
        guard issuer.role == .root else {
            throw EnrollmentError(
                .authorization,
                "\(id) signs devices' certificates, which it cannot do while people hold its key. Only a root is split.",
                rule: "sealing.role"
            )
        }
        guard case .sealed(let former) = issuer.key else { throw Self.wrongPlace(issuer, "sealed in the store") }
        let (key, shares) = try SplitKey.make(
            of: try self.vault.open(former, of: id),
            owner: id,
            threshold: threshold,
            count: count
        )
        let change = Resealing(
            issuers: [id: .init(from: issuer.key, to: .split(key.octets))],
            facts: [Fact("issuer", id), Fact("shares", "\(threshold)/\(count)"), Fact("set", key.setName)]
        )
        return (change, shares)
    }

    /// A split key back under the passphrase.
    package func join(_ id: String, shares: [KeyShare]) throws(EnrollmentError) -> Resealing {
        let issuer = try self.issuer(id)
        guard case .split(let octets) = issuer.key else { throw Self.wrongPlace(issuer, "split") }
        let key = try SplitKey(octets: octets).open(with: shares, owner: id)
        guard key.publicKeyInfo == (try CertificateReading.publicKeyInfo(of: issuer)) else {
            throw EnrollmentError(
                .internalService,
                "The key that the shares open does not belong to the certificate of \(id).",
                rule: "issuer.key-matches"
            )
        }
        return Resealing(
            issuers: [id: .init(from: issuer.key, to: .sealed(try self.vault.seal(key, of: id)))],
            facts: [Fact("issuer", id), Fact("shares", "joined")]
        )
    }

    private func issuer(_ id: String) throws(EnrollmentError) -> IssuerRecord {
        guard let issuer = self.keys.issuers.first(where: { $0.id == id }) else {
            throw EnrollmentError(.authorization, "There is no issuer \(id).", rule: "sealing.unknown")
        }
        return issuer
    }

    private static func wrongPlace(_ issuer: IssuerRecord, _ wanted: String) -> EnrollmentError {
        EnrollmentError(
            .authorization,
            "The key of \(issuer.id) is \(issuer.key.place), not \(wanted).",
            rule: "sealing.place"
        )
    }
}
