internal import Dispatch
internal import EnrollmentCore
internal import Logging
internal import PostgresKit
internal import SQLText
internal import Synchronization

/// Listens to what other processes say, and looks now and then at how the server is.
///
/// It has a connection and a thread of its own. What was said while the connection was gone, or behind a pooler that
/// passes nothing on, is made up for by saying ``StoreChange/anything`` at every look.
final class PostgresWatch: Sendable {
    private struct State {
        var listeners: [Int: AsyncStream<StoreChange>.Continuation] = [:]
        var next = 0
        var isClosed = false
    }

    private static let listen = PostgresStatement("LISTEN gatehouse")

    private let settings: PostgresLedgerSettings
    private let standing: PostgresStanding
    private let queue = DispatchQueue(label: "ledger.watch")
    private let bell: PostgresBell
    /// Ends a pause between two attempts to connect.
    private let alarm = DispatchSemaphore(value: 0)
    private let state = Mutex(State())
    private let opened = Atomic<Int>(0)

    init(_ settings: PostgresLedgerSettings, _ standing: PostgresStanding) throws(PostgresError) {
        self.settings = settings
        self.standing = standing
        self.bell = try PostgresBell()
    }

    /// How many connections it has opened.
    var connections: Int { self.opened.load(ordering: .relaxed) }

    func start() {
        self.queue.async { self.run() }
    }

    /// What changes from now on; ends when the store is closed.
    func changes() -> AsyncStream<StoreChange> {
        // What overflows is followed by `anything` before long.
        let (stream, continuation) = AsyncStream.makeStream(of: StoreChange.self, bufferingPolicy: .bufferingNewest(64))
        let number = self.state.withLock { state -> Int? in
            guard !state.isClosed else { return nil }
            state.next += 1
            state.listeners[state.next] = continuation
            return state.next
        }
        if let number {
            // What came before it listened.
            continuation.yield(.anything)
            continuation.onTermination = { _ in self.state.withLock { $0.listeners[number] = nil } }
        } else {
            continuation.finish()
        }
        return stream
    }

    /// Stops, and waits until the connection is closed.
    func close() async {
        let listeners = self.state.withLock { state in
            state.isClosed = true
            return Array(state.listeners.values)
        }
        for listener in listeners { listener.finish() }
        self.bell.ring()
        self.alarm.signal()
        await withCheckedContinuation { continuation in self.queue.async { continuation.resume() } }
    }

    private func tell(_ change: StoreChange) {
        let listeners = self.state.withLock { Array($0.listeners.values) }
        for listener in listeners { listener.yield(change) }
    }

    // MARK: On the thread

    private func run() {
        var pause = 50
        while !self.bell.isRung {
            do throws(PostgresError) {
                let connection = try PostgresConnection.open(self.settings.kit)
                defer { connection.close() }
                self.opened.add(1, ordering: .relaxed)
                pause = 50
                try self.follow(connection)
            } catch {
                // Said once more by the next look, should it go on.
                if error.kind != .connectionLost && error.kind != .shuttingDown { self.standing.noteUnreachable(error) }
            }
            guard !self.bell.isRung else { return }
            _ = self.alarm.wait(timeout: .now() + .milliseconds(pause))
            pause = min(1_000, pause * 2)
        }
    }

    private func follow(_ connection: PostgresConnection) throws(PostgresError) {
        var isListening = false
        while !self.bell.isRung {
            let look = try PostgresLook(at: connection, clock: self.settings.clock)
            self.standing.note(look)
            // A standby takes no listeners until it is promoted.
            if !isListening, look.replayed == nil, connection.parameter("in_hot_standby") != "on" {
                try connection.send(Self.listen)
                try connection.synchronize()
                isListening = true
            }
            self.tell(.anything)
            let deadline = ContinuousClock.now + self.settings.pollInterval
            while !self.bell.isRung, ContinuousClock.now < deadline {
                let heard = try connection.notifications(before: deadline, orUntil: self.bell)
                for change in Set(heard.compactMap { StoreChange(rawValue: $0.payload) }) { self.tell(change) }
            }
        }
    }
}
