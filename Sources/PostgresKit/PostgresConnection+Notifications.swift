internal import CPostgres
internal import Glibc

/// What another session said with NOTIFY.
public struct PostgresNotification: Hashable, Sendable {
    public let channel: String
    public let payload: String
}

extension PostgresConnection {
    /// Waits for what is said on the channels that this connection listens to (`LISTEN`, and a synchronization).
    ///
    /// - Parameters:
    ///   - deadline: When to stop waiting.
    ///   - bell: Ends the wait from another thread.
    /// - Returns: What has come, in order; nothing at the deadline or after the bell.
    /// - Throws: ``PostgresError`` when the connection is gone. What was said meanwhile is lost then.
    public func notifications(
        before deadline: ContinuousClock.Instant,
        orUntil bell: PostgresBell? = nil
    ) throws(PostgresError) -> [PostgresNotification] {
        try self.synchronize()
        while true {
            let arrived = self.takeNotifications()
            guard arrived.isEmpty, bell?.isRung != true else { return arrived }
            if TLSBuffer.holdsInput(self.link.pointer) {
                guard try self.link.consume("listen") else { throw self.link.lost("listen") }
                continue
            }
            let descriptor = PQsocket(self.link.pointer)
            guard descriptor >= 0 else { throw self.link.lost("listen") }
            let ears = bell.map { [($0.ear, Int16(POLLIN))] } ?? []
            switch Poll.wait([(descriptor, Int16(POLLIN))] + ears, before: deadline) {
            case .late: return []
            case .interrupted: continue
            case .ready(let events):
                guard events[0] != 0 else { continue }
                // Said before the end, it is of no use after it: who listens has to look at everything again.
                guard try self.link.consume("listen") else { throw self.link.lost("listen") }
            }
        }
    }

    private func takeNotifications() -> [PostgresNotification] {
        var arrived: [PostgresNotification] = []
        while let notification = PQnotifies(self.link.pointer) {
            let fields = notification.pointee
            let channel = fields.relname.map { String(cString: $0) } ?? ""
            let payload = fields.extra.map { String(cString: $0) } ?? ""
            arrived.append(PostgresNotification(channel: channel, payload: payload))
            PQfreemem(notification)
        }
        return arrived
    }
}
