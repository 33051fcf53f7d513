import Foundation
import Testing

@testable import DeviceSimulator

@Suite("What the device accepts as the answer to a renewal")
struct RenewalDocumentTests {
    private static let judge = Judge(step: .renew)

    private func read(_ text: String, type: DeviceProfile.EnrollmentType = .full) throws -> RenewalDocument {
        try RenewalDocument(Array(text.utf8), type: type, providerID: "Example", Self.judge)
    }

    private static let beside = """
        </characteristic><characteristic type="PrivateKeyContainer"/></characteristic></characteristic>
        """

    @Test("a good one gives the certificate", arguments: DeviceProfile.EnrollmentType.allCases)
    func good(type: DeviceProfile.EnrollmentType) throws {
        let document = try self.read(GoldenAnswers.renewal(store: type.store), type: type)
        #expect(document.certificate == Array("leaf".utf8))
        #expect(document.roots.isEmpty)
        #expect(document.intermediates.isEmpty)
    }

    @Test("the key container may stand beside the certificate, the account may be left out, authorities may come along")
    func variants() throws {
        let golden = try GoldenAnswers.renewal()
        let beside = golden.replacing(
            "<characteristic type=\"PrivateKeyContainer\"/></characteristic></characteristic></characteristic>",
            with: Self.beside
        )
        #expect(beside != golden)
        #expect(try self.read(beside).certificate == Array("leaf".utf8))
        let identified = golden.replacing(
            "value=\"Example\"/>",
            with: "value=\"Example\"/><parm name=\"APPID\" value=\"w7\"/>"
        )
        #expect(identified != golden)
        #expect(try self.read(identified).certificate == Array("leaf".utf8))
        let silent = golden.replacing(
            "<characteristic type=\"APPLICATION\"><parm name=\"PROVIDER-ID\" value=\"Example\"/></characteristic>",
            with: ""
        )
        #expect(silent != golden)
        #expect(try self.read(silent).certificate == Array("leaf".utf8))
        let enrollment = try GoldenAnswers.document()
        let start = try #require(enrollment.range(of: "<characteristic type=\"CertificateStore\">"))
        let end = try #require(enrollment.range(of: "</characteristic><characteristic type=\"CertificateStore\">"))
        let authorities = String(enrollment[start.lowerBound..<end.lowerBound]) + "</characteristic>"
        let more = golden.replacing("version=\"1.1\">", with: "version=\"1.1\">\(authorities)")
        let document = try self.read(more)
        #expect(document.roots == [Array("root".utf8)])
        #expect(document.intermediates == [Array("issuer".utf8)])
    }

