internal import Logging
internal import NIOCore
internal import ServiceRuntime
internal import TLSTransport

/// One client's connection: reads requests one after the other, has them answered, and ends it when it should.
///
/// One request is in the works at a time. While it is, or while the client is slow to take an answer, nothing more is
/// read: what a client pipelines waits in its own socket.
final class HTTPConnection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Phase {
        /// The handshake is not through.
        case securing
        case reading
        /// A handler is at work.
        case answering
        /// The rest of a long answer waits for room in the socket.
        case sending
        /// The last answer is on its way out.
        case finishing
        /// The answer is out and our side closed; the client may still be sending what nobody will read.
        case lingering
        case closed
    }

    let core: ListenerCore
    let isTLS: Bool
    let admission: ConnectionCensus.Admission
    let source: String

    var phase: Phase
    var reader: RequestReader
    var exchange: HTTPExchange?
    var outgoing: OutgoingBody?
    var certificate = PresentedCertificate.none
    var context: ChannelHandlerContext?
    var timer = ConnectionTimer()
    var waitsFor = Wait.head

    var isDraining = false
    var isInputClosed = false
    var isReadHeldBack = false
    var needsFlush = false
    var isSendingMore = false
    /// Set while the client has too many answers outstanding to be given another.
    var isStalled = false
    /// Set while others have their turn.
    var isWaitingForTurn = false
    var answersInTurn = 0
    /// Answers since nothing sent ahead was left.
    var answersInRow = 0
    /// Told when nobody waits any more for the answer that is being made.
    var ending: ShutdownSignal?

    init(core: ListenerCore, admission: ConnectionCensus.Admission, isTLS: Bool, source: String) {
        self.core = core
        self.admission = admission
        self.isTLS = isTLS
        self.source = source
        self.phase = isTLS ? .securing : .reading
        self.reader = RequestReader(limits: core.limits)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelActive(context: ChannelHandlerContext) {
        if !self.isTLS { self.start(context) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.phase = .closed
        self.ending?.raise()
        self.timer.cancel()
        self.core.census.leave(context.channel)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.ending?.raise()
        self.timer.cancel()
        self.core.census.leave(context.channel)
    }

    func start(_ context: ChannelHandlerContext) {
        self.phase = .reading
        guard self.admission == .served else {
            return self.refuse(RequestRefusal(503, "there are too many connections"), context)
        }
        self.wait(for: .head, self.core.limits.timeToHead, context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case let event as TLSHandshakeCompleted:
            self.certificate = event.clientCertificate
            self.start(context)
        case ConnectionOrder.finish:
            self.drain(context)
        case ChannelEvent.inputClosed:
            self.inputClosed(context)
        default:
            context.fireUserInboundEventTriggered(event)
        }
    }

    func drain(_ context: ChannelHandlerContext) {
        self.isDraining = true
        self.ending?.raise()
        switch self.phase {
        case .securing: self.close(context)
        case .reading where self.reader.progress == .idle && !self.isStalled: self.close(context)
        default: break
        }
    }

    /// The client will send no more; what it has asked for, it still gets.
    func inputClosed(_ context: ChannelHandlerContext) {
        self.isInputClosed = true
        self.ending?.raise()
        switch self.phase {
        case .reading where self.isStalled || self.isWaitingForTurn: break
        case .reading where self.reader.progress == .idle: self.close(context)
        case .reading: self.refuse(.bad("the request is incomplete"), context)
        case .lingering, .securing: self.close(context)
        case .answering, .sending, .finishing, .closed: break
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.core.logger.debug("connection failed", metadata: ["source": "\(self.source)", "error": "\(error)"])
        self.close(context)
    }

    func close(_ context: ChannelHandlerContext) {
        guard self.phase != .closed else { return }
        self.phase = .closed
        context.close(promise: nil)
    }
}
