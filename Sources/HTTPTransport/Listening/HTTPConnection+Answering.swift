internal import Logging
internal import NIOCore

/// From a response to octets, and how a connection ends.
extension HTTPConnection {
    /// Takes the answer of an asynchronous handler; the client may have gone meanwhile.
    func answer(_ response: HTTPResponse) {
        self.ending = nil
        guard let context = self.context, self.phase == .answering else {
            AccessLog.write(self.exchange, response, isDelivered: false, source: self.source, to: self.core.logger)
            return
        }
        self.answersInTurn = 0
        self.send(response, refusal: nil, context)
        if self.phase == .reading { self.advance(context) }
        self.flush(context)
        self.resumeReading(context)
    }

    func refuse(_ refusal: RequestRefusal, _ context: ChannelHandlerContext) {
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

    static func response(to refusal: RequestRefusal, _ limits: HTTPLimits) -> HTTPResponse {
        var response = HTTPResponse.text(refusal.status, refusal.reason)
        if refusal.status == 405 {
            response.headers.append(("Allow", refusal.allowed.map(\.rawValue).joined(separator: ", ")))
        }
        if refusal.status == 503 {
            response.headers.append(("Retry-After", String(max(1, limits.retryAfter.components.seconds))))
        }
        return response
    }

    func send(_ response: HTTPResponse, refusal: RequestRefusal?, _ context: ChannelHandlerContext) {
        guard let exchange = self.exchange else { return }
        self.exchange = nil
        self.answersInTurn += 1
        self.answersInRow += 1
        let isSentAhead = self.reader.heldOctets > 0
        let closes =
            !exchange.head.keepsAlive || self.isDraining || self.isInputClosed && !isSentAhead
            || isSentAhead && self.answersInRow >= self.core.limits.pipelinedRequests
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
        guard !closes else { return self.finish(with: buffer, lingering: isSentAhead, context) }
        context.write(self.wrapOutboundOut(buffer), promise: nil)
        self.continueReading()
    }

    func continueReading() {
        self.phase = .reading
        self.waitsFor = .nothing
        self.needsFlush = true
    }

    /// Puts as much of a long body into the socket as it takes.
    func sendMore(_ context: ChannelHandlerContext) {
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

    func flush(_ context: ChannelHandlerContext) {
        guard self.needsFlush else { return }
        self.needsFlush = false
        context.flush()
    }

    /// Sends the last octets of this connection and ends it once they are out.
    ///
    /// Lingering closes our side alone and waits for the client to stop sending: closing under unread octets resets the
    /// connection, and the client would see that instead of the answer.
    func finish(with buffer: ByteBuffer, lingering: Bool, _ context: ChannelHandlerContext) {
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

    func finished(lingering: Bool, _ context: ChannelHandlerContext) {
        guard self.phase == .finishing else { return }
        guard lingering, !self.isInputClosed else { return self.close(context) }
        self.phase = .lingering
        self.wait(for: .silence, self.core.limits.lingerTime, context)
        context.close(mode: .output, promise: nil)
        context.read()
    }
}
