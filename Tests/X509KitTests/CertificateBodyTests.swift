import EnrollmentTestKit
import OpenSSLKit
import Testing
import X509Kit

@Suite("Certificate body", .timeLimit(.minutes(25)))
struct CertificateBodyTests {
    private static func body(_ key: SigningKey) throws -> CertificateBody {
        CertificateBody(
            serialNumber: [1] + (0x81...0x90),
            scheme: .ecdsaWithSHA256,
            issuer: try DistinguishedName([.country("DE"), .commonName("Contoso Issuing")]).der,
            notBefore: 1_767_225_600,
            notAfter: 2_524_608_000,
            subject: try DistinguishedName([.organizationalUnit("Geräte"), .commonName("device")]).der,
            publicKeyInfo: key.publicKeyInfo,
            constraint: .endEntity,
            keyUsage: 0b101,
            purposes: [.clientAuth, .serverAuth, .ocspSigning],
            alternativeNames: [
                .uri("urn:uuid:6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1"), .dns("*.contoso.example"),
                .address([192, 0, 2, 1]), .address([UInt8](repeating: 0, count: 15) + [1]),
                .userPrincipalName("jürgen@contoso.example"),
            ],
            authorityKeyIdentifier: [UInt8](repeating: 0xaa, count: 20),
            subjectKeyIdentifier: [UInt8](repeating: 0xbb, count: 20),
            crlURLs: ["http://pki.example/pki/crl/a/0.crl"],
            ocspURL: "http://pki.example/pki/ocsp/a",
            issuerURL: "http://pki.example/pki/issuer/a.cer",
            securityIdentifier: "S-1-5-21-1-2-3-1104"
        )
    }

    private static func certificate(_ body: CertificateBody, _ key: SigningKey) throws -> [UInt8] {
        let octets = try body.encoded()
        return try CertificateBody.certificate(
            toBeSigned: octets,
            scheme: body.scheme,
            signature: try key.sign(octets)
        )
    }

    @Test("the openssl command reads in a certificate what was put into it")
    func text() async throws {
        let key = try SigningKey.generate(.ecdsaP256)
        let der = try Self.certificate(try Self.body(key), key)
        let arguments = ["x509", "-noout", "-text", "-nameopt", "RFC2253,utf8,-esc_msb"]
        let outcome = try await OpenSSLJudge.judge(der, label: "CERTIFICATE", by: arguments)
        #expect(outcome.status == 0)
        for words in [
            "Version: 3 (0x2)", "01:81:82:83:84:85:86:87:88:89:8a:8b:8c:8d:8e:8f:90",
            "Signature Algorithm: ecdsa-with-SHA256", "Issuer: CN=Contoso Issuing,C=DE",
            "Not Before: Jan  1 00:00:00 2026 GMT", "Not After : Jan  1 00:00:00 2050 GMT",
            "Subject: CN=device,OU=Geräte", "X509v3 Basic Constraints: critical", "CA:FALSE",
            "X509v3 Key Usage: critical", "Digital Signature, Key Encipherment",
            "TLS Web Client Authentication, TLS Web Server Authentication, OCSP Signing",
            "URI:urn:uuid:6b1f0f0e-6f0c-4c2e-9f6f-0a51d7f0a5c1", "DNS:*.contoso.example", "IP Address:192.0.2.1",
            "IP Address:0:0:0:0:0:0:0:1", "UPN::jürgen@contoso.example", "AA:AA:AA:AA", "BB:BB:BB:BB",
            "URI:http://pki.example/pki/crl/a/0.crl", "OCSP - URI:http://pki.example/pki/ocsp/a",
            "CA Issuers - URI:http://pki.example/pki/issuer/a.cer", "1.3.6.1.4.1.311.25.2", "S-1-5-21-1-2-3-1104",
        ] {
            #expect(outcome.output.contains(words), "\(words) in \(outcome.output)")
        }
    }

