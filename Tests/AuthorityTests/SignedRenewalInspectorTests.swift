import Authority
import EnrollmentCore
import EnrollmentTestKit
import OpenSSLKit
import Testing

@Suite("Signed renewal inspector", .timeLimit(.minutes(25)))
struct SignedRenewalInspectorTests {
    @Test(
        "what the old key signed is believed, whatever kinds of keys they are",
        arguments: [
            (.ecdsaP256, .ecdsaP256), (.ecdsaP384, .ecdsaP384), (.ed25519, .ed25519),
            (.rsa(bits: 2_048), .rsa(bits: 2_048)),
        ] as [(KeyType, KeyAlgorithm)],
        [false, true]
    )
    func good(_ kind: (KeyType, KeyAlgorithm), isCMC: Bool) throws {
        for newKey in [KeyType.ecdsaP256, .rsa(bits: 2_048)] {
            var scene = try RenewalScene(kind.0, newKey: newKey)
            scene.isCMC = isCMC
            let renewal = try scene.renewal()
            #expect(renewal.certificate == scene.holder.certificate.octets)
            #expect(renewal.thumbprint == (try Digest.sha256(scene.holder.certificate.octets)))
            #expect(renewal.keyDigest == (try Digest.sha256(scene.holder.key.publicKeyInfo)))
            #expect(renewal.keyAlgorithm == kind.1)
            #expect(renewal.request.publicKeyInfo == scene.newKey.publicKeyInfo)
            #expect(renewal.request.protection == .unstated)
        }
    }

    @Test("a certificate's identity is the same whoever presents it")
    func identity() throws {
        let scene = try RenewalScene()
        let identity = try CertificateIdentity(der: scene.holder.certificate.octets)
        let renewal = try scene.renewal()
        #expect(identity.thumbprint == renewal.thumbprint)
        #expect(identity.keyDigest == renewal.keyDigest)
        #expect(identity.keyAlgorithm == renewal.keyAlgorithm)
        let error = #expect(throws: EnrollmentError.self) { try CertificateIdentity(der: [0x30, 0x00]) }
        #expect(error?.rule == "certificate.malformed")
    }

    @Test(
        "a signer may be named by key identifier, sign without attributes, and say twice or nowhere what is renewed",
        arguments: [
            Deviation("by key identifier") {
                $0.signer = Deviation("") {
                    $0.version = .integer([3])
                    $0.identifier = ForgedSigner.keyIdentifier([UInt8](repeating: 1, count: 20))
                }
            },
            Deviation("without attributes") { $0.signer = Deviation("") { $0.attributes = nil } },
            Deviation("the attribute nowhere") { $0.request.attributes = nil },
            Deviation("the attribute beside the signature, too") { scene in
                let certificate = scene.holder.certificate
                scene.signer = Deviation("") { $0.attributes?.append(ForgedSigner.renewalCertificate(certificate)) }
            },
            Deviation("the attribute only beside the signature") { scene in
                let certificate = scene.holder.certificate
                scene.request.attributes = nil
                scene.signer = Deviation("") { $0.attributes?.append(ForgedSigner.renewalCertificate(certificate)) }
            },
            Deviation("its certificate twice") { $0.certificates += $0.certificates },
        ] as [Deviation<RenewalScene>]
    )
    func forms(_ deviation: Deviation<RenewalScene>) throws {
        let scene = deviation.applied(to: try RenewalScene())
        #expect(try scene.renewal().certificate == scene.holder.certificate.octets)
    }

    @Test("a request that stands in the message as it is, without a string around it, is taken (PKCS #7 1.5)")
    func oldContent() throws {
        for attributes in [true, false] {
            let scene = try RenewalScene()
            let request = DERElement(try scene.content())
            var contents = request.octets.dropFirst(2)
            if request.octets[1] >= 0x80 { contents = contents.dropFirst(Int(request.octets[1] & 0x7f)) }
            var signer = try ForgedSigner(scene.holder, over: Array(contents))
            if !attributes { signer.attributes = nil }
            var message = try scene.message()
            message.content = request
            message.signers = [try signer.signed()]
            #expect(try SignedRenewalInspector().inspect(message.der).request.algorithm == .ecdsaP256)
            // The digest over the whole of it is another one.
            message.signers = [try scene.signer(over: request.octets).signed()]
            #expect(RenewalScene.refusal(of: message.der) == .ineligible("renewal.signature"))
        }
    }

    @Test("other certificates may come along; the signer's alone is taken")
    func otherCertificates() throws {
        var scene = try RenewalScene()
        let others = try (2...4).map { try ForgedIdentity(serial: $0).certificate }
        scene.certificates = others + scene.certificates
        #expect(try scene.renewal().certificate == scene.holder.certificate.octets)
    }

    @Test("CMC as Windows renews by, signed by the new key as well, is taken while both signatures hold")
    func signedTwice() throws {
        var scene = try RenewalScene(newKey: .rsa(bits: 2_048))
        scene.isCMC = true
        let content = try scene.content()
        var own = try ForgedSigner(scene.holder, over: content, contentType: scene.contentType)
        own.version = .integer([3])
        own.identifier = ForgedSigner.keyIdentifier([7, 7, 7])
        own.signatureAlgorithm = ForgedRequest.rsaWithSHA256
        own.key = scene.newKey
        var message = try scene.message()
        let holder = message.signers[0]
        for signers in [[holder, try own.signed()], [try own.signed(), holder]] {
            message.signers = signers
            let renewal = try SignedRenewalInspector().inspect(message.der)
            #expect(renewal.certificate == scene.holder.certificate.octets)
        }
        own.key = try SigningKey.generate(.rsa(bits: 2_048))
        message.signers = [holder, try own.signed()]
        #expect(RenewalScene.refusal(of: message.der) == .ineligible("renewal.signature"))
        own.key = scene.newKey
        own.identifier = .sequence([scene.holder.issuer, .integer([9])])
        message.signers = [holder, try own.signed()]
        #expect(RenewalScene.refusal(of: message.der) == .ineligible("renewal.signers"))
        message.signers = [holder, holder]
        #expect(RenewalScene.refusal(of: message.der) == .ineligible("renewal.signers"))
    }

    @Test(
        "the request's claim about the new key's protection is handed on",
        arguments: [
            ("Microsoft Platform Crypto Provider", .hardware), ("microsoft platform crypto provider", .hardware),
            ("Microsoft Passport Key Storage Provider", .hardware),
            ("Microsoft Smart Card Key Storage Provider", .hardware),
            ("Microsoft Base Smart Card Crypto Provider", .hardware),
            ("Microsoft Software Key Storage Provider", .software),
            ("Microsoft Platform Crypto Provider 2", .software), ("", .unstated),
        ] as [(String, KeyProtection)]
    )
    func protection(_ name: String, _ expected: KeyProtection) throws {
        var scene = try RenewalScene()
        scene.request.attributes = .context(0, [ForgedSigner.provider(name)])
        #expect(try scene.renewal().request.protection == expected)
        let request = try scene.request.signed(by: scene.newKey)
        #expect(try CertificationRequestInspector().inspect(request.der).protection == expected)
    }
}
