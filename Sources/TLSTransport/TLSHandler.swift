package import NIOCore
package import OpenSSLKit

/// Joins one connection to one ``TLSSession``: ciphertext below, plaintext above.
///
/// Above it, a client's close_notify and its half-closed socket look the same: one `ChannelEvent.inputClosed`. (Whoever
/// is above frames messages by length, so a cut connection cannot be taken for a complete message.) Closing the output
/// sends close_notify and then reads on without decrypting, so that a client which is still sending learns of the
/// answer instead of a reset.
package final class TLSHandler: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    private enum Phase {
        case handshaking
        case open
        /// Our close_notify is out; whatever still arrives is thrown away.
        case outputClosed
        case closed
    }

    /// Ciphertext held back for the next flush, at most; beyond it the channel has to know, or it could not push back.
    private static let coalescedOctets = 32 * 1024

    private let session: TLSSession
    private let handshakeTime: TimeAmount
    private var phase = Phase.handshaking
    private var isInputClosed = false
    private var timer: Scheduled<Void>?
    /// Completes with the ciphertext that the held-back plaintext became.
    private var promise: EventLoopPromise<Void>?

    package init(_ session: TLSSession, handshakeTime: TimeAmount) {
        self.session = session
        self.handshakeTime = handshakeTime
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        let parts = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        self.timer = context.eventLoop.scheduleTask(in: self.handshakeTime) {
            let (handler, context) = parts.value
            handler.fail(TLSTransportError.handshakeTimedOut, context)
        }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.end()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        self.end()
        context.fireChannelInactive()
    }

    private func end() {
        self.phase = .closed
        self.timer?.cancel()
        self.timer = nil
        let promise = self.promise
        self.promise = nil
        promise?.fail(ChannelError.ioOnClosedChannel)
    }

    // MARK: Reading

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard self.phase == .handshaking || self.phase == .open else { return }
        let ciphertext = self.unwrapInboundIn(data)
        do {
            try ciphertext.withUnsafeReadableBytes { try self.session.receive($0.bytes) }
            if self.phase == .handshaking, !(try self.handshake(context)) { return }
            try self.deliver(atMost: ciphertext.readableBytes, context)
        } catch {
            let reason = String(describing: error)
            self.fail(
                self.phase == .handshaking
                    ? TLSTransportError.handshakeFailed(reason) : TLSTransportError.corrupt(reason),
                context
            )
        }
    }

    private func handshake(_ context: ChannelHandlerContext) throws -> Bool {
        guard try self.session.handshake() else {
            self.send(context)
            return false
        }
        self.phase = .open
        self.timer?.cancel()
        self.timer = nil
        let completed = TLSHandshakeCompleted(
            clientCertificate: PresentedCertificate(try self.session.judgePeerCertificate()),
            version: self.session.version,
            isResumed: self.session.isResumed
        )
        context.fireUserInboundEventTriggered(completed)
        return true
    }

    private func deliver(atMost count: Int, _ context: ChannelHandlerContext) throws {
        var plaintext = context.channel.allocator.buffer(capacity: count)
        var reading = TLSSession.Reading.octets(0)
        while case .octets = reading {
            try plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: 256) { octets in
                var span = octets.mutableBytes
                reading = try self.session.read(into: &span)
                guard case .octets(let count) = reading else { return 0 }
                return count
            }
        }
        if plaintext.readableBytes > 0 {
            context.fireChannelRead(self.wrapInboundOut(plaintext))
        }
        if reading == .closed { self.closeInput(context) }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        // Those above answer now; what is left is ours alone: tickets, key updates, alerts.
        context.fireChannelReadComplete()
        if self.phase != .closed, self.session.outputCount > 0 { self.send(context) }
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .some(.inputClosed) = event as? ChannelEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        switch self.phase {
        case .open: self.closeInput(context)
        case .handshaking, .outputClosed, .closed: context.close(promise: nil)
        }
    }

    private func closeInput(_ context: ChannelHandlerContext) {
        guard !self.isInputClosed else { return }
        self.isInputClosed = true
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    }

    /// Sends the alert that OpenSSL left, tells those above, and closes.
    private func fail(_ error: TLSTransportError, _ context: ChannelHandlerContext) {
        guard self.phase != .closed else { return }
        self.send(context)
        self.end()
        context.fireErrorCaught(error)
        context.close(promise: nil)
    }

    // MARK: Writing

    /// Encrypts at once and holds the ciphertext back for the flush; nothing can be written before the handshake.
    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard self.phase == .open else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        do {
            try self.unwrapOutboundIn(data).withUnsafeReadableBytes { try self.session.write($0.bytes) }
        } catch {
            promise?.fail(error)
            return
        }
        self.keep(promise)
        if self.session.outputCount > Self.coalescedOctets { self.hand(context) }
    }

    private func keep(_ promise: EventLoopPromise<Void>?) {
        guard let promise else { return }
        guard let earlier = self.promise else {
            self.promise = promise
            return
        }
        earlier.futureResult.cascade(to: promise)
    }

    package func flush(context: ChannelHandlerContext) {
        self.hand(context)
        context.flush()
    }

    /// Moves all ciphertext to the channel, in one buffer and without a system call.
    private func hand(_ context: ChannelHandlerContext) {
        let count = self.session.outputCount
        guard count > 0 else { return }
        var ciphertext = context.channel.allocator.buffer(capacity: count)
        ciphertext.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { octets in
            var span = octets.mutableBytes
            return self.session.takeOutput(into: &span)
        }
        let promise = self.promise
        self.promise = nil
        context.write(self.wrapOutboundOut(ciphertext), promise: promise)
    }

    private func send(_ context: ChannelHandlerContext) {
        guard self.session.outputCount > 0 else { return }
        self.hand(context)
        context.flush()
    }

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        switch mode {
        case .output where self.phase == .open:
            self.phase = .outputClosed
            self.session.finishWriting()
            self.closeOutput(context, promise)
        case .all where self.phase == .open:
            // Whoever closes all has waited for its own octets; a client that will not take 24 more is not waited for.
            self.session.finishWriting()
            self.send(context)
            self.end()
            context.close(mode: .all, promise: promise)
        default:
            context.close(mode: mode, promise: promise)
        }
    }

    /// Shuts the socket's sending side once the last ciphertext is in it, which NIO would otherwise drop.
    private func closeOutput(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        guard self.session.outputCount > 0 else { return context.close(mode: .output, promise: promise) }
        let sent = self.promise ?? context.eventLoop.makePromise(of: Void.self)
        self.promise = sent
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        sent.futureResult.whenComplete { _ in bound.value.close(mode: .output, promise: promise) }
        self.send(context)
    }
}
