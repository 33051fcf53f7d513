package import EnrollmentCore
internal import LDAPKit
package import Logging
package import ServiceRuntime

/// Proves passwords against LDAP directories, and reads people again by their stable ids.
///
/// The person is searched for with the service account, then bound as on a connection kept for that. Servers that fail
/// are left out and others asked; the service side of this type (``run(until:)``) tries them again in the background,
/// so that no request waits for a dead server twice and traffic returns to the preferred one.
package final class LDAPCredentialVerifier: CredentialVerifier, UserLookup, Service {
    package let name = "directory"
    private let settings: CheckedSettings
    private let clock: any WallClock
    private let roster: ServerRoster
    private let pool: LanePool
    /// Makes the connections that only test whether a server is back.
    private let scout: DirectoryLane

    /// Nothing is connected yet: the first verification does that.
    ///
    /// - Parameters:
    ///   - settings: Checked here.
    ///   - clock: By which accounts expire.
    ///   - logger: Hears when a server is left out or used again, and nothing about people.
    /// - Throws: ``DirectorySettingsError`` for the first setting that cannot be used.
    package init(
        _ settings: DirectorySettings,
        clock: any WallClock,
        logger: Logger
    ) throws(DirectorySettingsError) {
        let checked = try CheckedSettings(settings)
        let roster = ServerRoster(
            checked.endpoints,
            firstBackOff: settings.firstBackOff,
            longestBackOff: settings.longestBackOff,
            logger: logger
        )
        self.settings = checked
        self.clock = clock
        self.roster = roster
        self.pool = LanePool(
            (1...settings.lanes).map { DirectoryLane(number: $0, checked, roster) },
            waiterLimit: settings.waiters
        )
        self.scout = DirectoryLane(number: 0, checked, roster)
    }

    package func verify(_ credential: Credential) async throws(EnrollmentError) -> DirectoryUser {
        switch credential {
        case .password(let token):
            // The directory would take an empty password for an anonymous bind, and say yes.
            guard !token.password.reveal().isEmpty else {
                throw EnrollmentError(.authentication, "The password is empty.", rule: "directory.password.empty")
            }
            return try await self.ask { session, deadline throws(DirectorySession.Failure) in
                try session.verify(token, before: deadline)
            }
        }
    }

    /// Reads a user again, wherever the entry was moved and whatever it is called now.
    ///
    /// The account's conditions are read from the entry, as far as they would have kept the user from signing in:
    /// disabled and expired accounts are refused. A password that is expired or locked says nothing about the account
    /// and is no hindrance (decision 0025).
    package func user(id: String) async throws(EnrollmentError) -> DirectoryUser {
        guard let wanted = UniqueIdentifier(id) else { throw BindRefusal.gone(id) }
        let now = self.clock.now
        return try await self.ask { session, deadline throws(DirectorySession.Failure) in
            try session.user(wanted, at: now, before: deadline)
        }
    }

    private func ask(
        _ question: @escaping DirectoryLane.Question
    ) async throws(EnrollmentError) -> DirectoryUser {
        let deadline = ContinuousClock.now + self.settings.limits.requestTimeout
        return try await self.pool.withLane(before: deadline) { lane async throws(EnrollmentError) in
            try await lane.ask(question, before: deadline)
        }
    }

    /// Tries servers that failed until they are back.
    package func run(until shutdown: ShutdownSignal) async throws {
        await withTaskGroup { group in
            group.addTask { await shutdown.wait() }
            group.addTask { await self.watch() }
            await group.next()
            group.cancelAll()
        }
    }

    private func watch() async {
        while !Task.isCancelled {
            for server in self.roster.due(at: .now) { _ = await self.scout.probe(server) }
            // Only cancellation ends a sleep early, and the loop's condition sees it.
            try? await Task.sleep(for: self.settings.limits.firstBackOff)
        }
    }

    /// What connecting to each server and binding the service account came to, in the configured order.
    package func probe() async -> [DirectoryServerReport] {
        var reports: [DirectoryServerReport] = []
        for (index, endpoint) in self.settings.endpoints.enumerated() {
            let start = ContinuousClock.now
            let error = await self.scout.probe(index)
            reports.append(
                DirectoryServerReport(
                    address: endpoint.address,
                    problem: error.map { "\($0)" },
                    duration: start.duration(to: .now)
                )
            )
        }
        return reports
    }

    /// What each server shows of itself, in the configured order: whether it can be used, its certificate, its clock.
    package func inspect(_ clock: any WallClock) async -> [DirectoryServerReport] {
        var reports: [DirectoryServerReport] = []
        for server in self.settings.endpoints.indices {
            reports.append(await self.scout.inspect(server, clock))
        }
        return reports
    }
}

/// How one server answered a probe.
package struct DirectoryServerReport: Hashable, Sendable {
    package let address: String
    /// In words for the operator; `nil` when the server can be used.
    package let problem: String?
    /// From the first octet to the service account being bound.
    package let duration: Duration
    /// The server's own TLS certificate, DER, where it was asked for and the connection has TLS.
    package var certificate: [UInt8]?
    /// How far the server's clock is ahead of ours, to a second; `nil` where it was not asked or does not tell.
    package var clockOffset: Duration?
}
