import HTTPTransport
import ServiceRuntime
import Testing

@Suite("Drain", .timeLimit(.minutes(10)))
struct DrainTests {
    @Test("what is in flight is answered with Connection: close, idle connections end at once, new ones are not taken")
    func graceful() async throws {
        let gate = Gate()
        let slow = Route(
            [.get],
            .exact("/slow"),
            handler: .asynchronous { _, _ in
                await gate.pass()
                return .text(200, "done")
            }
        )
        try await withListener([slow, TestRoutes.hello]) { listener, shutdown in
            let idle = try await LoopbackClient(port: listener.port)
            try await idle.send("GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
            _ = try await idle.receive(until: "hello\n")
            let busy = try await LoopbackClient(port: listener.port)
            try await busy.send("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            await gate.arrived.wait()

            shutdown.raise()
            #expect(try await idle.receiveToEnd().isEmpty)
            #expect(await Self.isRefused(at: listener.port))

            gate.opened.raise()
            let answer = String(decoding: try await busy.receiveToEnd(), as: UTF8.self)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("Connection: close\r\n"))
            #expect(answer.hasSuffix("done\n"))
            try await idle.close()
            try await busy.close()
        }
    }

    /// Whether nobody takes connections at the port, at once or a moment later: the listening socket goes by itself, and
    /// until it has, the system takes them for it.
    private static func isRefused(at port: Int) async -> Bool {
        for _ in 0..<500 {
            guard let client = try? await LoopbackClient(port: port) else { return true }
            try? await client.close()
            try? await Task.sleep(for: .milliseconds(10))
        }
        return false
    }

    @Test("a handler that outlasts the drain period is cancelled, and its client disconnected")
    func deadline() async throws {
        let gate = Gate()
        let stuck = Route(
            [.get],
            .exact("/stuck"),
            handler: .asynchronous { _, _ in
                // Ends only by cancellation: nobody opens this gate.
                await gate.pass()
                return .text(200, Task.isCancelled ? "cancelled" : "opened")
            }
        )
        var limits = HTTPLimits.patient
        limits.drainTime = .milliseconds(100)
        try await withListener([stuck], limits: limits) { listener, shutdown in
            let client = try await LoopbackClient(port: listener.port)
            try await client.send("GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n")
            await gate.arrived.wait()
            shutdown.raise()
            #expect(try await client.receiveToEnd().isEmpty)
            try await client.close()
        }
    }

    @Test("a request whose client has gone is finished all the same")
    func vanishedClient() async throws {
        let gate = Gate()
        let finished = ShutdownSignal()
        let record = Route(
            [.get],
            .exact("/record"),
            handler: .asynchronous { _, _ in
                await gate.pass()
                if !Task.isCancelled { finished.raise() }
                return .text(200, "recorded")
            }
        )
        try await withListener([record]) { listener, _ in
            let client = try await LoopbackClient(port: listener.port)
            try await client.send("GET /record HTTP/1.1\r\nHost: x\r\n\r\n")
            await gate.arrived.wait()
            try await client.close()
            gate.opened.raise()
            await finished.wait()
            #expect(finished.isRaised)
        }
    }
}
