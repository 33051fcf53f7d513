import HTTPTransport
import ServiceRuntime
import Testing

@Suite("Answers that wait for something", .timeLimit(.minutes(10)))
struct PatientRouteTests {
    /// Waits until nobody waits for it any more.
    private static func route(_ arrived: ShutdownSignal, _ ended: ShutdownSignal) -> Route {
        Route(
            [.get],
            .prefix("/wait"),
            handler: .patient(
                atOnce: { request, _ in request.path == "/wait/not" ? .text(200, "at once") : nil },
                later: { _, _, ending in
                    arrived.raise()
                    await ending.wait()
                    ended.raise()
                    return .text(200, "nothing happened")
                }
            )
        )
    }

    @Test("what is at hand is answered at once, and the connection goes on to what waits")
    func atOnce() async throws {
        let (arrived, ended) = (ShutdownSignal(), ShutdownSignal())
        try await withListener([Self.route(arrived, ended)]) { listener, shutdown in
            let client = try await LoopbackClient(port: listener.port)
            try await client.send("GET /wait/not HTTP/1.1\r\nHost: x\r\n\r\nGET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(try await client.receive(until: "at once\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
            await arrived.wait()
            #expect(!ended.isRaised)
            shutdown.raise()
            #expect(String(decoding: try await client.receiveToEnd(), as: UTF8.self).hasSuffix("nothing happened\n"))
        }
    }

    @Test("a client that goes away, or closes its side, ends the wait", arguments: [true, false])
    func departure(isAbrupt: Bool) async throws {
        let (arrived, ended) = (ShutdownSignal(), ShutdownSignal())
        try await withListener([Self.route(arrived, ended)]) { listener, _ in
            let client = try await LoopbackClient(port: listener.port)
            try await client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
            await arrived.wait()
            if isAbrupt {
                try await client.close()
            } else {
                try await client.finishSending()
                #expect(String(decoding: try await client.receiveToEnd(), as: UTF8.self).hasSuffix("happened\n"))
            }
            await ended.wait()
        }
        #expect(ended.isRaised)
    }

    @Test("the end of the service ends the wait, and the client still gets its answer")
    func drain() async throws {
        let (arrived, ended) = (ShutdownSignal(), ShutdownSignal())
        try await withListener([Self.route(arrived, ended)]) { listener, shutdown in
            let client = try await LoopbackClient(port: listener.port)
            try await client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
            await arrived.wait()
            shutdown.raise()
            let answer = String(decoding: try await client.receiveToEnd(), as: UTF8.self)
            #expect(answer.contains("Connection: close\r\n"))
            #expect(answer.hasSuffix("nothing happened\n"))
        }
    }
}
