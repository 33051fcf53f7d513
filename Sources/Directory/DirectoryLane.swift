internal import EnrollmentCore
internal import LDAPKit
internal import ServiceRuntime

/// One question about a person at a time, on a thread that may block, over connections that are kept.
///
/// A lane holds both connections of a verification, because handing over between two pools would cost a second change
/// of threads per sign-in.
actor DirectoryLane {
    /// What is asked of a session, bounded by a deadline.
    typealias Question =
        @Sendable (
            DirectorySession, ContinuousClock.Instant
        ) throws(DirectorySession.Failure) -> DirectoryUser

    private let executor: BlockingExecutor
    private let settings: CheckedSettings
    private let roster: ServerRoster
    private var session: DirectorySession?

    init(number: Int, _ settings: CheckedSettings, _ roster: ServerRoster) {
        self.executor = BlockingExecutor(label: "gatehouse.directory.\(number)")
        self.settings = settings
        self.roster = roster
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        self.executor.asUnownedSerialExecutor()
    }

    /// Asks the first server that can be used.
    func ask(
        _ question: Question,
        before deadline: ContinuousClock.Instant
    ) async throws(EnrollmentError) -> DirectoryUser {
        let patience = min(deadline, .now + self.settings.limits.patience)
        while ContinuousClock.now < deadline, !Task.isCancelled {
            switch self.roster.choose(at: .now) {
            case .use(let server):
                if let user = try self.ask(question, at: server, before: deadline) { return user }
            case .wait(let moment):
                guard moment < patience else { throw self.roster.unreachable() }
                // A cancelled sleep ends early, and the loop's condition sees why.
                try? await Task.sleep(until: moment, clock: .continuous)
            }
        }
        throw self.roster.unreachable()
    }

    /// - Returns: `nil` when the server, or a connection kept open to it, turned out to be of no use.
    private func ask(
        _ question: Question,
        at server: Int,
        before deadline: ContinuousClock.Instant
    ) throws(EnrollmentError) -> DirectoryUser? {
        do throws(DirectorySession.Failure) {
            let user = try question(self.session(to: server, before: deadline), deadline)
            self.roster.succeeded(server)
            return user
        } catch {
            switch error {
            case .refused(let refusal):
                self.roster.succeeded(server)
                throw refusal
            case .unusable(let error):
                let wasProven = self.session?.isProven ?? false
                self.session = nil
                // Servers close idle connections. That says nothing about the server: a new connection will tell.
                if !wasProven || error.code == .timedOut { self.roster.failed(server, error, at: .now) }
                return nil
            }
        }
    }

    private func session(
        to server: Int,
        before deadline: ContinuousClock.Instant
    ) throws(DirectorySession.Failure) -> DirectorySession {
        if let session = self.session, session.server == server, !session.isStale,
            session.lastUse.duration(to: .now) < self.settings.limits.idleLimit
        {
            return session
        }
        self.session = nil
        let session = try DirectorySession(to: server, self.settings, before: deadline)
        self.session = session
        return session
    }

    /// Tries to connect and bind the service account, and notes the result.
    ///
    /// - Returns: The error, or `nil` when the server can be used.
    func probe(_ server: Int) -> LDAPError? {
        let deadline = ContinuousClock.now + self.settings.limits.connectTimeout + self.settings.limits.operationTimeout
        do throws(DirectorySession.Failure) {
            _ = try DirectorySession(to: server, self.settings, before: deadline)
            self.roster.succeeded(server)
            return nil
        } catch {
            guard case .unusable(let error) = error else { return nil }
            self.roster.failed(server, error, at: .now)
            return error
        }
    }

    /// Connects anew and looks at what the server shows of itself; notes nothing.
    func inspect(_ server: Int, _ clock: any WallClock) -> DirectoryServerReport {
        let address = self.settings.endpoints[server].address
        let start = ContinuousClock.now
        let deadline = start + self.settings.limits.connectTimeout + self.settings.limits.operationTimeout
        do throws(DirectorySession.Failure) {
            let session = try DirectorySession(to: server, self.settings, before: deadline)
            let duration = start.duration(to: .now)
            let found: (certificate: [UInt8]?, clockOffset: Duration?)
            do throws(LDAPError) {
                found = try session.inspect(clock, before: deadline)
            } catch {
                throw .unusable(error)
            }
            return DirectoryServerReport(
                address: address,
                problem: nil,
                duration: duration,
                certificate: found.certificate,
                clockOffset: found.clockOffset
            )
        } catch {
            let problem =
                switch error {
                case .unusable(let error): "\(error)"
                case .refused(let error): error.detail
                }
            return DirectoryServerReport(address: address, problem: problem, duration: start.duration(to: .now))
        }
    }
}