    @Test("the openssl command can take apart every octet of it")
    func structure() async throws {
        let key = try SigningKey.generate(.ecdsaP256)
        let der = try Self.certificate(try Self.body(key), key)
        let outcome = try await OpenSSLJudge.judge(der, label: "CERTIFICATE", by: ["asn1parse"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains(" UTCTIME           :260101000000Z"))
        #expect(outcome.output.contains(" GENERALIZEDTIME   :20500101000000Z"))
        #expect(!outcome.output.contains("Error"))
    }

    @Test("what it writes is what its own reader reads")
    func roundTrip() throws {
        let key = try SigningKey.generate(.ecdsaP256)
        let body = try Self.body(key)
        let certificate = try Certificate(der: try Self.certificate(body, key))
        #expect(certificate.toBeSigned == (try body.encoded()))
        #expect(certificate.serialNumber == body.serialNumber)
        #expect(certificate.subject == body.subject)
        #expect(certificate.issuer == body.issuer)
        #expect(certificate.commonName == "device")
        #expect(!certificate.isAuthority)
        #expect(try certificate.notBeforeSeconds() == body.notBefore)
        #expect(try certificate.notAfterSeconds() == body.notAfter)
        #expect(try certificate.keyUsage() == body.keyUsage)
        #expect(try certificate.scheme() == body.scheme)
        #expect(try certificate.subjectKey().der == key.publicKeyInfo)
        #expect(certificate.subjectKeyIdentifier == body.subjectKeyIdentifier)
        #expect(
            try certificate.extendedKeyUsages() == [PurposeID.clientAuth, PurposeID.serverAuth, PurposeID.ocspSigning]
        )
        #expect(try certificate.alternativeNames().map(\.tag) == [6, 2, 7, 7, 0])
    }

    @Test("an authority's path length is written when there is one", arguments: [nil, 0, 1, 3] as [Int?])
    func pathLength(_ length: Int?) throws {
        let key = try SigningKey.generate(.ecdsaP256)
        var body = try Self.body(key)
        body.constraint = .authority(pathLength: length)
        let certificate = try Certificate(der: try Self.certificate(body, key))
        let numbers = length.map { [DERElement.integer([UInt8($0)])] } ?? []
        let expected = DERElement.sequence([
            .identifier(ExtensionID.basicConstraints), .boolean(true),
            .octetString(DERElement.sequence([.boolean(true)] + numbers).octets),
        ])
        #expect(certificate.isAuthority)
        #expect(certificate.toBeSigned.contains(expected.octets))
    }

    @Test("key usage is a named bit list without trailing zeros", arguments: 0..<9)
    func keyUsage(_ bit: Int) throws {
        let key = try SigningKey.generate(.ecdsaP256)
        var body = try Self.body(key)
        body.keyUsage = 1 << UInt16(bit)
        let certificate = try Certificate(der: try Self.certificate(body, key))
        let octets: [UInt8] = bit < 8 ? [0x80 >> UInt8(bit)] : [0, 0x80]
        let expected = DERElement.bitString(octets, unused: UInt8(7 - bit % 8))
        #expect(try certificate.keyUsage() == body.keyUsage)
        #expect(certificate.toBeSigned.contains(DERElement.octetString(expected.octets).octets))
    }

    @Test(
        "a value without an encoding is refused",
        arguments: [
            Deviation("an address of five octets") { $0.alternativeNames = [.address([1, 2, 3, 4, 5])] },
            Deviation("a URI outside ASCII") { $0.alternativeNames = [.uri("http://ü.example")] },
            Deviation("a host name outside ASCII") { $0.alternativeNames = [.dns("ü.example")] },
            Deviation("a CRL outside ASCII") { $0.crlURLs = ["http://ü.example"] },
            Deviation("a time before 1970") { $0.notBefore = -1 },
        ] as [Deviation<CertificateBody>]
    )
    func refusal(_ deviation: Deviation<CertificateBody>) throws {
        let body = deviation.applied(to: try Self.body(try SigningKey.generate(.ecdsaP256)))
        #expect(throws: X509Error.self) { try body.encoded() }
    }
}
