internal import Glibc
internal import Synchronization

/// Ends a wait for notifications from another thread.
///
/// Once rung it stays rung: a wait that starts later ends at once.
public final class PostgresBell: Sendable {
    let ear: Int32
    private let rope: Int32
    private let wasRung = Atomic(false)

    /// - Throws: ``PostgresError`` when the process has no descriptors left.
    public init() throws(PostgresError) {
        var pair: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &pair) == 0 else {
            throw PostgresError(.outOfResources, during: "socketpair", message: String(cString: strerror(errno)))
        }
        self.ear = pair[0]
        self.rope = pair[1]
    }

    deinit {
        close(self.ear)
        close(self.rope)
    }

    /// Whether it was rung.
    public var isRung: Bool { self.wasRung.load(ordering: .sequentiallyConsistent) }

    /// Ends the wait that is under way and those to come.
    public func ring() {
        guard !self.wasRung.exchange(true, ordering: .sequentiallyConsistent) else { return }
        // The end of the stream is as good as an octet, and cannot be refused.
        shutdown(self.rope, Int32(SHUT_WR))
    }
}
