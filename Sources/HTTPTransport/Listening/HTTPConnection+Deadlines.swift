internal import NIOCore

/// What a connection waits for, and for how long.
extension HTTPConnection {
    /// What the deadline is for.
    enum Wait: Hashable {
        case head
        case body
        case idle
        case room
        case silence
        case nothing
    }

    func wait(for wait: Wait, _ time: Duration, _ context: ChannelHandlerContext) {
        self.waitsFor = wait
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        self.timer.set(.now() + TimeAmount(time), on: context.eventLoop) { bound.value.expire() }
    }

    func waitForNothing(_ context: ChannelHandlerContext) {
        self.waitsFor = .nothing
        self.timer.set(.distantFuture, on: context.eventLoop) {}
    }

    func expire() {
        guard let context = self.context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        guard self.timer.hasExpired(on: context.eventLoop, { bound.value.expire() }) else { return }
        switch self.waitsFor {
        case .head: self.refuse(RequestRefusal(408, "the head took too long"), context)
        case .body: self.refuse(RequestRefusal(408, "the body took too long"), context)
        case .idle, .room, .silence: self.close(context)
        case .nothing: break
        }
    }

    /// Starts the clock for whatever the next octets belong to; a drip does not move it.
    func waitForRequest(_ context: ChannelHandlerContext) {
        switch self.reader.progress {
        case .idle where self.waitsFor == .nothing: self.wait(for: .idle, self.core.limits.idleTime, context)
        case .inHead where self.waitsFor == .nothing || self.waitsFor == .idle:
            self.wait(for: .head, self.core.limits.timeToHead, context)
        case .inBody where self.waitsFor != .body: self.wait(for: .body, self.core.limits.timeToBody, context)
        case .idle, .inHead, .inBody: break
        }
    }
}
