import Foundation
import HTTPTransport
import Testing

@Suite("HTTP listener", .timeLimit(.minutes(10)))
struct HTTPListenerTests {
    private static let routes = [TestRoutes.hello, TestRoutes.echo, TestRoutes.long, TestRoutes.whoami]

    /// Sends `request` and returns everything until the server closes.
    private static func exchange(_ request: String, limits: HTTPLimits = .patient) async throws -> String {
        try await withListener(Self.routes, limits: limits) { listener, _ in
            let client = try await LoopbackClient(port: listener.port)
            try await client.send(request)
            let answer = try await client.receiveToEnd()
            try await client.close()
            return String(decoding: answer, as: UTF8.self)
        }
    }

    @Test("an answer states its length, its date and its end of connection, and is never chunked")
    func answer() async throws {
        let answer = try await Self.exchange("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\nDate: "))
        #expect(answer.contains(" GMT\r\nContent-Length: 6\r\nContent-Type: text/plain; charset=utf-8\r\n"))
        #expect(answer.hasSuffix("\r\nConnection: close\r\n\r\nhello\n"))
        #expect(!answer.contains("Transfer-Encoding"))
    }

    @Test("HEAD has the length of the body and not the body")
    func head() async throws {
        let answer = try await Self.exchange("HEAD /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        #expect(answer.contains("Content-Length: 6\r\n"))
        #expect(answer.hasSuffix("\r\n\r\n"))
    }

    @Test("a connection serves one request after the other, also those sent ahead, in their order")
    func keepAlive() async throws {
        try await withListener(Self.routes) { listener, _ in
            let client = try await LoopbackClient(port: listener.port)
            let post = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\n"
            try await client.send(post + "one")
            #expect(try await client.receive(until: "one").contains("200 OK"))
            try await client.send(post + "two" + "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n" + post + "end")
            let answers = try await client.receive(until: "end")
            let order = try ["two", "hello", "end"].map { try #require(answers.range(of: $0)?.lowerBound) }
            #expect(order == order.sorted())
            try await client.close()
        }
    }

    @Test(
        "each refusal has its status, closes when the connection may be out of step, and says so",
        arguments: [
            ("GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
            ("POST /hello HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", 405),
            ("POST /echo HTTP/1.1\r\nHost: x\r\n\r\n", 411),
            ("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 600000\r\n\r\n", 413),
            ("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\nContent-Length: 3\r\n\r\nabc", 415),
            ("POST /echo HTTP/1.1\r\nHost: x\r\nExpect: cake\r\nContent-Length: 3\r\n\r\nabc", 417),
            ("GET /hello HTTP/1.1\r\nHost: x\r\nX: \(String(repeating: "x", count: 17_000))\r\n\r\n", 431),
            ("GET /\(String(repeating: "x", count: 17_000)) HTTP/1.1\r\nHost: x\r\n\r\n", 414),
            ("GET /hello HTTP/3.0\r\nHost: x\r\n\r\n", 505),
            ("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
            ("GET /hello HTTP/1.1\r\nHost: x\r\n\r\u{0}garbage", 400),
        ]
    )
    func refusals(request: String, status: Int) async throws {
        let answer = try await Self.exchange(request)
        let last = try #require(answer.range(of: "HTTP/1.1 ", options: .backwards))
        #expect(answer[last.upperBound...].hasPrefix("\(status) "))
        #expect(answer[last.upperBound...].contains("\r\nConnection: close\r\n"))
        #expect(answer.contains("Allow: GET, HEAD") == (status == 405))
    }

    @Test("a wrong path without a body leaves the connection usable")
    func refusalKeepsConnection() async throws {
        let next = "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        let answer = try await Self.exchange("GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n" + next)
        #expect(answer.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
        #expect(answer.hasSuffix("hello\n"))
    }

    @Test("a client that goes on sending a refused body still gets the answer, not a reset")
    func lingering() async throws {
        try await withListener(Self.routes) { listener, _ in
            let client = try await LoopbackClient(port: listener.port)
            try await client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5000000\r\n\r\n")
            #expect(try await client.receive(until: "\n").hasPrefix("HTTP/1.1 413 "))
            for _ in 0..<50 { try await client.send([UInt8](repeating: 0x61, count: 100_000)) }
            _ = try await client.receiveToEnd()
            try await client.close()
        }
    }

    @Test("a client that waits for 100 Continue is told to go on, or is refused before it sends the body")
    func expectation() async throws {
        try await withListener(Self.routes) { listener, _ in
            let fields = "Host: x\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
            let client = try await LoopbackClient(port: listener.port)
            try await client.send("POST /echo HTTP/1.1\r\n" + fields)
            #expect(try await client.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await client.send("body")
            #expect(try await client.receive(until: "body").hasPrefix("HTTP/1.1 200 OK\r\n"))
            try await client.close()

            let refused = try await LoopbackClient(port: listener.port)
            try await refused.send("POST /nowhere HTTP/1.1\r\n" + fields)
            #expect(try await refused.receive(until: "\r\n\r\n").hasPrefix("HTTP/1.1 404 Not Found\r\n"))
            try await refused.close()
        }
    }

    @Test("a long answer arrives whole, also at a client that has closed its sending side")
    func longAnswer() async throws {
        try await withListener(Self.routes) { listener, _ in
            let client = try await LoopbackClient(port: listener.port)
            try await client.send("GET /long HTTP/1.1\r\nHost: x\r\n\r\nGET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
            try await client.finishSending()
            let answer = try await client.receiveToEnd()
            #expect(answer.count > 3_000_000)
            #expect(String(decoding: answer.suffix(6), as: UTF8.self) == "hello\n")
            try await client.close()
        }
    }

    @Test("a client that closes its sending side in the middle of a request is told that it is incomplete")
    func halfClosedRequest() async throws {
        try await withListener(Self.routes) { listener, _ in
            let client = try await LoopbackClient(port: listener.port)
            try await client.send(
                "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nabc"
            )
            try await client.finishSending()
            let answer = String(decoding: try await client.receiveToEnd(), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            try await client.close()
        }
    }

    @Test("a head or a body that takes too long is told 408, also when not an octet of it came")
    func slowRequests() async throws {
        var slowHead = HTTPLimits.patient
        slowHead.timeToHead = .milliseconds(50)
        for request in ["", "GET /hello HTT"] {
            #expect(try await Self.exchange(request, limits: slowHead).hasPrefix("HTTP/1.1 408 "))
        }
        var slowBody = HTTPLimits.patient
        slowBody.timeToBody = .milliseconds(50)
        let post = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nabc"
        #expect(try await Self.exchange(post, limits: slowBody).hasPrefix("HTTP/1.1 408 "))
    }

    @Test("a connection without a next request is closed without a word")
    func idleness() async throws {
        var limits = HTTPLimits.patient
        limits.idleTime = .milliseconds(50)
        let answer = try await Self.exchange("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n", limits: limits)
        #expect(answer.hasPrefix("HTTP/1.1 200 "))
        #expect(answer.hasSuffix("hello\n"))
    }

    @Test("a drip of octets does not move the deadline")
    func drip() async throws {
        var limits = HTTPLimits.patient
        limits.timeToHead = .milliseconds(200)
        try await withListener(Self.routes, limits: limits) { listener, _ in
            let client = try await LoopbackClient(port: listener.port)
            // The drip goes on until the server has had enough; if each octet started the clock anew, that were never.
            let answer = try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
                group.addTask { try await client.receiveToEnd() }
                group.addTask {
                    try await client.send("GET /hello HTTP/1.1\r\nX: ")
                    while !Task.isCancelled {
                        do { try await client.send("x") } catch { return nil }
                        try await Task.sleep(for: .milliseconds(20))
                    }
                    return nil
                }
                while let result = try await group.next() {
                    guard let result else { continue }
                    group.cancelAll()
                    return result
                }
                return []
            }
            #expect(String(decoding: answer, as: UTF8.self).hasPrefix("HTTP/1.1 408 "))
            try await client.close()
        }
    }

    @Test(
        "connections beyond the limit, in all or from one source, are told 503 and when to come back",
        arguments: [
            (2, 100), (100, 2),
        ]
    )
    func connectionLimits(inAll: Int, perSource: Int) async throws {
        var limits = HTTPLimits.patient
        limits.connections = inAll
        limits.connectionsPerSource = perSource
        limits.retryAfter = .seconds(7)
        try await withListener(Self.routes, limits: limits) { listener, _ in
            var served: [LoopbackClient] = []
            for _ in 0..<2 {
                let client = try await LoopbackClient(port: listener.port)
                try await client.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await client.receive(until: "hello").contains("200 OK"))
                served.append(client)
            }
            let refused = try await LoopbackClient(port: listener.port)
            let answer = String(decoding: try await refused.receiveToEnd(), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
            #expect(answer.contains("Retry-After: 7\r\n"))
            try await refused.close()

            try await served[0].close()
            // The place is free once the server has seen the end of that connection.
            while listener.connectionCount >= 2 { try await Task.sleep(for: .milliseconds(5)) }
            let next = try await LoopbackClient(port: listener.port)
            try await next.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await next.receive(until: "hello").contains("200 OK"))
            try await next.close()
            try await served[1].close()
        }
    }

    @Test("large bodies share a budget: what goes beyond it is told 503, and small ones and later ones are taken")
    func bodyBudget() async throws {
        var limits = HTTPLimits.patient
        limits.bodyBudget = 100_000
        try await withListener(Self.routes, limits: limits) { listener, _ in
            let post = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: "
            func answer(_ octets: Int) async throws -> String {
                let client = try await LoopbackClient(port: listener.port)
                try await client.send("\(post)\(octets)\r\n\r\n" + String(repeating: "x", count: octets))
                let head = try await client.receive(until: "\r\n\r\n")
                try await client.close()
                return head
            }
            let half = try await LoopbackClient(port: listener.port)
            try await half.send("\(post)60000\r\nExpect: 100-continue\r\n\r\n")
            #expect(try await half.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            try await half.send("the rest never comes")
            let refused = try await answer(60_000)
            #expect(refused.hasPrefix("HTTP/1.1 503 "))
            #expect(refused.contains("Retry-After: 5\r\n"))
            #expect(try await answer(16_384).hasPrefix("HTTP/1.1 200 "))
            #expect(try await answer(40_000).hasPrefix("HTTP/1.1 200 "))
            #expect(try await answer(100_001).hasPrefix("HTTP/1.1 503 "))

            try await half.close()
            var taken = try await answer(100_000)
            while taken.hasPrefix("HTTP/1.1 503 ") {
                try await Task.sleep(for: .milliseconds(5))
                taken = try await answer(100_000)
            }
            #expect(taken.hasPrefix("HTTP/1.1 200 "))
        }
    }

    @Test("an address in use is an error that names it")
    func addressInUse() async throws {
        try await withListener(Self.routes) { listener, _ in
            let error = await #expect(throws: HTTPListenerError.self) {
                try await withListener(Self.routes, port: listener.port) { _, _ in }
            }
            #expect(error?.port == listener.port)
            #expect(error?.description.contains("Address already in use") == true)
        }
    }
}
