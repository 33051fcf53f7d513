import CurlKit
import Testing

@Suite("A session with many requests at once")
struct CurlMultiTests {
    @Test("each gets its own answer, over no more connections than allowed, which stay open")
    func many() async throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        let multi = try CurlMulti(limits: .init(total: 6, perHost: 4))
        let base = "http://127.0.0.1:\(server.port)"
        try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for number in 0..<60 {
                group.addTask {
                    let body = Array("number \(number)".utf8)
                    let answer = try await multi.perform(.post("\(base)/", headers: [], body: body))
                    #expect(answer.status == 200)
                    return (number, String(decoding: answer.body, as: UTF8.self))
                }
            }
            for try await (number, text) in group { #expect(text.hasSuffix("\n\nnumber \(number)")) }
        }
        var ports: Set<[UInt8]> = []
        for _ in 0..<3 {
            let answer = try await multi.perform(.get("\(base)/port"))
            #expect(!answer.openedConnection)
            ports.insert(answer.body)
        }
        #expect(ports.count == 1)
    }

    @Test("never are more requests under way than the limits say, to one host and in all")
    func limits() async throws {
        let first = try LoopbackServer()
        defer { first.stop() }
        let second = try LoopbackServer()
        defer { second.stop() }
        let multi = try CurlMulti(limits: .init(total: 5, perHost: 3))
        let ports = [first.port, second.port]
        try await withThrowingDiscardingTaskGroup { group in
            for number in 0..<40 {
                group.addTask { () async throws -> Void in
                    let url = "http://127.0.0.1:\(ports[number % 2])/pause"
                    let answer = try await multi.perform(.get(url))
                    #expect(answer.status == 200)
                }
            }
        }
        var most: [Int] = []
        for port in ports {
            let answer = try await multi.perform(.get("http://127.0.0.1:\(port)/most"))
            most.append(try #require(Int(String(decoding: answer.body, as: UTF8.self))))
        }
        #expect(most.allSatisfy { (1...3).contains($0) })
        #expect(most.reduce(0, +) <= 6)
    }

    @Test("a cancelled task hears so at once, and nobody else does")
    func cancellation() async throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        // The one that is cancelled has the only turn there is; the others get it.
        var options = CurlOptions()
        options.timeout = 600_000
        let multi = try CurlMulti(options, limits: .init(total: 1, perHost: 1))
        let base = "http://127.0.0.1:\(server.port)"
        try await withThrowingTaskGroup(of: CurlError.Kind?.self) { group in
            group.addTask { await Self.kind { _ = try await multi.perform(.get("\(base)/slow")) } }
            while try await multi.perform(.get("\(base)/hello"), ifNextWithin: .milliseconds(50)) {}
            group.cancelAll()
            let kinds = try await group.reduce(into: []) { $0.append($1) }
            #expect(kinds == [.cancelled])
        }
        #expect(try await multi.perform(.get("\(base)/hello")).status == 200)
    }

    @Test("a task that was cancelled before it asks is not heard")
    func cancelledBefore() async throws {
        let multi = try CurlMulti()
        let kind = await withTaskGroup(of: CurlError.Kind?.self) { group in
            group.cancelAll()
            group.addTask { await Self.kind { _ = try await multi.perform(.get("http://127.0.0.1:1/")) } }
            return await group.next() ?? nil
        }
        #expect(kind == .cancelled)
    }

    @Test("what goes wrong is told apart, and the session goes on")
    func errors() async throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        var options = CurlOptions()
        options.timeout = 300
        let multi = try CurlMulti(options)
        let base = "http://127.0.0.1:\(server.port)"
        #expect(await Self.kind { _ = try await multi.perform(.get("\(base)/slow")) } == .timedOut)
        #expect(await Self.kind { _ = try await multi.perform(.get("\(base)/close")) } == .brokenAnswer)
        #expect(await Self.kind { _ = try await multi.perform(.get("http://name.invalid/")) } == .cannotResolve)
        #expect(await Self.kind { _ = try await multi.perform(.get("ftp://127.0.0.1/")) } == .unusableAddress)
        #expect(await Self.kind { _ = try await multi.perform(.get("http://127.0.0.1:1/")) } == .cannotConnect)
        let injected = CurlRequest.get("\(base)/hello", headers: [CurlHeader("X", "a\r\nY: b")])
        #expect(await Self.kind { _ = try await multi.perform(injected) } == .other)
        #expect(try await multi.perform(.get("\(base)/hello")).status == 200)
    }

    @Test("a larger answer than wanted is an error, or ends early with its status")
    func cut() async throws {
        let server = try LoopbackServer()
        defer { server.stop() }
        var options = CurlOptions()
        options.maximumResponseSize = 1_000
        let url = "http://127.0.0.1:\(server.port)/endless"
        let strict = try CurlMulti(options)
        #expect(await Self.kind { _ = try await strict.perform(.get(url)) } == .tooLarge)
        options.cutsLargeResponses = true
        let answer = try await CurlMulti(options).perform(.get(url))
        #expect(answer.status == 200)
        #expect(answer.isCut)
        #expect(answer.body.count == 1_000)
        let small = try await CurlMulti(options).perform(.get("http://127.0.0.1:\(server.port)/hello"))
        #expect(!small.isCut)
    }

    @Test("over TLS, a server is believed for its authority, and a client certificate is presented")
    func trust() async throws {
        let certificates = try TestCertificates()
        defer { #expect(throws: Never.self) { try certificates.remove() } }
        let server = try LoopbackServer(certificates: certificates)
        defer { server.stop() }
        let url = "https://device.test:\(server.port)/who"
        var options = CurlOptions()
        options.resolve = ["device.test:\(server.port):127.0.0.1"]
        let stranger = try CurlMulti(options)
        #expect(await Self.kind { _ = try await stranger.perform(.get(url)) } == .untrustedServer)
        options.trustedAuthorities = try certificates.pem("ca.pem")
        options.clientCertificate = try CurlOptions.ClientCertificate(
            certificates: certificates.pem("client.pem"),
            privateKey: certificates.pem("client.key")
        )
        let multi = try CurlMulti(options)
        for _ in 0..<2 {
            let answer = try await multi.perform(.get(url))
            #expect(String(decoding: answer.body, as: UTF8.self) == "kim")
        }
    }

    static func kind(of body: () async throws -> Void) async -> CurlError.Kind? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? CurlError)?.kind
        }
    }
}

extension CurlMulti {
    /// Whether the request got its turn before that time was over.
    fileprivate func perform(_ request: CurlRequest, ifNextWithin time: Duration) async throws -> Bool {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                // Cancelled, it says that it had no turn.
                (try? await self.perform(request)) != nil
            }
            group.addTask {
                try await Task.sleep(for: time)
                return false
            }
            let first = try await group.next() ?? false
            group.cancelAll()
            return first
        }
    }
}
