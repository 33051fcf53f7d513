internal import Glibc

/// Waits for sockets until a deadline.
enum Poll {
    enum Outcome {
        /// What happened to each socket.
        case ready([Int16])
        case late
        /// A signal came; ask again.
        case interrupted
    }

    static func wait(
        _ sockets: [(descriptor: Int32, events: Int16)],
        before deadline: ContinuousClock.Instant
    ) -> Outcome {
        var queries = sockets.map { pollfd(fd: $0.descriptor, events: $0.events, revents: 0) }
        let left = ContinuousClock.now.duration(to: deadline)
        // Rounded up: a wait that ends early would only go round again.
        let milliseconds = left > .zero ? left.milliseconds + 1 : 0
        let count = poll(&queries, nfds_t(queries.count), Int32(clamping: milliseconds))
        if count > 0 { return .ready(queries.map(\.revents)) }
        if count < 0 { return .interrupted }
        return ContinuousClock.now >= deadline ? .late : .interrupted
    }
}
