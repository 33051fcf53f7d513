import CurlKit
import Glibc
import Testing

@Suite("A session over plain HTTP")
struct CurlSessionTests {
    @Test("an answer comes with its status, headers in order and body")
    func answer() throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let answer = try CurlSession().perform(.get("http://127.0.0.1:\(server.port)/hello"))
        #expect(answer.status == 200)
        #expect(String(decoding: answer.body, as: UTF8.self) == "hello")
        #expect(answer.values(of: "X-TWO") == ["first", "second"])
        #expect(answer.values(of: "content-length") == ["5"])
        #expect(answer.timings.total >= answer.timings.connected)
        #expect(answer.timings.secured == 0)
    }

    @Test("a refusal is an answer, not an error", arguments: [("/missing", 404), ("/redirect", 302)])
    func refusal(path: String, status: Int) throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        #expect(try CurlSession().perform(.get("http://127.0.0.1:\(server.port)\(path)")).status == status)
    }

    @Test("a body arrives whole, with the headers given and without Expect", arguments: [0, 3, 200_000])
    func post(count: Int) throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let body = [UInt8](repeating: 0x61, count: count)
        let request = CurlRequest.post(
            "http://127.0.0.1:\(server.port)/",
            headers: [CurlHeader("Content-Type", "text/plain"), CurlHeader("User-Agent", "test")],
            body: body
        )
        let answer = try CurlSession().perform(request)
        let text = String(decoding: answer.body, as: UTF8.self)
        let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        #expect(parts.last?.utf8.count == count)
        #expect(parts.first?.contains("Content-Type: text/plain") == true)
        #expect(parts.first?.contains("User-Agent: test") == true)
        #expect(parts.first?.contains("Content-Length: \(count)") == true)
        #expect(parts.first?.contains("Expect") == false)
    }

    @Test(
        "requests share a connection, or each have their own",
        arguments: [CurlOptions.Connections.keptAlive, .newPerRequest]
    )
    func connections(mode: CurlOptions.Connections) throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        var options = CurlOptions()
        options.connections = mode
        let session = try CurlSession(options)
        let first = try session.perform(.get("http://127.0.0.1:\(server.port)/port"))
        let second = try session.perform(.get("http://127.0.0.1:\(server.port)/port"))
        #expect(first.openedConnection)
        #expect(second.openedConnection == (mode == .newPerRequest))
        #expect((first.body == second.body) == (mode == .keptAlive))
    }

    @Test("a name can be given an address without a resolver")
    func resolve() throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        var options = CurlOptions()
        options.resolve = ["enterpriseenrollment.example.test:\(server.port):127.0.0.1"]
        let url = "http://enterpriseenrollment.example.test:\(server.port)/host"
        let answer = try CurlSession(options).perform(.get(url))
        #expect(String(decoding: answer.body, as: UTF8.self) == "enterpriseenrollment.example.test:\(server.port)")
    }

    @Test("an answer over the limit is refused, announced or not", arguments: ["/large/1025", "/endless"])
    func limit(path: String) throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        var options = CurlOptions()
        options.maximumResponseSize = 1024
        let session = try CurlSession(options)
        #expect(throws: CurlError.self) { try session.perform(.get("http://127.0.0.1:\(server.port)\(path)")) }
        #expect(Self.kind { _ = try session.perform(.get("http://127.0.0.1:\(server.port)\(path)")) } == .tooLarge)
        #expect(try session.perform(.get("http://127.0.0.1:\(server.port)/large/1024")).body.count == 1024)
    }

    @Test("what goes wrong is told apart")
    func errors() throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        var options = CurlOptions()
        options.timeout = 200
        let session = try CurlSession(options)
        let base = "http://127.0.0.1:\(server.port)"
        #expect(Self.kind { _ = try session.perform(.get("\(base)/slow")) } == .timedOut)
        #expect(Self.kind { _ = try session.perform(.get("\(base)/close")) } == .brokenAnswer)
        #expect(Self.kind { _ = try session.perform(.get("http://name.invalid/")) } == .cannotResolve)
        #expect(Self.kind { _ = try session.perform(.get("ftp://127.0.0.1/")) } == .unusableAddress)
        #expect(Self.kind { _ = try session.perform(.get("http://127.0.0.1:1/")) } == .cannotConnect)
        #expect(Self.kind { _ = try session.perform(.get("https://127.0.0.1:\(server.port)/")) } == .tlsFailed)
    }

    @Test("a line break in a header is refused before anything is sent")
    func injection() throws {
        let request = CurlRequest.get("http://127.0.0.1:1/", headers: [CurlHeader("X", "a\r\nY: b")])
        let session = try CurlSession()
        #expect(Self.kind { _ = try session.perform(request) } == .other)
    }

    @Test("a proxy is used when named")
    func proxy() throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        var options = CurlOptions()
        options.proxy = "http://127.0.0.1:\(server.port)"
        options.timeout = 2000
        // The server answers no absolute address: reaching it at all shows the way taken.
        #expect(Self.kind { _ = try CurlSession(options).perform(.get("http://name.invalid/hello")) } != .cannotResolve)
    }

    @Test("the environment has no say in who is reached without the proxy")
    func environment() async {
        // In a process of its own: the environment is everybody's.
        await #expect(processExitsWith: .success) {
            setenv("no_proxy", "aside.invalid", 1)
            let server = try LoopbackServer()
            defer { server.stop() }
            var options = CurlOptions()
            options.proxy = "http://127.0.0.1:\(server.port)"
            options.timeout = 2000
            let session = try CurlSession(options)
            let kind = CurlSessionTests.kind { _ = try session.perform(.get("http://aside.invalid/hello")) }
            #expect(kind != .cannotResolve)
        }
    }

    static func kind(of body: () throws -> Void) -> CurlError.Kind? {
        do {
            try body()
            return nil
        } catch {
            return (error as? CurlError)?.kind
        }
    }
}
