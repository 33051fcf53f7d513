internal import NIOCore

/// One deadline of one connection, cheap to move: the scheduled task stays where it is when the deadline moves away.
///
/// A connection changes what it waits for with every request; scheduling anew each time would cost more than the request's
/// own parsing.
struct ConnectionTimer {
    private(set) var deadline = NIODeadline.distantFuture
    private var scheduled: Scheduled<Void>?
    private var firesAt = NIODeadline.distantFuture

    /// Calls `expired` on `eventLoop` no earlier than `deadline`; it has to ask ``hasExpired(on:_:)``.
    mutating func set(_ deadline: NIODeadline, on eventLoop: any EventLoop, _ expired: @escaping @Sendable () -> Void) {
        self.deadline = deadline
        guard deadline < .distantFuture, self.scheduled == nil || deadline < self.firesAt else { return }
        self.scheduled?.cancel()
        self.firesAt = deadline
        self.scheduled = eventLoop.scheduleTask(deadline: deadline, expired)
    }

    /// Whether the deadline has really passed; if it has moved meanwhile, the task is scheduled for where it is now.
    mutating func hasExpired(on eventLoop: any EventLoop, _ expired: @escaping @Sendable () -> Void) -> Bool {
        self.scheduled = nil
        self.firesAt = .distantFuture
        if self.deadline <= .now() {
            self.deadline = .distantFuture
            return true
        }
        self.set(self.deadline, on: eventLoop, expired)
        return false
    }

    mutating func cancel() {
        self.deadline = .distantFuture
        self.scheduled?.cancel()
        self.scheduled = nil
    }
}
