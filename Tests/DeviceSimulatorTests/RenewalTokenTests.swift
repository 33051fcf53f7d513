import Testing

@testable import DeviceSimulator

@Suite("The signed message a renewal sends")
struct RenewalTokenTests {
    private static let kinds: [DeviceKey.Kind] = [.rsa(bits: 2048), .ecdsaP256]

    /// What openssl takes out of the message once it has verified it.
    private func content(of token: RenewalToken, _ scene: RenewalScene) throws -> [UInt8] {
        try scene.openssl.write(token.der, to: "message.der")
        try scene.openssl.run(
            "cms -verify -inform DER -in message.der -CAfile authorities.pem -purpose any -binary "
                + "-signer signer.pem -out content.der"
        )
        #expect(
            try scene.openssl.run("x509 -in signer.pem -noout -fingerprint -sha1").replacing(":", with: "")
                .contains(try scene.identity.facts().thumbprint)
        )
        return try scene.openssl.read("content.der")
    }

    @Test("openssl verifies it, and the request inside, with old and new keys of each kind", arguments: kinds, kinds)
    func verified(old: DeviceKey.Kind, new: DeviceKey.Kind) throws {
        let scene = try RenewalScene(kind: old)
        defer { scene.openssl.remove() }
        let key = try DeviceKey.generate(new)
        let token = try RenewalToken(for: scene.identity, key: key, signedBy: scene.identity, form: RenewalForm())
        try scene.openssl.write(try self.content(of: token, scene), to: "inner.der")
        #expect(try scene.openssl.run("req -inform DER -in inner.der -noout -verify").contains("verify OK"))
        let text = try scene.openssl.run("req -inform DER -in inner.der -noout -text -nameopt utf8")
        #expect(text.contains("CN=\(scene.identity.device.requestedCommonName)"))
        #expect(text.contains("1.3.6.1.4.1.311.13.1"))
        let parsed = try scene.openssl.run("asn1parse -inform DER -in message.der")
        for name in ["pkcs7-signedData", "pkcs7-data", "contentType", "messageDigest", "sha256"] {
            #expect(parsed.contains(":\(name)"))
        }
        #expect(!parsed.contains("inf "))
    }

    @Test("the request names the certificate, octet by octet, unless it is told not to", arguments: [true, false])
    func attribute(names: Bool) throws {
        let scene = try RenewalScene()
        defer { scene.openssl.remove() }
        var form = RenewalForm()
        form.namesCertificate = names
        let key = try DeviceKey.generate(bits: 2048)
        let token = try RenewalToken(for: scene.identity, key: key, signedBy: scene.identity, form: form)
        let content = try self.content(of: token, scene)
        #expect(content.contains(scene.identity.certificate) == names)
    }

    @Test("CMC holds the same request, under its own content type")
    func management() throws {
        let scene = try RenewalScene()
        defer { scene.openssl.remove() }
        var form = RenewalForm()
        form.wrapsManagementMessage = true
        let key = try DeviceKey.generate(bits: 2048)
        let token = try RenewalToken(for: scene.identity, key: key, signedBy: scene.identity, form: form)
        let content = try self.content(of: token, scene)
        // Signatures of this kind are the same each time.
        let request = try CertificateRequest(
            for: scene.identity.device,
            key: key,
            variation: .ordinary,
            renewing: scene.identity.certificate
        )
        #expect(content.contains(request.der))
        let parsed = try scene.openssl.run("asn1parse -inform DER -in message.der")
        #expect(parsed.contains(":id-cct-PKIData"))
        #expect(try scene.openssl.run("asn1parse -inform DER -in content.der").contains("1.3.6.1.4.1.311.10.10.1"))
    }

    @Test("it is encoded once, or twice")
    func encodings() throws {
        let scene = try RenewalScene()
        defer { scene.openssl.remove() }
        let key = try DeviceKey.generate(bits: 2048)
        var form = RenewalForm()
        let once = try RenewalToken(for: scene.identity, key: key, signedBy: scene.identity, form: form)
        form.encoding = .twice
        let twice = try RenewalToken(for: scene.identity, key: key, signedBy: scene.identity, form: form)
        #expect(Base64.decodeSpaced(once.text.utf8) == once.der)
        let inner = try #require(Base64.decodeSpaced(twice.text.utf8))
        #expect(Base64.decodeSpaced(inner) == twice.der)
    }

    @Test("a changed request inside is found by openssl, so it is the signature that counts")
    func changed() throws {
        let scene = try RenewalScene()
        defer { scene.openssl.remove() }
        let key = try DeviceKey.generate(bits: 2048)
        let token = try RenewalToken(for: scene.identity, key: key, signedBy: scene.identity, form: RenewalForm())
        let name = Array(scene.identity.device.requestedCommonName.utf8)
        let place = try #require(token.der.firstRange(of: name))
        var changed = token.der
        changed[place.lowerBound] ^= 1
        try scene.openssl.write(changed, to: "message.der")
        #expect(throws: OpenSSLCommand.Failed.self) {
            try scene.openssl.run("cms -verify -noverify -inform DER -in message.der -binary -out content.der")
        }
    }

    @Test("a new key is of the kind the device has, unless it is to be another", arguments: kinds)
    func kind(kind: DeviceKey.Kind) throws {
        let scene = try RenewalScene(kind: kind)
        defer { scene.openssl.remove() }
        let like = try DeviceRenewal(scene.identity, RenewalPlan(), profile: .windows11)
        #expect(like.key.kind == kind)
        #expect(like.key.publicKeyInfo != scene.identity.key.publicKeyInfo)
        var plan = RenewalPlan()
        plan.newKey = .fresh(.rsa(bits: 1024))
        #expect(try DeviceRenewal(scene.identity, plan, profile: .windows11).key.kind == .rsa(bits: 1024))
    }

    @Test("a renewal by itself carries the time and no user; a manual one the user")
    func senders() throws {
        let scene = try RenewalScene()
        defer { scene.openssl.remove() }
        var plan = RenewalPlan()
        plan.newKey = .same
        func text(_ plan: RenewalPlan) throws -> String {
            let renewal = try DeviceRenewal(scene.identity, plan, profile: .windows11)
            return String(decoding: renewal.exchange.octets, as: UTF8.self)
        }
        let byItself = try text(plan)
        #expect(byItself.contains("<u:Timestamp u:Id=\"_0\"><u:Created>20"))
        #expect(!byItself.contains("UsernameToken"))
        #expect(byItself.contains("http://docs.oasis-open.org/ws-sx/ws-trust/200512/Renew<"))
        #expect(byItself.contains("ValueType=\"\(Names.security)#PKCS7\""))
        #expect(byItself.contains("<ac:ContextItem Name=\"DeviceID\"><ac:Value>\(scene.identity.device.deviceID)<"))
        #expect(byItself.contains("<ac:ContextItem Name=\"EnrollmentType\"><ac:Value>Full<"))
        #expect(!byItself.contains("EnrollmentData"))
        plan.proof = .password(SimulatedUser(name: "kim", password: "right"))
        plan.form.valueType = .mde1
        let manual = try text(plan)
        #expect(manual.contains("<wsse:Username>kim</wsse:Username>"))
        #expect(!manual.contains("Timestamp"))
        #expect(manual.contains("ValueType=\"http://schemas.microsoft.com/windows/pki/2009/01/enrollment#PKCS7\""))
    }

    @Test(
        "moments are written as the messages want them",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_399, "2000-02-28T23:59:59.000Z"),
            (951_868_800, "2000-03-01T00:00:00.000Z"), (1_795_158_000, "2026-11-20T07:00:00.000Z"),
            (4_107_542_399, "2100-02-28T23:59:59.000Z"), (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ]
    )
    func moments(seconds: Int64, text: String) {
        #expect(Text.moment(seconds) == text)
    }
}
