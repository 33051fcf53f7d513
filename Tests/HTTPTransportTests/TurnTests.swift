import Foundation
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPTransport

@Suite("Turns", .timeLimit(.minutes(10)))
struct TurnTests {
    private static let request = "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"

    private static func core(_ limits: HTTPLimits = .patient) -> ListenerCore {
        ListenerCore(
            routes: RouterSource(Router([TestRoutes.hello])),
            limits: limits,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            census: ConnectionCensus(limits: limits),
            writer: ResponseWriter(),
            pending: AsyncStream<PendingRequest>.makeStream().continuation,
            bodies: BodyBudget(limit: limits.bodyBudget)
        )
    }

    /// A connection without a socket, on a loop whose time stands still until told otherwise.
    private static func connect(_ core: ListenerCore) throws -> EmbeddedChannel {
        let channel = EmbeddedChannel()
        let connection = HTTPConnection(core: core, admission: .served, isTLS: false, source: "test")
        try channel.pipeline.syncOperations.addHandler(connection)
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private static func output(_ channel: EmbeddedChannel) throws -> String {
        var text = ""
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
        return text
    }

    private static func answers(_ channel: EmbeddedChannel) throws -> Int {
        try Self.output(channel).components(separatedBy: "HTTP/1.1 200 OK").count - 1
    }

    @Test("a client that sends ahead gets a few answers, and the next ones after others had their turn")
    func turns() throws {
        let channel = try Self.connect(Self.core())
        try channel.writeInbound(ByteBuffer(string: String(repeating: Self.request, count: 20)))
        #expect(try Self.answers(channel) == 8)
        channel.embeddedEventLoop.run()
        #expect(try Self.answers(channel) == 0, "not before the loop has looked at its sockets")
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(try Self.answers(channel) == 8)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(try Self.answers(channel) == 4)
        try channel.writeInbound(ByteBuffer(string: Self.request))
        #expect(try Self.answers(channel) == 1, "nothing is left of the wait")
        _ = try channel.finish()
    }

    @Test("requests that come one at a time are answered at once, however many")
    func oneAtATime() throws {
        let channel = try Self.connect(Self.core())
        for _ in 0..<200 {
            try channel.writeInbound(ByteBuffer(string: Self.request))
            let answer = try Self.output(channel)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && !answer.contains("Connection: close"))
        }
        _ = try channel.finish()
    }

    @Test("the more clients send ahead, the longer each waits for its next turn")
    func crowd() throws {
        let core = Self.core()
        let first = try (0..<40).map { _ in
            let channel = try Self.connect(core)
            try channel.writeInbound(ByteBuffer(string: String(repeating: Self.request, count: 12)))
            #expect(try Self.answers(channel) == 8)
            return channel
        }
        var done = 0
        for _ in 1...10 {
            var inThisMillisecond = 0
            for channel in first {
                channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
                if try Self.answers(channel) == 4 { inThisMillisecond += 1 }
            }
            #expect(inThisMillisecond == 4)
            done += inThisMillisecond
        }
        #expect(done == 40)
        for channel in first { _ = try channel.finish() }
    }

    @Test("a client that sends too many ahead is answered up to the limit, told so, and disconnected")
    func limit() async throws {
        try await withListener([TestRoutes.hello]) { listener, _ in
            let client = try await LoopbackClient(port: listener.port)
            try await client.send(String(repeating: Self.request, count: 1500))
            let answer = String(decoding: try await client.receiveToEnd(), as: UTF8.self)
            let count = answer.components(separatedBy: "HTTP/1.1 200 OK").count - 1
            #expect(count >= 64 && count < 1500)
            #expect(answer.components(separatedBy: "Connection: close").count == 2)
            #expect(answer.hasSuffix("Connection: close\r\n\r\nhello\n"))
            try await client.close()
        }
    }

    @Test("what was sent ahead of half-closing is answered to the last, turn after turn")
    func halfClosed() async throws {
        try await withListener([TestRoutes.hello]) { listener, _ in
            let client = try await LoopbackClient(port: listener.port)
            try await client.send(String(repeating: Self.request, count: 40))
            try await client.finishSending()
            let answer = String(decoding: try await client.receiveToEnd(), as: UTF8.self)
            #expect(answer.components(separatedBy: "HTTP/1.1 200 OK").count == 41)
            try await client.close()
        }
    }

    @Test("a connection that ends while it waits for its turn leaves nobody waiting longer")
    func vanished() throws {
        let core = Self.core()
        for _ in 0..<100 {
            let channel = try Self.connect(core)
            try channel.writeInbound(ByteBuffer(string: String(repeating: Self.request, count: 12)))
            let loop = channel.embeddedEventLoop
            _ = try channel.finish()
            loop.advanceTime(by: .seconds(1))
        }
        #expect(core.turns.enter() == .milliseconds(1))
    }
}
