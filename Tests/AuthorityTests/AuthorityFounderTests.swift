import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing
import X509Kit

@Suite("Authority founder", .timeLimit(.minutes(25)))
struct AuthorityFounderTests {
    /// Root, issuer and server; RSA-4096 once, because making such keys takes seconds.
    static let algorithms: [[KeyType]] = [
        [.ecdsaP256, .ecdsaP256, .ecdsaP256], [.ecdsaP384, .ecdsaP384, .ecdsaP384],
        [.ed25519, .ed25519, .ed25519], [.rsa(bits: 2_048), .rsa(bits: 2_048), .rsa(bits: 2_048)],
        [.rsa(bits: 4_096), .rsa(bits: 3_072), .ecdsaP256],
    ]

    @Test("openssl verifies strictly what was founded with keys of each kind", arguments: Self.algorithms)
    func verified(_ keys: [KeyType]) async throws {
        let founding = try await SharedFoundings.all.founding(root: keys[0], issuer: keys[1], server: keys[2])
        let judges = try OutsideJudges()
        let (root, issuer) = (founding.result.root.der, founding.result.issuer.der)
        for outcome in [
            try await judges.verify(root, root: root),
            try await judges.verify(issuer, root: root, ["-purpose", "any"]),
            try await judges.verify(
                founding.result.server.der,
                root: root,
                untrusted: issuer,
                ["-purpose", "sslserver", "-verify_hostname", "enterpriseenrollment.contoso.example"]
            ),
            try await judges.verify(
                founding.result.server.der,
                root: root,
                untrusted: issuer,
                ["-purpose", "sslserver", "-verify_ip", "2001:db8::1"]
            ),
        ] {
            #expect(outcome.status == 0, "\(outcome.output)")
        }
        #expect(try Certificate(der: root).subjectKey().der.count > 40)
    }

    @Test(
        "the certificate linter finds no error in what was founded with keys of each kind",
        .enabled(if: OutsideJudges.linter != nil, "Scripts/setup installs the linter"),
        arguments: Self.algorithms
    )
    func linted(_ keys: [KeyType]) async throws {
        let founding = try await SharedFoundings.all.founding(root: keys[0], issuer: keys[1], server: keys[2])
        let judges = try OutsideJudges()
        for certificate in [founding.result.root, founding.result.issuer, founding.result.server] {
            #expect(try await judges.lint(certificate.der) == [])
        }
    }

    @Test("the ledger holds root and issuer with keys that open, and an outcome for each intent")
    func ledger() async throws {
        let founding = try await Founding()
        let records = try await founding.ledger.issuers()
        #expect(records.map(\.id) == ["root-2026", "2026-a"])
        #expect(records.map(\.role) == [.root, .issuing])
        #expect(records.map(\.signedBy) == ["root-2026", "root-2026"])
        #expect(records.map(\.certificate) == [founding.result.root.der, founding.result.issuer.der])
        for record in records {
            let key = try founding.vault.open(record.key.octets, of: record.id)
            #expect(try Certificate(der: record.certificate).publicKeyInfo == key.publicKeyInfo)
        }
        let intents = try await founding.ledger.certificates(CertificateQuery(state: .intent))
        #expect(intents.elements.isEmpty)
        let all = try await founding.ledger.certificates(CertificateQuery())
        #expect(all.elements.count == 3)
        for record in all.elements {
            let der = try #require(record.der)
            #expect(try Certificate(der: der).toBeSigned == record.toBeSigned)
            #expect(try Digest.sha256(record.toBeSigned) == record.toBeSignedDigest)
        }
    }

    @Test("the service's certificate is stored with its issuer and a key that opens")
    func service() async throws {
        let founding = try await Founding()
        let record = try #require(try await founding.ledger.serviceCertificate(for: "tls"))
        #expect(record.chain == [founding.result.server.der, founding.result.issuer.der])
        let key = try founding.vault.open(record.sealedKey, of: "tls")
        let certificate = try Certificate(der: founding.result.server.der)
        #expect(certificate.publicKeyInfo == key.publicKeyInfo)
        #expect(certificate.commonName == "mdm.contoso.example")
        #expect(try certificate.alternativeNames().map(\.tag) == [2, 2, 7, 7])
        #expect(try certificate.extendedKeyUsages() == ["1.3.6.1.5.5.7.3.1"])
    }

    @Test("validity counts both its ends, begins minutes ago and never outlives the issuer")
    func validity() async throws {
        let founding = try await Founding()
        let result = founding.result
        let begin = StoppedClock().now.seconds - 300
        for (certificate, days) in [(result.root, 7_305), (result.issuer, 1_826), (result.server, 397)]
            as [(IssuedCertificate, Int64)]
        {
            let read = try Certificate(der: certificate.der)
            #expect(try read.notBeforeSeconds() == begin)
            #expect(try read.notAfterSeconds() == begin + days * 86_400 - 1)
            #expect(certificate.validity.length == days * 86_400)
        }
    }

    @Test("keys never touch the ledger in plain")
    func secrecy() async throws {
        let founding = try await Founding()
        for record in try await founding.ledger.issuers() {
            let key = try founding.vault.open(record.key.octets, of: record.id)
            let plain = try key.privateKeyInfo().withOctets { Array($0) }
            // The private number of a P-256 key in PKCS #8.
            #expect(!record.key.octets.contains(Array(plain[36..<68])))
        }
    }

    @Test("a ledger that refuses an intent ends the founding before anything is signed")
    func refusal() async throws {
        let ledger = InMemoryLedger()
        let vault = try Vault.create(passphrase: SecretOctets([1])).vault
        let founder = AuthorityFounder(
            ledger: ledger,
            vault: vault,
            clock: StoppedClock(),
            random: SameOctets()
        )
        let plan = try Founding.plan()
        // The second certificate would have the first one's serial number.
        let error = await #expect(throws: EnrollmentError.self) { try await founder.found(plan) }
        #expect(error?.rule == "ledger.serialNumber")
        #expect(try await ledger.issuers().map(\.id) == ["root-2026"])
        #expect(try await ledger.certificates(CertificateQuery()).elements.count == 1)
    }
}

/// A broken generator: it gives the same octets each time.
private struct SameOctets: RandomSource {
    func octets(_ count: Int) throws(EnrollmentError) -> [UInt8] { [UInt8](repeating: 7, count: count) }
}
