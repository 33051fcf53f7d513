import CurlKit
import Testing

@Suite("Connections under an address guard")
struct GuardedConnectionTests {
    private func session(_ addressGuard: AddressGuard, port: Int, proxy: String? = nil) throws -> CurlMulti {
        var options = CurlOptions()
        options.addressGuard = addressGuard
        options.proxy = proxy
        options.timeout = 5_000
        options.resolve = [
            "harmless.test:\(port):127.0.0.1", "other.test:\(port):127.0.0.2", "both.test:\(port):127.0.0.2,127.0.0.1",
        ]
        return try CurlMulti(options)
    }

    @Test(
        "nobody reaches this machine, by address or by a name that turns out to mean it",
        arguments: ["127.0.0.1", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433", "0x7f.1", "harmless.test", "localhost"]
    )
    func refused(host: String) async throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let multi = try self.session(AddressGuard(), port: server.port)
        let error = await #expect(throws: CurlError.self) {
            try await multi.perform(.get("http://\(host):\(server.port)/hello"))
        }
        #expect(error?.kind == .forbiddenAddress)
        let session = try CurlSession(Self.guarded)
        let same = #expect(throws: CurlError.self) {
            try session.perform(.get("http://127.0.0.1:\(server.port)/hello"))
        }
        #expect(same?.kind == .forbiddenAddress)
        #expect(same?.message.contains("127.0.0.1 (loopback)") == true)
    }

    private static var guarded: CurlOptions {
        var options = CurlOptions()
        options.addressGuard = AddressGuard()
        return options
    }

    @Test("what is allowed is reached, by kind or by network")
    func allowed() async throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let network = try #require(AddressNetwork("127.0.0.1/32"))
        for addressGuard in [AddressGuard(allowing: [.loopback]), AddressGuard(networks: [network])] {
            let multi = try self.session(addressGuard, port: server.port)
            #expect(try await multi.perform(.get("http://harmless.test:\(server.port)/hello")).status == 200)
        }
    }

    @Test("the address counts that is connected to: one name's may be refused while another's is not")
    func byConnection() async throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let network = try #require(AddressNetwork("127.0.0.1/32"))
        let multi = try self.session(AddressGuard(networks: [network]), port: server.port)
        #expect(try await multi.perform(.get("http://harmless.test:\(server.port)/hello")).status == 200)
        let kind = await CurlMultiTests.kind {
            _ = try await multi.perform(.get("http://other.test:\(server.port)/hello"))
        }
        #expect(kind == .forbiddenAddress)
        // Of a name with two addresses, the one that is allowed is used.
        #expect(try await multi.perform(.get("http://both.test:\(server.port)/hello")).status == 200)
    }

    @Test("with a proxy, it is the proxy's address that counts")
    func proxy() async throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let proxy = "http://127.0.0.1:\(server.port)"
        let refusing = try self.session(AddressGuard(), port: server.port, proxy: proxy)
        let kind = await CurlMultiTests.kind { _ = try await refusing.perform(.get("http://harmless.example/hello")) }
        #expect(kind == .forbiddenAddress)
        let network = try #require(AddressNetwork("127.0.0.1/32"))
        let multi = try self.session(AddressGuard(networks: [network]), port: server.port, proxy: proxy)
        let answer = try await multi.perform(.get("http://harmless.example/hello"))
        #expect(String(decoding: answer.body, as: UTF8.self) == "proxied http://harmless.example/hello")
    }
}
