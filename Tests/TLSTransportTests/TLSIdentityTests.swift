import EnrollmentTestKit
import OpenSSLKit
import Testing

@Suite("TLS identity", .timeLimit(.minutes(10)))
struct TLSIdentityTests {
    @Test("a key that belongs to another certificate is refused by the name of the certificate")
    func mismatch() async throws {
        let authority = try await CommandLineAuthority()
        let one = try await authority.server("one.example")
        let other = try await authority.server("other.example")
        let error = #expect(throws: TLSConfigurationError.self) {
            try TLSIdentity(pem: one.pem, privateKey: other.key)
        }
        #expect(error == .keyDoesNotMatch(subject: "/CN=one.example"))
        #expect(error?.description == "the private key does not belong to the certificate of /CN=one.example")
    }

    @Test("the key may come as PEM of either kind, as PKCS #8 in DER, or as a signing key")
    func keyForms() async throws {
        let authority = try await CommandLineAuthority()
        let credential = try await authority.server("one.example")
        let pkcs8 = authority.file("pkcs8")
        for form in ["PEM", "DER"] {
            try await CommandLineAuthority.openssl([
                "pkcs8", "-topk8", "-nocrypt", "-in", credential.keyFile, "-outform", form, "-out", pkcs8 + form,
            ])
            let identity = try TLSIdentity(pem: credential.pem, privateKey: try octets(of: pkcs8 + form))
            #expect(identity.serverNames == ["one.example"])
        }
        #expect(try TLSIdentity(pem: credential.pem, privateKey: credential.key).certificates.count == 1)
    }

    @Test("an encrypted key is refused with advice, in both forms that OpenSSL writes")
    func encryptedKey() async throws {
        let authority = try await CommandLineAuthority()
        let credential = try await authority.server("one.example")
        let file = authority.file("encrypted")
        for command in [["pkcs8", "-topk8", "-v2", "aes256"], ["ec", "-aes256"]] {
            try await CommandLineAuthority.openssl(
                command + ["-in", credential.keyFile, "-passout", "pass:secret", "-out", file]
            )
            let error = #expect(throws: TLSConfigurationError.self) {
                try TLSIdentity(pem: credential.pem, privateKey: try octets(of: file))
            }
            #expect(error == .encryptedKey)
        }
    }

    @Test("what is no certificate or no key is refused", arguments: ["", "-----BEGIN CERTIFICATE-----\nAA==\n", "x"])
    func garbage(text: String) async throws {
        let authority = try await CommandLineAuthority()
        let credential = try await authority.server("one.example")
        let noCertificate = #expect(throws: TLSConfigurationError.self) {
            try TLSIdentity(pem: Array(text.utf8), privateKey: credential.key)
        }
        #expect(noCertificate == .noCertificate)
        let noKey = #expect(throws: TLSConfigurationError.self) {
            try TLSIdentity(pem: credential.pem, privateKey: Array(text.utf8))
        }
        guard case .unreadableKey = noKey else { return #expect(noKey == nil, "an unreadable key") }
    }

    @Test("octets after a certificate are refused")
    func surplus() async throws {
        let authority = try await CommandLineAuthority()
        let credential = try await authority.server("one.example")
        let certificates = try TLSIdentity.certificates(inPEM: credential.pem).map { $0 + [0] }
        #expect(throws: TLSConfigurationError.self) {
            try TLSIdentity(certificates: certificates, privateKey: credential.key)
        }
    }

    @Test("a server without a certificate is refused")
    func noIdentity() {
        let error = #expect(throws: TLSConfigurationError.self) {
            try TLSContext(server: TLSServerConfiguration(identities: []))
        }
        #expect(error == .noIdentity)
    }

    @Test("an issuer that does not chain to the anchors is refused by name, and so is one that is no authority")
    func untrustedIssuer() async throws {
        let authority = try await CommandLineAuthority()
        let foreign = try await CommandLineAuthority("Foreign")
        let anchors = try TLSIdentity.certificates(inPEM: authority.root.pem)
        let error = #expect(throws: TLSConfigurationError.self) {
            try PeerCertificateVerifier(
                anchors: anchors,
                issuers: try TLSIdentity.certificates(inPEM: foreign.issuer.pem)
            )
        }
        #expect(error?.description.contains("/CN=Foreign Issuer does not chain") == true)
        let leaf = try await authority.client("device")
        let notAnAuthority = #expect(throws: TLSConfigurationError.self) {
            try PeerCertificateVerifier(anchors: anchors, issuers: try TLSIdentity.certificates(inPEM: leaf.pem))
        }
        #expect(notAnAuthority == .notAnAuthority(subject: "/CN=device"))
    }
}
