import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing
import X509Kit

@Suite("Certificates of devices", .timeLimit(.minutes(25)))
struct DeviceCertificateTests {
    static let algorithms: [KeyType] = [
        .ecdsaP256, .ecdsaP384, .ed25519, .rsa(bits: 2_048), .rsa(bits: 3_072), .rsa(bits: 4_096),
    ]

    @Test("openssl verifies what an issuer with a key of each kind signs for devices", arguments: Self.algorithms)
    func verified(_ type: KeyType) async throws {
        let founding = try await SharedFoundings.all.founding(issuer: type)
        let judges = try OutsideJudges()
        for device in [.rsa(bits: 2_048), .ecdsaP256, .ed25519] as [KeyType] {
            let certificate = try await founding.issue(try founding.draft(try Founding.proven(device)))
            let outcome = try await judges.verify(
                certificate.der,
                root: founding.result.root.der,
                untrusted: founding.result.issuer.der,
                ["-purpose", "sslclient"]
            )
            #expect(outcome.status == 0, "\(outcome.output)")
            let server = try await judges.verify(
                certificate.der,
                root: founding.result.root.der,
                untrusted: founding.result.issuer.der,
                ["-purpose", "sslserver"]
            )
            #expect(server.status != 0, "a device's certificate must not serve")
        }
    }

    @Test(
        "the certificate linter finds no error in what is signed for devices, save that it takes no URN for a URI",
        .enabled(if: OutsideJudges.linter != nil, "Scripts/setup installs the linter"),
        arguments: Self.algorithms
    )
    func linted(_ type: KeyType) async throws {
        let founding = try await SharedFoundings.all.founding(issuer: type)
        let judges = try OutsideJudges()
        for device in [.rsa(bits: 2_048), .ecdsaP256] as [KeyType] {
            let draft = try founding.draft(try Founding.proven(device))
            let id = try #require(draft.subject.last?.value)
            // It asks for the syntax of a URL; RFC 5280 § 4.2.1.6 asks for a scheme and what belongs to it.
            let complaint = "pkix.invalid_uri_syntax: Invalid URI syntax: \"urn:uuid:\(id)\""
            #expect(try await judges.lint(try await founding.issue(draft).der) == [complaint])
            let withoutURN = try founding.draft(try Founding.proven(device))
                .with(alternativeNames: Array(draft.alternativeNames.dropFirst()))
            #expect(try await judges.lint(try await founding.issue(withoutURN).der) == [])
        }
    }

    @Test("its own lint, its own reader and the ledger's record agree about it")
    func agreement() async throws {
        let founding = try await Founding()
        let draft = try founding.draft(try Founding.proven(.rsa(bits: 2_048)))
        let issued = try await founding.issue(draft)
        let certificate = try Certificate(der: issued.der)
        let context = LintContext(issuer: try Certificate(der: founding.result.issuer.der), issuerID: "2026-a")
        #expect(CertificateLint.findings(in: issued.der, context: context) == [])
        #expect(issued.thumbprint == (try Digest.sha256(issued.der)))
        #expect(issued.windowsThumbprint == (try Digest.sha1(issued.der)))
        #expect(certificate.serialNumber == draft.serialNumber.octets)
        #expect(certificate.publicKeyInfo == draft.publicKeyInfo)
        #expect(certificate.commonName == draft.subject.last?.value)
        #expect(try certificate.keyUsage() == 0b101)
        #expect(try certificate.extendedKeyUsages() == ["1.3.6.1.5.5.7.3.2"])
        #expect(try certificate.alternativeNames().map(\.tag) == [6, 0])
        #expect(try certificate.notAfterSeconds() - certificate.notBeforeSeconds() + 1 == 365 * 86_400)
        let record = try #require(try await founding.ledger.certificate(draft.serialNumber))
        #expect(record.toBeSigned == certificate.toBeSigned)
    }

    @Test("it ends with its issuer when the profile would let it live longer")
    func end() async throws {
        let founding = try await Founding()
        let issuerEnd = try Certificate(der: founding.result.issuer.der).notAfterSeconds()
        #expect(founding.authority.activeIssuer.notAfter.seconds == issuerEnd)
        let late = Timestamp(seconds: issuerEnd - 86_400)
        let validity = Validity(
            from: late,
            backdatedBy: 300,
            days: 365,
            within: founding.authority.activeIssuer.notAfter
        )
        let draft = try founding.draft(try Founding.proven()).with(validity: validity)
        #expect(try Certificate(der: try await founding.issue(draft).der).notAfterSeconds() == issuerEnd)
    }

    @Test("names and extensions that a request asks for do not get in")
    func escalation() async throws {
        let founding = try await Founding()
        let key = try SigningKey.generate(.ecdsaP256)
        var request = ForgedRequest(for: key)
        request.subject = .name([("2.5.4.10", .utf8("Evil")), ("2.5.4.3", .utf8("administrator.evil.example"))])
        request.attributes = .context(
            0,
            [
                ForgedRequest.extensionRequest([
                    ("2.5.29.19", DERElement.sequence([.boolean(true)]).octets),
                    ("2.5.29.15", DERElement.bitString([0x06], unused: 1).octets),
                    ("2.5.29.37", DERElement.sequence([.identifier("2.5.29.37.0")]).octets),
                    (
                        "2.5.29.17",
                        DERElement.sequence([.context(2, octets: Array("administrator.evil.example".utf8))]).octets
                    ),
                    ("1.3.6.1.4.1.311.25.2", Array("S-1-5-21-1-2-3-500".utf8)),
                    ("1.3.6.1.4.1.311.20.2", DERElement.utf8("SubCA").octets),
                ])
            ]
        )
        let proven = try CertificationRequestInspector().inspect(try request.signed(by: key).der)
        let draft = try founding.draft(proven)
        let issued = try await founding.issue(draft)
        let certificate = try Certificate(der: issued.der)
        #expect(!certificate.isAuthority)
        #expect(try certificate.keyUsage() == 1)
        #expect(try certificate.extendedKeyUsages() == ["1.3.6.1.5.5.7.3.2"])
        #expect(try certificate.alternativeNames().map(\.tag) == [6, 0])
        for word in ["vil", "administrator", "S-1-5", "SubCA"] {
            #expect(!issued.der.contains(Array(word.utf8)))
        }
        // The same key asking for nothing gets the same octets.
        var plain = request
        plain.attributes = nil
        plain.subject = .sequence([])
        #expect(try CertificationRequestInspector().inspect(try plain.signed(by: key).der) == proven)
    }
}
