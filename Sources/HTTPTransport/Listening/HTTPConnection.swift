internal import Logging
internal import NIOCore
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
    private let admission: ConnectionCensus.Admission
    private let source: String

    private var phase: Phase
    private var reader: RequestReader
    private var exchange: HTTPExchange?
    private var outgoing: OutgoingBody?
    private var certificate = PresentedCertificate.none
    private var context: ChannelHandlerContext?
    private var timer = ConnectionTimer()
    private var waitsFor = Wait.head

    private var isDraining = false
    private var isInputClosed = false
    private var isReadHeldBack = false
    private var needsFlush = false
    private var isSendingMore = false
    /// Set while the client has too many answers outstanding to be given another.
    private var isStalled = false

    /// What the deadline is for.
    private enum Wait: Hashable {
        case head
        case body
        case idle
        case room
        case silence
        case nothing
    }

    init(core: ListenerCore, admission: ConnectionCensus.Admission, isTLS: Bool, source: String) {
        self.core = core
        self.admission = admission
        self.isTLS = isTLS
        self.source = source
        self.phase = isTLS ? .securing : .reading
        self.reader = RequestReader(limits: core.limits)
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func channelActive(context: ChannelHandlerContext) {
        if !self.isTLS { self.start(context) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.phase = .closed
        self.timer.cancel()
        self.core.census.leave(context.channel)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        self.timer.cancel()
        self.core.census.leave(context.channel)
    }

    private func start(_ context: ChannelHandlerContext) {
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

    private func drain(_ context: ChannelHandlerContext) {
        self.isDraining = true
        switch self.phase {
        case .securing: self.close(context)
        case .reading where self.reader.progress == .idle && !self.isStalled: self.close(context)
        default: break
        }
    }

    /// The client will send no more; what it has asked for, it still gets.
    private func inputClosed(_ context: ChannelHandlerContext) {
        self.isInputClosed = true
        switch self.phase {
        case .reading where self.isStalled: break
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

    private func close(_ context: ChannelHandlerContext) {
        guard self.phase != .closed else { return }
        self.phase = .closed
        context.close(promise: nil)
    }

    // MARK: Deadlines

    private func wait(for wait: Wait, _ time: Duration, _ context: ChannelHandlerContext) {
        self.waitsFor = wait
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.timer.set(.now() + TimeAmount(time), on: context.eventLoop) { bound.value.expire() }
    }

    private func waitForNothing(_ context: ChannelHandlerContext) {
        self.waitsFor = .nothing
        self.timer.set(.distantFuture, on: context.eventLoop) {}
    }

    private func expire() {
        guard let context = self.context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        guard self.timer.hasExpired(on: context.eventLoop, { bound.value.expire() }) else { return }
        switch self.waitsFor {
        case .head where self.reader.progress != .idle:
            self.refuse(RequestRefusal(408, "the head took too long"), context)
        case .body: self.refuse(RequestRefusal(408, "the body took too long"), context)
        case .head, .idle, .room, .silence: self.close(context)
        case .nothing: break
        }
    }

    /// Starts the clock for whatever the next octets belong to; a drip does not move it.
    private func waitForRequest(_ context: ChannelHandlerContext) {
        switch self.reader.progress {
        case .idle where self.waitsFor == .nothing: self.wait(for: .idle, self.core.limits.idleTime, context)
        case .inHead where self.waitsFor == .nothing || self.waitsFor == .idle:
            self.wait(for: .head, self.core.limits.timeToHead, context)
        case .inBody where self.waitsFor != .body: self.wait(for: .body, self.core.limits.timeToBody, context)
        case .idle, .inHead, .inBody: break
        }
    }

    // MARK: Reading

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.phase {
        case .securing, .finishing, .lingering, .closed: return
        case .reading, .answering, .sending: break
        }
        self.unwrapInboundIn(data).withUnsafeReadableBytes { self.reader.append($0) }
        // Only a half-closing client gets here while we are not reading: its system hands over all at once.
        guard self.reader.heldOctets <= 2 * (self.core.limits.headOctets + self.core.limits.bodyOctets) else {
            return self.close(context)
        }
        self.advance(context)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        self.flush(context)
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        switch self.phase {
        case .securing, .lingering, .finishing: context.read()
        case .reading where !self.isStalled: context.read()
        case .reading, .answering, .sending, .closed: self.isReadHeldBack = true
        }
    }

    private func resumeReading(_ context: ChannelHandlerContext) {
        guard self.isReadHeldBack, self.phase == .reading, !self.isStalled else { return }
        self.isReadHeldBack = false
        context.read()
    }

    /// Goes on with what has arrived until there is nothing left to do but wait.
    private func advance(_ context: ChannelHandlerContext) {
        while self.phase == .reading {
            self.isStalled = !context.channel.isWritable
            if self.isStalled { return self.wait(for: .room, self.core.limits.timeToSend, context) }
            do throws(RequestRefusal) {
                switch try self.reader.next() {
                case .head(let head): try self.begin(head, context)
                case .body(let body): self.dispatch(body, context)
                case nil: return self.endReading(context)
                }
            } catch {
                self.refuse(error, context)
            }
        }
    }

    private func endReading(_ context: ChannelHandlerContext) {
        guard !self.isInputClosed else { return self.inputClosed(context) }
        guard !self.isDraining || self.reader.progress != .idle else { return self.close(context) }
        self.waitForRequest(context)
    }

    private func begin(_ head: RequestHead, _ context: ChannelHandlerContext) throws(RequestRefusal) {
        self.exchange = HTTPExchange(head, route: nil)
        let route: Route
        do throws(RequestRefusal) {
            route = try self.core.router.route(for: head)
        } catch {
            // With no body to come the connection is still in step, and its next request welcome.
            guard head.bodyLength == 0, (try self.reader.next()) != nil else { throw error }
            return self.send(Self.response(to: error, self.core.limits), refusal: error, context)
        }
        self.exchange = HTTPExchange(head, route: route)
        if head.expectsContinue, self.reader.heldOctets == 0 {
            var buffer = context.channel.allocator.buffer(capacity: ResponseWriter.continueLine.utf8CodeUnitCount)
            buffer.writeStaticString(ResponseWriter.continueLine)
            context.write(self.wrapOutboundOut(buffer), promise: nil)
            self.needsFlush = true
        }
    }

    private func dispatch(_ body: [UInt8], _ context: ChannelHandlerContext) {
        guard let exchange = self.exchange, let route = exchange.route else { return }
        let head = exchange.head
        var logger = self.core.logger
        logger[metadataKey: "request"] = "\(exchange.id)"
        let request = HTTPRequest(
            method: head.method,
            path: head.path,
            query: head.query,
            headers: head.headers,
            body: body,
            remoteAddress: self.source,
            requestID: exchange.id,
            clientCertificate: self.certificate,
            isTLS: self.isTLS
        )
        switch route.handler {
        case .immediate(let handler):
            self.send(handler(request, logger), refusal: nil, context)
        case .asynchronous(let handler):
            self.phase = .answering
            self.waitForNothing(context)
            self.core.pending.yield(
                PendingRequest(
                    request: request,
                    logger: logger,
                    handler: handler,
                    connection: NIOLoopBound(self, eventLoop: context.eventLoop),
                    eventLoop: context.eventLoop
                )
            )
        }
    }

    // MARK: Answering

    /// Takes the answer of an asynchronous handler; the client may have gone meanwhile.
    func answer(_ response: HTTPResponse) {
        guard let context = self.context, self.phase == .answering else {
            AccessLog.write(self.exchange, response, refusal: nil, source: self.source, to: self.core.logger)
            return
        }
        self.send(response, refusal: nil, context)
        if self.phase == .reading { self.advance(context) }
        self.flush(context)
        self.resumeReading(context)
    }

    private func refuse(_ refusal: RequestRefusal, _ context: ChannelHandlerContext) {
        let response = Self.response(to: refusal, self.core.limits)
        AccessLog.write(self.exchange, response, refusal: refusal, source: self.source, to: self.core.logger)
        var buffer = context.channel.allocator.buffer(capacity: 512)
        self.core.writer.writeHead(of: response, closing: true, into: &buffer)
        if ResponseWriter.sendsBody(response.status, to: self.exchange?.head.method) {
            buffer.writeBytes(response.body)
        }
        self.exchange = nil
        self.finish(with: buffer, lingering: true, context)
    }

    private static func response(to refusal: RequestRefusal, _ limits: HTTPLimits) -> HTTPResponse {
        var response = HTTPResponse.text(refusal.status, refusal.reason)
        if refusal.status == 405 {
            response.headers.append(("Allow", refusal.allowed.map(\.rawValue).joined(separator: ", ")))
        }
        if refusal.status == 503 {
            response.headers.append(("Retry-After", String(max(1, limits.retryAfter.components.seconds))))
        }
        return response
    }

    private func send(_ response: HTTPResponse, refusal: RequestRefusal?, _ context: ChannelHandlerContext) {
        guard let exchange = self.exchange else { return }
        self.exchange = nil
        let closes = !exchange.head.keepsAlive || self.isDraining || self.isInputClosed
        let sendsBody = ResponseWriter.sendsBody(response.status, to: exchange.head.method)
        let isLong = sendsBody && response.body.count > OutgoingBody.pieceOctets
        var buffer = context.channel.allocator.buffer(capacity: 256 + (sendsBody && !isLong ? response.body.count : 0))
        self.core.writer.writeHead(of: response, closing: closes, into: &buffer)
        if sendsBody, !isLong { buffer.writeBytes(response.body) }
        AccessLog.write(exchange, response, refusal: refusal, source: self.source, to: self.core.logger)

        guard !isLong else {
            context.write(self.wrapOutboundOut(buffer), promise: nil)
            self.outgoing = OutgoingBody(response.body, closes: closes)
            self.phase = .sending
            return self.sendMore(context)
        }
        guard !closes else { return self.finish(with: buffer, lingering: false, context) }
        context.write(self.wrapOutboundOut(buffer), promise: nil)
        self.continueReading()
    }

    private func continueReading() {
        self.phase = .reading
        self.waitsFor = .nothing
        self.needsFlush = true
    }

    /// Puts as much of a long body into the socket as it takes.
    private func sendMore(_ context: ChannelHandlerContext) {
        // Flushing makes room, and room is announced from within the flush: without this, one frame deeper per piece.
        guard !self.isSendingMore else { return }
        self.isSendingMore = true
        defer { self.isSendingMore = false }
        while var outgoing = self.outgoing {
            guard context.channel.isWritable else {
                return self.wait(for: .room, self.core.limits.timeToSend, context)
            }
            var buffer = context.channel.allocator.buffer(capacity: OutgoingBody.pieceOctets)
            buffer.writeBytes(outgoing.next())
            self.outgoing = outgoing.isEmpty ? nil : outgoing
            if outgoing.isEmpty, outgoing.closes { return self.finish(with: buffer, lingering: false, context) }
            context.writeAndFlush(self.wrapOutboundOut(buffer), promise: nil)
        }
        self.continueReading()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            if self.phase == .sending { self.sendMore(context) }
            if self.phase == .reading, self.isStalled || self.needsFlush {
                self.waitsFor = .nothing
                self.advance(context)
                self.flush(context)
                self.resumeReading(context)
            }
        }
        context.fireChannelWritabilityChanged()
    }

    private func flush(_ context: ChannelHandlerContext) {
        guard self.needsFlush else { return }
        self.needsFlush = false
        context.flush()
    }

    /// Sends the last octets of this connection and ends it once they are out.
    ///
    /// - Parameter lingering: Close our side alone and wait for the client to stop sending: closing under unread octets
    ///   resets the connection, and the client would see that instead of the answer.
    private func finish(with buffer: ByteBuffer, lingering: Bool, _ context: ChannelHandlerContext) {
        self.phase = .finishing
        self.wait(for: .room, self.core.limits.timeToSend, context)
        let promise = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { _ in
            let (connection, context) = bound.value
            connection.finished(lingering: lingering, context)
        }
        self.needsFlush = false
        context.writeAndFlush(self.wrapOutboundOut(buffer), promise: promise)
    }

    private func finished(lingering: Bool, _ context: ChannelHandlerContext) {
        guard self.phase == .finishing else { return }
        guard lingering, !self.isInputClosed else { return self.close(context) }
        self.phase = .lingering
        self.wait(for: .silence, self.core.limits.lingerTime, context)
        context.close(mode: .output, promise: nil)
        context.read()
    }
}
