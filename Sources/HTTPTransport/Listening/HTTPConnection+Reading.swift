internal import Logging
internal import NIOCore
internal import ServiceRuntime

/// From octets to a request in the hands of its route.
extension HTTPConnection {
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
        if !self.isWaitingForTurn { self.answersInTurn = 0 }
        self.flush(context)
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        switch self.phase {
        case .securing, .lingering, .finishing: context.read()
        case .reading where !self.isStalled && !self.isWaitingForTurn: context.read()
        case .reading, .answering, .sending, .closed: self.isReadHeldBack = true
        }
    }

    func resumeReading(_ context: ChannelHandlerContext) {
        guard self.isReadHeldBack, self.phase == .reading, !self.isStalled, !self.isWaitingForTurn else { return }
        self.isReadHeldBack = false
        context.read()
    }

    /// Goes on with what has arrived until there is nothing left to do but wait.
    func advance(_ context: ChannelHandlerContext) {
        while self.phase == .reading, !self.isWaitingForTurn {
            self.isStalled = !context.channel.isWritable
            if self.isStalled { return self.wait(for: .room, self.core.limits.timeToSend, context) }
            if self.answersInTurn >= TurnQueue.answersPerTurn, self.reader.heldOctets > 0 {
                return self.waitForTurn(context)
            }
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

    /// Lets others be answered before this client's next request, which has arrived already.
    private func waitForTurn(_ context: ChannelHandlerContext) {
        self.isWaitingForTurn = true
        self.waitForNothing(context)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let turns = self.core.turns
        context.eventLoop.scheduleTask(in: turns.enter()) {
            turns.leave()
            bound.value.takeTurn()
        }
    }

    private func takeTurn() {
        self.isWaitingForTurn = false
        self.answersInTurn = 0
        guard let context = self.context, self.phase == .reading else { return }
        self.advance(context)
        self.flush(context)
        self.resumeReading(context)
    }

    func endReading(_ context: ChannelHandlerContext) {
        if self.reader.progress == .idle { self.answersInRow = 0 }
        guard !self.isInputClosed else { return self.inputClosed(context) }
        guard !self.isDraining || self.reader.progress != .idle else { return self.close(context) }
        self.waitForRequest(context)
    }

    func begin(_ head: RequestHead, _ context: ChannelHandlerContext) throws(RequestRefusal) {
        self.exchange = HTTPExchange(head, route: nil)
        let route: Route
        do throws(RequestRefusal) {
            route = try self.core.routes.current.route(for: head)
        } catch {
            // With no body to come the connection is still in step, and its next request welcome.
            guard head.bodyLength == 0, (try self.reader.next()) != nil else { throw error }
            return self.send(Self.response(to: error, self.core.limits), refusal: error, context)
        }
        self.exchange = HTTPExchange(head, route: route, share: try self.share(for: head.bodyLength))
        if head.expectsContinue, self.reader.heldOctets == 0 {
            var buffer = context.channel.allocator.buffer(capacity: ResponseWriter.continueLine.utf8CodeUnitCount)
            buffer.writeStaticString(ResponseWriter.continueLine)
            context.write(self.wrapOutboundOut(buffer), promise: nil)
            self.needsFlush = true
        }
    }

    private func share(for bodyLength: Int) throws(RequestRefusal) -> BodyShare? {
        guard bodyLength > HTTPLimits.smallBody else { return nil }
        guard let share = self.core.bodies.reserve(bodyLength) else {
            throw RequestRefusal(503, "too many large bodies are on their way")
        }
        return share
    }

    func dispatch(_ body: [UInt8], _ context: ChannelHandlerContext) {
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
            self.hand(request, of: exchange, to: handler, logger, context)
        case .eitherWay(let atOnce, let later):
            if let response = atOnce(request, logger) {
                self.send(response, refusal: nil, context)
            } else {
                self.hand(request, of: exchange, to: later, logger, context)
            }
        case .patient(let atOnce, let later):
            if let response = atOnce(request, logger) {
                self.send(response, refusal: nil, context)
            } else {
                let ending = ShutdownSignal()
                self.ending = ending
                if self.isDraining || self.isInputClosed { ending.raise() }
                let handler = { @Sendable (request: HTTPRequest, logger: Logger) in
                    await later(request, logger, ending)
                }
                self.hand(request, of: exchange, to: handler, logger, context)
            }
        }
    }

    private func hand(
        _ request: HTTPRequest,
        of exchange: HTTPExchange,
        to handler: @escaping @Sendable (HTTPRequest, Logger) async -> HTTPResponse,
        _ logger: Logger,
        _ context: ChannelHandlerContext
    ) {
        self.phase = .answering
        self.waitForNothing(context)
        self.core.pending.yield(
            PendingRequest(
                request: request,
                logger: logger,
                handler: handler,
                share: exchange.share,
                connection: NIOLoopBound(self, eventLoop: context.eventLoop),
                eventLoop: context.eventLoop
            )
        )
    }
}
