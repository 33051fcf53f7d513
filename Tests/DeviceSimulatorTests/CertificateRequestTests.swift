import Testing

@testable import DeviceSimulator

@Suite("The certificate request a device sends")
struct CertificateRequestTests {
    private func judge(_ variation: RequestVariation) throws -> (text: String, isVerified: Bool, der: [UInt8]) {
        let openssl = try OpenSSLCommand()
        defer { openssl.remove() }
        let key = try DeviceKey.generate(bits: variation.keyLength)
        let request = try CertificateRequest(for: SimulatedDevice(seed: 5), key: key, variation: variation)
        try openssl.write(request.der, to: "request.der")
        let text = try openssl.run("req -inform DER -in request.der -noout -text -nameopt utf8")
        // It ends with status 0 either way.
        let verdict = try openssl.run("req -inform DER -in request.der -noout -verify")
        return (text, verdict.contains("verify OK"), request.der)
    }

    @Test("openssl finds the ordinary one well formed, signed, and of Windows' shape")
    func ordinary() throws {
        let (text, isVerified, _) = try self.judge(.ordinary)
        let device = SimulatedDevice(seed: 5)
        #expect(isVerified)
        #expect(text.contains("Version: 1 (0x0)"))
        #expect(text.contains("Subject: CN=\(device.requestedCommonName)"))
        #expect(text.contains("Public-Key: (2048 bit)"))
        #expect(text.contains("Exponent: 65537"))
        #expect(text.contains("sha256WithRSAEncryption"))
        #expect(text.contains("TLS Web Client Authentication"))
        #expect(text.contains("1.3.6.1.4.1.311.66.1.0"))
        #expect(text.contains(device.deviceID))
        #expect(!text.contains("CA:TRUE"))
    }

    @Test("a PrintableString with a forbidden character and a NUL is made on demand")
    func printable() throws {
        let (_, isVerified, der) = try self.judge(.printableString)
        #expect(isVerified)
        let name = Array(SimulatedDevice(seed: 5).requestedCommonName.utf8)
        let value: [UInt8] = [0x13, 64] + name + [0]
        #expect(der.indices.contains { der[$0...].starts(with: value) })
    }

    @Test(
        "what a server must not accept is asked for on demand",
        arguments: [
            (RequestVariation.weakKey, "Public-Key: (1024 bit)"), (.certificateAuthority, "CA:TRUE"),
            (.extraNames, "DNS:enterpriseenrollment.example.test"),
        ]
    )
    func variations(variation: RequestVariation, mark: String) throws {
        let (text, isVerified, _) = try self.judge(variation)
        #expect(isVerified)
        #expect(text.contains(mark))
    }

    @Test("a broken signature is broken")
    func broken() throws {
        #expect(try !self.judge(.brokenSignature).isVerified)
    }

    @Test("the key can be exported for another tool")
    func export() throws {
        let openssl = try OpenSSLCommand()
        defer { openssl.remove() }
        let key = try DeviceKey.generate(bits: 2048)
        try openssl.write(Array(try key.pem().utf8), to: "key.pem")
        #expect(try openssl.run("pkey -in key.pem -check -noout").contains("valid"))
        #expect(!"\(key)".contains("PRIVATE"))
    }
}
