internal import CPostgres
internal import Glibc

/// The one owner of a libpq connection: moves octets both ways, and never waits past a deadline.
final class PostgresLink {
    let pointer: OpaquePointer
    /// The connection is of no use any more.
    private(set) var isBroken = false

    init(adopting pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit {
        // Says goodbye only as far as the kernel takes it without waiting.
        PQfinish(self.pointer)
    }

    /// What libpq last complained about, the first line of it.
    var complaint: String {
        let text = PQerrorMessage(self.pointer).map { String(cString: $0) } ?? ""
        return text.split(separator: "\n").first.map(String.init) ?? "libpq gives no reason"
    }

    /// Declares the connection useless; says so in the error.
    func lost(_ operation: String, _ message: String? = nil) -> PostgresError {
        self.isBroken = true
        return PostgresError(
            .connectionLost,
            during: operation,
            message: message ?? self.complaint,
            endedConnection: true
        )
    }

    func giveUp() {
        self.isBroken = true
    }

    /// Checks what a function of libpq that only queues has returned.
    func check(_ status: Int32, _ operation: String) throws(PostgresError) {
        guard status == 1 else { throw self.lost(operation) }
    }

    /// Reads the next result, `nil` being libpq's mark between two.
    func nextResult(
        before deadline: ContinuousClock.Instant,
        _ operation: String
    ) throws(PostgresError) -> PostgresResult? {
        while PQisBusy(self.pointer) == 1 {
            guard try self.exchange(before: deadline, operation) else { break }
        }
        // Here it only takes from memory: the answer is there, or the socket is gone.
        return PQgetResult(self.pointer).map(PostgresResult.init(adopting:))
    }

    /// Sends what is queued, as far as it goes, and takes what has come, waiting once for either.
    ///
    /// Reading has to go on while writing: a server whose answers nobody reads stops reading too.
    ///
    /// - Returns: `false` when the connection ended; what came before that can still be read.
    private func exchange(
        before deadline: ContinuousClock.Instant,
        _ operation: String
    ) throws(PostgresError) -> Bool {
        let unsent = PQflush(self.pointer)
        guard unsent >= 0 else { throw self.lost(operation) }
        if TLSBuffer.holdsInput(self.pointer) { return try self.consume(operation) }
        let descriptor = PQsocket(self.pointer)
        guard descriptor >= 0 else { throw self.lost(operation) }
        let events = POLLIN | (unsent == 1 ? POLLOUT : 0)
        switch Poll.wait([(descriptor, Int16(events))], before: deadline) {
        case .late:
            self.isBroken = true
            throw PostgresError(
                .deadlinePassed,
                during: operation,
                message: "the server has not answered in time",
                endedConnection: true
            )
        case .interrupted: return true
        case .ready(let events):
            return events[0] & Int16(truncatingIfNeeded: POLLOUT) == events[0] ? true : try self.consume(operation)
        }
    }

    /// Takes what the kernel has.
    func consume(_ operation: String) throws(PostgresError) -> Bool {
        guard PQconsumeInput(self.pointer) != 1 else { return true }
        // The end came after words of the server that say why; libpq gives them out before its own complaint.
        guard PQstatus(self.pointer) == CONNECTION_BAD else { throw self.lost(operation) }
        return false
    }

    /// Sends and takes what goes without waiting; a failure shows at the next wait.
    func exchangeAtOnce() {
        PQflush(self.pointer)
        PQconsumeInput(self.pointer)
    }

    /// Takes what came unasked, a parameter that changed for example; `true` when the end was among it.
    func hasEnded() -> Bool {
        // A server has little to say unasked; one that goes on and on is not worth keeping.
        for _ in 0..<16 {
            let descriptor = PQsocket(self.pointer)
            guard descriptor >= 0 else { return true }
            if !TLSBuffer.holdsInput(self.pointer) {
                guard case .ready = Poll.wait([(descriptor, Int16(POLLIN))], before: .now) else { return false }
            }
            guard PQconsumeInput(self.pointer) == 1 else { return true }
            // Lets libpq look at what it has.
            PQisBusy(self.pointer)
        }
        return true
    }
}
