import NIOCore
import NIOPosix
import OpenSSLKit
import TLSTransport

/// A TLS server on loopback that says what it knows of each client in one line, and then echoes.
struct GreetingServer {
    private let channel: any Channel
    let port: Int

    init(_ source: TLSContextSource, handshakeTime: TimeAmount = .seconds(20)) async throws {
        self.channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelOption(ChannelOptions.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let operations = channel.pipeline.syncOperations
                    try operations.addHandler(try source.makeHandler(handshakeTime: handshakeTime))
                    try operations.addHandler(Greeter())
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        self.port = self.channel.localAddress?.port ?? 0
    }

    func stop() async throws {
        try await self.channel.close().get()
    }
}

private final class Greeter: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as TLSHandshakeCompleted:
            let certificate =
                switch event.clientCertificate {
                case .none: "none"
                case .verified: "verified"
                case .unverified(_, let reason): "unverified (\(reason))"
                }
            let line = "\(event.version) resumed=\(event.isResumed) certificate=\(certificate)\n"
            context.writeAndFlush(self.wrapOutboundOut(ByteBuffer(string: line)), promise: nil)
        case ChannelEvent.inputClosed:
            context.close(promise: nil)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if self.unwrapInboundIn(data) == ByteBuffer(string: "bye\n") {
            context.close(promise: nil)
        } else {
            context.writeAndFlush(data, promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}
