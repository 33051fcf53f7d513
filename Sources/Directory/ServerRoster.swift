internal import EnrollmentCore
internal import LDAPKit
internal import Logging
internal import Synchronization

/// The configured servers and what is known of their health, shared by all lanes.
///
/// A server that failed is left out for a time that doubles with each further failure.
final class ServerRoster: Sendable {
    /// Where the next verification should go.
    enum Choice: Hashable {
        case use(server: Int)
        /// Every server is left out; the first may be tried again at this moment.
        case wait(until: ContinuousClock.Instant)
    }

    private struct Outage {
        var failures = 1
        var retryAt: ContinuousClock.Instant
        var error: LDAPError
    }

    let endpoints: [LDAPEndpoint]
    private let firstBackOff: Duration
    private let longestBackOff: Duration
    private let logger: Logger
    private let outages: Mutex<[Outage?]>

    init(_ endpoints: [LDAPEndpoint], firstBackOff: Duration, longestBackOff: Duration, logger: Logger) {
        self.endpoints = endpoints
        self.firstBackOff = firstBackOff
        self.longestBackOff = longestBackOff
        self.logger = logger
        self.outages = Mutex(Array(repeating: nil, count: endpoints.count))
    }

    /// The first server in good health; else the first whose time out is over.
    func choose(at now: ContinuousClock.Instant) -> Choice {
        self.outages.withLock { outages in
            if let healthy = outages.firstIndex(where: { $0 == nil }) { return .use(server: healthy) }
            if let due = outages.firstIndex(where: { ($0?.retryAt ?? now) <= now }) { return .use(server: due) }
            return .wait(until: outages.compactMap { $0?.retryAt }.min() ?? now)
        }
    }

    /// Servers that failed and whose time out is over.
    func due(at now: ContinuousClock.Instant) -> [Int] {
        self.outages.withLock { outages in
            outages.indices.filter { index in outages[index].map { $0.retryAt <= now } ?? false }
        }
    }

    /// Takes note that a server did not answer, or not usefully.
    func failed(_ server: Int, _ error: LDAPError, at now: ContinuousClock.Instant) {
        let isNew = self.outages.withLock { outages in
            guard var outage = outages[server] else {
                outages[server] = Outage(retryAt: now + self.firstBackOff, error: error)
                return true
            }
            outage.error = error
            // Several lanes notice one outage; it counts once per time out.
            if outage.retryAt <= now {
                outage.failures += 1
                let doubled = self.firstBackOff * (1 << min(outage.failures - 1, 16))
                outage.retryAt = now + min(doubled, self.longestBackOff)
            }
            outages[server] = outage
            return false
        }
        if isNew {
            self.logger.warning(
                "a directory server is left out",
                metadata: ["server": "\(self.endpoints[server].address)", "reason": "\(error)"]
            )
        }
    }

    /// Takes note that a server answered.
    func succeeded(_ server: Int) {
        let isNew = self.outages.withLock { outages in
            guard outages[server] != nil else { return false }
            outages[server] = nil
            return true
        }
        if isNew {
            self.logger.notice(
                "a directory server is used again",
                metadata: ["server": "\(self.endpoints[server].address)"]
            )
        }
    }

    /// The refusal when no server is left to ask.
    ///
    /// Servers that are away come back by themselves (`inMaintenance`); a certificate or account that is refused waits
    /// for the operator (`enrollmentServer`).
    func unreachable() -> EnrollmentError {
        let errors = self.outages.withLock { outages in outages.map { $0?.error } }
        let facts = zip(self.endpoints, errors).map { endpoint, error in
            Fact(endpoint.address, error.map { "\($0)" } ?? "did not answer in time")
        }
        let ours = errors.first { error in error.map { !Self.passesByItself($0) } ?? false } ?? nil
        if let ours {
            return EnrollmentError(
                .enrollmentServer,
                "No directory server can be used; at least one refuses this service: \(ours). Check the CA file, the "
                    + "server's certificate and the service account.",
                rule: "directory.refused",
                facts: facts,
                cause: ours
            )
        }
        return EnrollmentError(
            .inMaintenance,
            "No directory server answers. They are tried again by themselves; check the network and the servers.",
            rule: "directory.unreachable",
            facts: facts,
            cause: errors.compactMap { $0 }.first
        )
    }

    private static func passesByItself(_ error: LDAPError) -> Bool {
        error.isConnectionLoss && error.code != .connectError
    }
}
