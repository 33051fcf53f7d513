import NIOCore
import NIOPosix

/// A bare TCP client on loopback: octets out, octets in, and the end of each direction when the test says so.
struct LoopbackClient {
    private let channel: any Channel
    private let inbox: Inbox

    init(port: Int) async throws {
        let inbox = Inbox()
        self.inbox = inbox
        self.channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(.hours(1))
            .channelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Collector(inbox))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    func send(_ octets: [UInt8]) async throws {
        try await self.channel.writeAndFlush(ByteBuffer(bytes: octets)).get()
    }

    func send(_ text: String) async throws {
        try await self.send(Array(text.utf8))
    }

    /// The next octets; none when the server has closed its side.
    func receive() async throws -> [UInt8] {
        for await piece in self.inbox.stream { return piece }
        return []
    }

    /// Everything up to and including `text`, or to the end if it does not come.
    func receive(until text: String) async throws -> String {
        var received = ""
        while !received.contains(text) {
            let piece = try await self.receive()
            guard !piece.isEmpty else { break }
            received += String(decoding: piece, as: UTF8.self)
        }
        return received
    }

    func receiveToEnd() async throws -> [UInt8] {
        var received: [UInt8] = []
        for await piece in self.inbox.stream { received += piece }
        return received
    }

    /// Says that nothing more will be sent, and goes on receiving.
    func finishSending() async throws {
        try await self.channel.close(mode: .output).get()
    }

    func close() async throws {
        // The server may have been first.
        try? await self.channel.close().get()
    }
}

/// What has arrived and nobody has asked for yet.
private final class Inbox: Sendable {
    let stream: AsyncStream<[UInt8]>
    let continuation: AsyncStream<[UInt8]>.Continuation

    init() {
        (self.stream, self.continuation) = AsyncStream.makeStream()
    }
}

private final class Collector: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let inbox: Inbox

    init(_ inbox: Inbox) {
        self.inbox = inbox
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        self.inbox.continuation.yield(Array(self.unwrapInboundIn(data).readableBytesView))
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .some(.inputClosed) = event as? ChannelEvent { self.inbox.continuation.finish() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.inbox.continuation.finish()
    }
}
