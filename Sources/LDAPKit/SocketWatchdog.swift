internal import Glibc
internal import Synchronization

/// Shuts a socket down at a deadline, so that a call blocked on it returns with a failure.
///
/// For calls that take no time limit of their own. A thread of its own waits, since the calling one is blocked.
struct SocketWatchdog: ~Copyable {
    private final class Watch: Sendable {
        let descriptor: Int32
        let bell: Int32
        let deadline: ContinuousClock.Instant
        let hasFired = Atomic(false)

        init(_ descriptor: Int32, _ bell: Int32, _ deadline: ContinuousClock.Instant) {
            self.descriptor = descriptor
            self.bell = bell
            self.deadline = deadline
        }

        func wait() {
            while true {
                let left = ContinuousClock.now.duration(to: self.deadline)
                guard left > .zero else { break }
                var query = pollfd(fd: self.bell, events: Int16(POLLIN), revents: 0)
                // Rounded up: a wait that ends early would only go round again.
                let milliseconds =
                    left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
                let ready = poll(&query, 1, Int32(clamping: milliseconds))
                if ready > 0 { return }
            }
            self.hasFired.store(true, ordering: .relaxed)
            shutdown(self.descriptor, Int32(SHUT_RDWR))
        }
    }

    private let watch: Watch
    private let rope: Int32
    private let thread: pthread_t

    /// Starts to watch.
    ///
    /// - Throws: ``LDAPError`` when the process is out of descriptors or threads.
    init(_ descriptor: Int32, before deadline: ContinuousClock.Instant) throws(LDAPError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw LDAPError("connect", .serverDown, diagnostic: "no descriptor is left for the handshake's time limit")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let watch = Watch(descriptor, ends[0], deadline)
        let context = Unmanaged.passRetained(watch)
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            nil,
            { context in
                guard let context else { return nil }
                Unmanaged<Watch>.fromOpaque(context).takeRetainedValue().wait()
                return nil
            },
            context.toOpaque()
        )
        guard status == 0 else {
            context.release()
            close(ends[0])
            close(ends[1])
            throw LDAPError("connect", .serverDown, diagnostic: "no thread is left for the handshake's time limit")
        }
        self.watch = watch
        self.rope = ends[1]
        self.thread = thread
    }

    /// Ends the watch.
    ///
    /// - Returns: Whether the deadline came first; the socket is dead then.
    consuming func stop() -> Bool {
        // An octet rather than a closed end: a process started meanwhile may hold a copy of the end.
        write(self.rope, [1], 1)
        pthread_join(self.thread, nil)
        close(self.rope)
        close(self.watch.bell)
        return self.watch.hasFired.load(ordering: .relaxed)
    }
}
