internal import CPostgres
internal import Glibc

/// One attempt to connect, to one host after the other.
///
/// libpq goes to the next host by itself when one refuses; of one that never answers it takes no notice here, where it
/// must not block. So each host gets its share of the time left, and the attempt starts again behind one that used it up.
struct ConnectionAttempt {
    private let settings: PostgresSettings
    private let deadline: ContinuousClock.Instant
    private var parameters: ConnectionParameters
    /// Hosts, their addresses and ports as in the connection string, and how many of them were passed over.
    private var options: ConnectionOptions?
    private var skipped = 0
    private var silent: [String] = []

    init(_ settings: PostgresSettings) {
        self.settings = settings
        self.deadline = .now + settings.connectTimeout
        self.parameters = ConnectionParameters(settings)
    }

    /// Connects.
    ///
    /// - Returns: A connection in libpq's blocking mode, on which nothing has been asked yet.
    /// - Throws: ``PostgresError``.
    mutating func run() throws(PostgresError) -> PostgresLink {
        while true {
            guard let pointer = self.parameters.start() else {
                throw PostgresError(.outOfResources, during: "connect", message: "out of memory")
            }
            let link = PostgresLink(adopting: pointer)
            // Adds the SQLSTATE to the message, which is all that is said of a connection that was refused.
            PQsetErrorVerbosity(pointer, PQERRORS_VERBOSE)
            // Otherwise libpq writes to standard error.
            PQsetNoticeProcessor(pointer, { _, _ in }, nil)
            if try self.poll(link) { return link }
        }
    }

    /// Returns `true` once connected and `false` when a host was passed over.
    private mutating func poll(_ link: PostgresLink) throws(PostgresError) -> Bool {
        let pointer = link.pointer
        guard PQstatus(pointer) != CONNECTION_BAD else { throw self.refusal(pointer) }
        let options = ConnectionOptions(of: pointer)
        if self.options == nil { self.options = options }
        let hosts = max(options.list("host").count, options.list("hostaddr").count, 1)
        var passed = 0
        var present = Self.place(pointer)
        var turn = self.turn(hosts - passed)
        var state = PGRES_POLLING_WRITING
        while true {
            switch state {
            case PGRES_POLLING_OK: return true
            case PGRES_POLLING_READING, PGRES_POLLING_WRITING: break
            default: throw self.refusal(pointer)
            }
            let events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT
            switch Poll.wait([(PQsocket(pointer), Int16(events))], before: turn) {
            case .interrupted: continue
            case .ready: state = PQconnectPoll(pointer)
            case .late:
                self.silent.append(present)
                guard passed + 1 < hosts, ContinuousClock.now < self.deadline else { throw self.refusal(pointer) }
                self.skip(passed + 1)
                return false
            }
            let place = Self.place(pointer)
            if place != present {
                present = place
                passed = min(passed + 1, hosts - 1)
                turn = self.turn(hosts - passed)
            }
        }
    }

    private func turn(_ hosts: Int) -> ContinuousClock.Instant {
        let now = ContinuousClock.now
        return now + now.duration(to: self.deadline) / hosts
    }

    private static func place(_ pointer: OpaquePointer) -> String {
        let host = PQhost(pointer).map { String(cString: $0) } ?? ""
        let port = PQport(pointer).map { String(cString: $0) } ?? ""
        return "\(host) port \(port)"
    }

    /// Leaves out the first hosts of those that are left.
    private mutating func skip(_ count: Int) {
        self.skipped += count
        for keyword in ["host", "hostaddr", "port"] {
            let list = self.options?.list(keyword) ?? []
            // One port goes for all hosts.
            guard list.count > self.skipped else { continue }
            self.parameters.set(keyword, list.dropFirst(self.skipped).joined(separator: ","))
        }
    }

    private func refusal(_ pointer: OpaquePointer) -> PostgresError {
        let text = PQerrorMessage(pointer).map { String(cString: $0) } ?? ""
        let refusal = ConnectionRefusal(reading: text, silent: self.silent)
        return PostgresError(refusal.kind, during: "connect", message: refusal.message, sqlState: refusal.sqlState)
    }
}
