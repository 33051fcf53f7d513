import Foundation
import Testing

@testable import DeviceSimulator

@Suite("What the device accepts as its certificate")
struct CertificateCheckTests {
    private static var now: Int64 { Int64(Date().timeIntervalSince1970) }

    /// One request and the authority that answers it.
    private struct Scene {
        let authority: TestAuthority
        let key: DeviceKey
        let request: [UInt8]

        init() throws {
            self.authority = try TestAuthority()
            self.key = try DeviceKey.generate(bits: 2048)
            self.request = try CertificateRequest(for: SimulatedDevice(seed: 1), key: self.key, variation: .ordinary)
                .der
        }

        func check(_ leaf: [UInt8], change: (String) -> String = { $0 }, now: Int64 = now) throws -> EnrolledDevice {
            let judge = Judge(step: .enroll)
            let text = try GoldenAnswers.document(root: self.authority.root, issuer: self.authority.issuer, leaf: leaf)
            return try EnrolledDevice(
                ProvisioningDocument(Array(change(text).utf8), type: .full, judge),
                key: self.key,
                type: .full,
                now: now,
                verifier: ChainVerifier(),
                judge
            )
        }
    }

    private func rule(_ body: () throws -> Void) -> ProtocolRule? {
        do {
            try body()
            return nil
        } catch {
            return (error as? Deviation)?.rule
        }
    }

    @Test("a good one is read, chained and exported so that openssl agrees")
    func good() throws {
        let scene = try Scene()
        let openssl = scene.authority.openssl
        defer { openssl.remove() }
        let enrolled = try scene.check(scene.authority.issue(scene.request))
        #expect(enrolled.subject == "OU=Devices,CN=device-1")
        #expect(enrolled.issuers == [try scene.authority.issuer, try scene.authority.root])
        try openssl.write(Array(enrolled.certificatePEM.utf8), to: "chain.pem")
        try openssl.write(Array(enrolled.rootPEM.utf8), to: "anchor.pem")
        #expect(
            try openssl.run("verify -x509_strict -purpose sslclient -CAfile anchor.pem -untrusted chain.pem chain.pem")
                .contains("chain.pem: OK")
        )
        let facts = try openssl.run("x509 -in chain.pem -noout -serial -fingerprint -sha1 -dates -dateopt iso_8601")
        #expect(
            facts.contains("serial=\(enrolled.serialNumber)")
                || facts.contains("serial=\(enrolled.serialNumber.dropFirst(2))")
        )
        #expect(facts.replacing(":", with: "").contains("Fingerprint=\(enrolled.thumbprint)"))
        let form = ISO8601DateFormatter()
        form.formatOptions = [.withFullDate, .withTime, .withColonSeparatorInTime, .withSpaceBetweenDateAndTime]
        for (name, seconds) in [("notBefore", enrolled.notBefore), ("notAfter", enrolled.notAfter)] {
            let text = form.string(from: Date(timeIntervalSince1970: TimeInterval(seconds)))
            #expect(facts.contains("\(name)=\(text)Z"))
        }
    }

    @Test(
        "one that breaks a rule is named",
        arguments: [
            ("basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth", "-days 365", ProtocolRule.clientAuthentication),
            ("basicConstraints=CA:FALSE", "-days 365", .clientAuthentication),
            ("basicConstraints=CA:TRUE\nextendedKeyUsage=clientAuth", "-days 365", .notAuthority),
            ("basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth", "-days 30", .renewalPeriod),
        ]
    )
    func rules(extensions: String, dates: String, expected: ProtocolRule) throws {
        let scene = try Scene()
        defer { scene.authority.openssl.remove() }
        let leaf = try scene.authority.issue(scene.request, extensions: extensions, dates: dates)
        #expect(self.rule { _ = try scene.check(leaf) } == expected)
    }

    @Test("one that is not valid yet, or no longer, is named", arguments: [-86_400, 366 * 86_400])
    func validity(offset: Int64) throws {
        let scene = try Scene()
        defer { scene.authority.openssl.remove() }
        let leaf = try scene.authority.issue(scene.request)
        #expect(self.rule { _ = try scene.check(leaf, now: Self.now + offset) } == .validity)
    }

    @Test("one for another key is named")
    func otherKey() throws {
        let scene = try Scene()
        defer { scene.authority.openssl.remove() }
        let other = try DeviceKey.generate(bits: 2048)
        let request = try CertificateRequest(for: SimulatedDevice(seed: 2), key: other, variation: .ordinary)
        let leaf = try scene.authority.issue(request.der)
        #expect(self.rule { _ = try scene.check(leaf) } == .publicKey)
    }

    @Test("a signature with one bit wrong, an unknown issuer and octets that are no certificate are named")
    func chain() throws {
        let scene = try Scene()
        let stranger = try TestAuthority()
        defer {
            scene.authority.openssl.remove()
            stranger.openssl.remove()
        }
        var leaf = try scene.authority.issue(scene.request)
        leaf[leaf.count - 1] ^= 1
        #expect(self.rule { _ = try scene.check(leaf) } == .chain)
        // Same names, other keys.
        let foreign = try stranger.issue(scene.request)
        #expect(self.rule { _ = try scene.check(foreign) } == .chain)
        #expect(self.rule { _ = try scene.check(Array("leaf".utf8)) } == .certificateForm)
    }

    @Test("search criteria have to name the certificate's own subject and store")
    func criteria() throws {
        let scene = try Scene()
        defer { scene.authority.openssl.remove() }
        let leaf = try scene.authority.issue(scene.request)
        func with(_ criteria: String) -> ProtocolRule? {
            self.rule {
                _ = try scene.check(leaf) { text in
                    text.replacing(
                        "<parm name=\"BACKCOMPATRETRYDISABLED\"/>",
                        with: "<parm name=\"SSLCLIENTCERTSEARCHCRITERIA\" value=\"\(criteria)\"/>"
                    )
                }
            }
        }
        #expect(with("Subject=OU%3DDevices%2CCN%3Ddevice-1&amp;Stores=My%5CUser") == nil)
        #expect(with("Subject=CN%3Ddevice-1%2cOU%3ddevices&amp;Stores=My%5CUser") == .searchCriteria)
        #expect(with("Subject=CN%3Ddevice-1%2cOU%3dDevices&amp;Stores=My%5CUser") == nil)
        #expect(with("Subject=OU%3DDevices%2CCN%3Ddevice-1&amp;Stores=My%5CSystem") == .searchCriteria)
        #expect(with("Stores=My%5CUser") == .searchCriteria)
    }
}
