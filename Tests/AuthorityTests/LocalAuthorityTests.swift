import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing
import X509Kit

@Suite("Local authority", .timeLimit(.minutes(25)))
struct LocalAuthorityTests {
    private static func rule(_ records: [IssuerRecord], _ vault: Vault) -> String? {
        let error = #expect(throws: EnrollmentError.self) { try LocalAuthority(records: records, keys: vault) }
        return error?.rule
    }

    @Test("its active issuer comes with the chain up to the root")
    func chain() async throws {
        let founding = try await Founding()
        let issuer = founding.authority.activeIssuer
        #expect(issuer.id == "2026-a")
        #expect(issuer.authorities.map(\.der) == [founding.result.issuer.der, founding.result.root.der])
    }

    @Test("many certificates are prepared and signed at once", arguments: [KeyType.ecdsaP256, .ecdsaP384])
    func parallel(_ type: KeyType) async throws {
        let founding = try await SharedFoundings.all.founding(issuer: type)
        let key = try Founding.proven()
        let issued = try await withThrowingTaskGroup(of: IssuedCertificate.self) { group in
            for _ in 0..<40 { group.addTask { try await founding.issue(try founding.draft(key)) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        let issuer = try VerifyingKey(publicKeyInfo: try Certificate(der: founding.result.issuer.der).publicKeyInfo)
        #expect(Set(issued.map(\.serialNumber)).count == 40)
        for certificate in issued {
            let read = try Certificate(der: certificate.der)
            let algorithm = type.signatureAlgorithm
            #expect(try issuer.verifies(read.signature, over: read.toBeSigned, with: algorithm))
        }
    }

    @Test("a store without an active issuer is refused")
    func none() async throws {
        let founding = try await Founding()
        let records = try await founding.ledger.issuers()
        #expect(Self.rule([], founding.vault) == "issuer.active")
        #expect(Self.rule(records.filter { $0.role == .root }, founding.vault) == "issuer.active")
        #expect(Self.rule(records.map { $0.with(state: .draining) }, founding.vault) == "issuer.active")
    }

    @Test("a store that lacks the issuer above is refused")
    func noRoot() async throws {
        let founding = try await Founding()
        let records = try await founding.ledger.issuers().filter { $0.role == .issuing }
        #expect(Self.rule(records, founding.vault) == "issuer.chain")
    }

    @Test("issuers that sign each other are refused, not followed without end")
    func circle() async throws {
        let founding = try await Founding()
        let records = try await founding.ledger.issuers().map { record in
            record.with(signedBy: record.role == .root ? "2026-a" : "root-2026")
        }
        #expect(Self.rule(records, founding.vault) == "issuer.chain")
    }

    @Test("a sealed key in another issuer's place, altered or of another vault does not open")
    func sealedKey() async throws {
        let founding = try await Founding()
        let records = try await founding.ledger.issuers()
        let swapped = records.map { $0.with(key: records[0].key) }
        #expect(Self.rule(swapped, founding.vault) == "vault.key")
        let altered = records.map { record in
            var octets = record.key.octets
            octets[octets.count / 2] ^= 1
            return record.with(key: .sealed(octets))
        }
        #expect(Self.rule(altered, founding.vault) == "vault.key")
        #expect(Self.rule(records.map { $0.with(key: .sealed([])) }, founding.vault) == "vault.key")
        let other = try Vault.create(passphrase: SecretOctets([1])).vault
        #expect(Self.rule(records, other) == "vault.key")
    }

    @Test("a key that opens but belongs to another certificate is refused")
    func otherKey() async throws {
        let founding = try await Founding()
        let sealed = try founding.vault.seal(try SigningKey.generate(.ecdsaP256), of: "2026-a")
        let records = try await founding.ledger.issuers().map { $0.with(key: .sealed(sealed)) }
        #expect(Self.rule(records, founding.vault) == "issuer.key-matches")
    }
}

extension IssuerRecord {
    fileprivate func with(state: State? = nil, signedBy: String? = nil, key: KeyLocation? = nil) -> IssuerRecord {
        IssuerRecord(
            id: self.id,
            role: self.role,
            state: state ?? self.state,
            signedBy: signedBy ?? self.signedBy,
            certificate: self.certificate,
            key: key ?? self.key,
            created: self.created
        )
    }
}
