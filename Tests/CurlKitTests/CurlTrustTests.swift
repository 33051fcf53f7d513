import CurlKit
import Testing

@Suite("A session over TLS")
struct CurlTrustTests {
    /// Runs `body` with a server that speaks TLS and the certificates it uses.
    private func withServer(_ body: (Int, TestCertificates) throws -> Void) throws {
        let certificates = try TestCertificates()
        let server = try LoopbackServer(certificates: certificates)
        defer { server.stop() }
        try body(server.port, certificates)
        try certificates.remove()
    }

    private func options(trusting certificates: TestCertificates, port: Int) throws -> CurlOptions {
        var options = CurlOptions()
        options.trustedAuthorities = try certificates.pem("ca.pem")
        options.resolve = ["device.test:\(port):127.0.0.1", "other.test:\(port):127.0.0.1"]
        return options
    }

    @Test("a server is believed for its names and the authority given, and for nothing else")
    func trust() throws {
        try self.withServer { port, certificates in
            let trusting = try self.options(trusting: certificates, port: port)
            let answer = try CurlSession(trusting).perform(.get("https://device.test:\(port)/hello"))
            #expect(answer.status == 200)
            #expect(answer.verifyResult == 0)
            #expect(answer.timings.secured > 0)

            let wrongName = try CurlSession(trusting)
            #expect(
                CurlSessionTests.kind { _ = try wrongName.perform(.get("https://other.test:\(port)/hello")) }
                    == .untrustedServer
            )
            var system = trusting
            system.trustedAuthorities = nil
            let unknown = try CurlSession(system)
            #expect(
                CurlSessionTests.kind { _ = try unknown.perform(.get("https://device.test:\(port)/hello")) }
                    == .untrustedServer
            )
            system.verifiesServer = false
            let careless = try CurlSession(system).perform(.get("https://other.test:\(port)/hello"))
            #expect(careless.status == 200)
            #expect(careless.verifyResult != 0)
        }
    }

    @Test("a client certificate held in memory is presented")
    func clientCertificate() throws {
        try self.withServer { port, certificates in
            var options = try self.options(trusting: certificates, port: port)
            options.clientCertificate = try CurlOptions.ClientCertificate(
                certificates: certificates.pem("client.pem"),
                privateKey: certificates.pem("client.key")
            )
            let answer = try CurlSession(options).perform(.get("https://device.test:\(port)/who"))
            #expect(String(decoding: answer.body, as: UTF8.self) == "kim")
        }
    }

    @Test("a session goes on presenting its certificate when nobody else has the key any more")
    func clientCertificateStays() throws {
        try self.withServer { port, certificates in
            func session() throws -> CurlSession {
                var options = try self.options(trusting: certificates, port: port)
                options.connections = .newPerRequest
                options.clientCertificate = try CurlOptions.ClientCertificate(
                    certificates: certificates.pem("client.pem"),
                    privateKey: certificates.pem("client.key")
                )
                return try CurlSession(options)
            }
            let session = try session()
            for _ in 0..<2 {
                let answer = try session.perform(.get("https://device.test:\(port)/who"))
                #expect(answer.openedConnection)
                #expect(String(decoding: answer.body, as: UTF8.self) == "kim")
            }
        }
    }

    @Test("a key that does not fit its certificate is an unusable credential, and is not shown")
    func wrongKey() throws {
        try self.withServer { port, certificates in
            var options = try self.options(trusting: certificates, port: port)
            options.clientCertificate = try CurlOptions.ClientCertificate(
                certificates: certificates.pem("client.pem"),
                privateKey: certificates.pem("server.key")
            )
            let session = try CurlSession(options)
            let error = #expect(throws: CurlError.self) {
                try session.perform(.get("https://device.test:\(port)/who"))
            }
            #expect(error?.kind == .unusableCredential)
            #expect(error?.description.contains("BEGIN") == false)
            #expect(!"\(options)".contains("BEGIN"))
        }
    }

    @Test("a version of TLS below the lowest allowed is not spoken")
    func version() throws {
        try self.withServer { port, certificates in
            var options = try self.options(trusting: certificates, port: port)
            options.minimumTLSVersion = .tls13
            let session = try CurlSession(options)
            #expect(
                CurlSessionTests.kind { _ = try session.perform(.get("https://device.test:\(port)/hello")) }
                    == .tlsFailed
            )
        }
    }
}