    @Test(
        "one thing wrong is named",
        arguments: [
            Mutation("</wap-provisioningdoc>", "", .document),
            Mutation("<characteristic type=\"My\">", "\n<characteristic type=\"My\">", .singleLine),
            Mutation("version=\"1.1\"", "version=\"1.0\"", .documentShape),
            Mutation("<characteristic type=\"User\">", "<characteristic type=\"System\">", .clientStore),
            Mutation("<characteristic type=\"My\">", "<characteristic type=\"my\">", .renewalSurplus),
            Mutation("type=\"User\">", "type=\"WSTEP\">", .renewalSurplus),
            Mutation("<characteristic type=\"PrivateKeyContainer\"/>", "", .privateKeyContainer),
            Mutation(
                "<characteristic type=\"PrivateKeyContainer\"/>",
                "<characteristic type=\"PrivateKeyContainer\"/><characteristic type=\"PrivateKeyContainer\"/>",
                .privateKeyContainer
            ),
            Mutation("value=\"bGVhZg==\"", "value=\"bGVhZh==\"", .encodedCertificate),
            Mutation("value=\"bGVhZg==\"", "value=\"bGVhZnM=\"", .thumbprint),
            Mutation("value=\"bGVhZg==\"/>", "value=\"bGVhZg==\"/><parm name=\"Extra\"/>", .renewalSurplus),
            Mutation("value=\"Example\"", "value=\"Other\"", .providerID),
            Mutation("\"PROVIDER-ID\"", "\"APPID\"", .providerID),
            Mutation("value=\"Example\"/>", "value=\"Example\"/><parm name=\"APPID\" value=\"w4\"/>", .applicationID),
            Mutation("value=\"Example\"/>", "value=\"Example\"/><parm name=\"ADDR\"/>", .renewalSurplus),
            Mutation(
                "</wap-provisioningdoc>",
                "<characteristic type=\"DMClient\"/></wap-provisioningdoc>",
                .renewalSurplus
            ),
            Mutation(
                "</wap-provisioningdoc>",
                "<characteristic type=\"APPLICATION\"/></wap-provisioningdoc>",
                .applicationID
            ),
            Mutation(
                "</wap-provisioningdoc>",
                "<characteristic type=\"RootCATrustedCertificates\"/></wap-provisioningdoc>",
                .noTopLevelRoots
            ),
        ]
    )
    func mutations(mutation: Mutation) throws {
        let deviation = #expect(throws: Deviation.self) {
            try self.read(mutation.apply(to: GoldenAnswers.renewal()))
        }
        #expect(deviation?.rule == mutation.rule)
    }

    // MARK: The certificate in it

    private func judge(
        _ scene: RenewalScene,
        key: DeviceKey,
        leaf: [UInt8],
        now: Int64 = Int64(Date().timeIntervalSince1970)
    ) throws -> DeviceIdentity {
        var plan = RenewalPlan()
        plan.newKey = .prepared(key)
        let renewal = try DeviceRenewal(scene.identity, plan, profile: .windows11)
        return try renewal.judge(
            Array(try GoldenAnswers.renewal(leaf: leaf).utf8),
            replacing: try scene.identity.issuedCertificate(),
            now: now,
            ChainVerifier(),
            Self.judge
        )
    }

    private func rule(_ body: () throws -> Void) -> ProtocolRule? {
        do {
            try body()
            return nil
        } catch {
            return (error as? Deviation)?.rule
        }
    }

    @Test("a good one becomes the identity, with its key, its chain and all authorities known before")
    func renewed() throws {
        let scene = try RenewalScene()
        defer { scene.openssl.remove() }
        let key = try DeviceKey.generate(bits: 2048)
        let request = try CertificateRequest(for: scene.identity.device, key: key, variation: .ordinary)
        let leaf = try scene.authority.issue(request.der)
        let renewed = try self.judge(scene, key: key, leaf: leaf)
        #expect(renewed.certificate == leaf)
        #expect(renewed.key === key)
        #expect(renewed.issuers == scene.identity.issuers)
        #expect(renewed.roots == scene.identity.roots)
        #expect(renewed.renewals == 1)
        #expect(renewed.entDMID == scene.identity.entDMID)
    }

    @Test("one for another key, the same again, another name, another authority and no longer valid are named")
    func certificates() throws {
        let scene = try RenewalScene()
        let stranger = try RenewalScene(seed: 8)
        defer {
            scene.openssl.remove()
            stranger.openssl.remove()
        }
        let key = try DeviceKey.generate(bits: 2048)
        let request = try CertificateRequest(for: scene.identity.device, key: key, variation: .ordinary)
        let leaf = try scene.authority.issue(request.der)
        #expect(
            self.rule { _ = try self.judge(scene, key: try DeviceKey.generate(bits: 2048), leaf: leaf) } == .publicKey
        )
        #expect(
            self.rule { _ = try self.judge(scene, key: scene.identity.key, leaf: scene.identity.certificate) }
                == .renewalSerial
        )
        let foreign = try stranger.authority.issue(request.der)
        #expect(self.rule { _ = try self.judge(scene, key: key, leaf: foreign) } == .chain)
        let late = Int64(Date().timeIntervalSince1970) + 366 * 86_400
        #expect(self.rule { _ = try self.judge(scene, key: key, leaf: leaf, now: late) } == .validity)
        try scene.openssl.write(request.der, to: "request.der")
        try scene.openssl.run(
            "x509 -req -inform DER -in request.der -CA issuer.pem -CAkey issuer.key -outform DER -out leaf.der "
                + "-subj /OU=Devices/CN=device-2 -extfile extensions.cnf -days 365"
        )
        let renamed = try scene.openssl.read("leaf.der")
        #expect(self.rule { _ = try self.judge(scene, key: key, leaf: renamed) } == .renewalSubject)
    }
}
