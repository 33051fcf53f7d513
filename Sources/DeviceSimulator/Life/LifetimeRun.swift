internal import ServiceRuntime
internal import Synchronization

/// Many lives, several at a time: first each for itself, then what the operator's commands do to all that are left.
final class LifetimeRun: Sendable {
    private let soak: LifetimeSoak
    private let shutdown: ShutdownSignal
    private let book = Mutex(LifeBook())
    private let living = Mutex<[Int: Life]>([:])

    init(_ soak: LifetimeSoak, shutdown: ShutdownSignal) {
        self.soak = soak
        self.shutdown = shutdown
    }

    private var devices: Int { self.soak.simulation.devices }

    func run() -> LifetimeReport {
        var seconds = 0.0
        do throws(SimulationFailure) {
            var simulation = self.soak.simulation
            simulation.devices += 1
            var fleet = try DeviceFleet(simulation, shutdown: self.shutdown).prepare()
            guard fleet.count == simulation.devices else { return self.report(after: seconds) }
            let verifier = ChainVerifier()
            let bystander = try Life(fleet.removeLast(), user: 0, self.soak, verifier).enroll()
            let lives = fleet
            seconds += self.workers.run(self.devices, line: { self.line(after: $0) }, {}) { index, _ in
                let life = Life(lives[index], user: index % self.soak.simulation.users.count, self.soak, verifier)
                self.play(life, index, besides: bystander)
            }
            seconds += try self.changeUsers()
            seconds += self.revokeAll()
        } catch {
            self.book.withLock { $0.stop(because: error) }
        }
        return self.report(after: seconds)
    }

    private var workers: Workers {
        Workers(
            count: self.soak.simulation.concurrency,
            shutdown: self.shutdown,
            progress: self.soak.simulation.progress
        )
    }

    private func report(after seconds: Double) -> LifetimeReport {
        self.book.withLock { $0.report(devices: self.devices, seconds: seconds) }
    }

    private func line(after seconds: Double) -> String {
        let (ended, broken) = self.book.withLock { ($0.ended, $0.broken) }
        return ProgressLine(
            verb: "living",
            done: ended,
            total: self.devices,
            failed: broken,
            seconds: seconds
        ).text
    }

    /// Enters each step of a life into the book, and keeps a life that came to the end of this part.
    private func play(_ life: Life, _ index: Int, besides bystander: DeviceIdentity) {
        var life = life
        life.note = { step, objection, milliseconds, deviation in
            self.enter(step, of: index, objection, milliseconds, deviation)
        }
        let hasLived = life.live(besides: bystander)
        self.book.withLock { $0.endLife() }
        if hasLived { self.living.withLock { $0[index] = life } }
    }

    private func enter(
        _ step: LifeStep,
        of index: Int,
        _ objection: String?,
        _ milliseconds: Double?,
        _ deviation: Deviation?
    ) {
        self.book.withLock { book in
            book.note(step, of: index, objection: objection, milliseconds: milliseconds)
            if let deviation { book.note(deviation) }
        }
        if let objection { self.soak.complain?(index, step, objection) }
    }

    // MARK: What the operator's commands do

    private func changeUsers() throws(SimulationFailure) -> Double {
        guard let disable = self.soak.disableUser else {
            self.book.withLock { book in
                book.skip(.renewChangedUser, because: "no command that changes the user was given")
                book.skip(.renewRestoredUser, because: "no command that changes the user was given")
            }
            return 0
        }
        if self.soak.restoreUser == nil {
            self.book.withLock {
                $0.skip(.renewRestoredUser, because: "no command that changes the user back was given")
            }
        }
        var seconds = 0.0
        let everybody = self.living.withLock { Set($0.values.map(\.userIndex)) }
        for user in everybody.sorted() where !self.shutdown.isRaised {
            let facts = [(name: "GATEHOUSE_USER", value: self.soak.simulation.users[user].name)]
            try disable.run(facts)
            seconds += self.all(of: user) { $0.refuse(.renewChangedUser) }
            guard let restore = self.soak.restoreUser else { continue }
            try restore.run(facts)
            seconds += self.all(of: user) { $0.renew(.renewRestoredUser) }
        }
        return seconds
    }

    private func revokeAll() -> Double {
        guard let revoke = self.soak.revoke else {
            self.book.withLock { $0.skip(.renewRevoked, because: "no command that revokes was given") }
            return 0
        }
        return self.all(of: nil) { life in
            life.refuse(.renewRevoked, after: revoke)
        }
    }

    /// Calls `body` for each life that goes on, or only for those of one user.
    private func all(of user: Int?, _ body: @escaping @Sendable (inout Life) -> Void) -> Double {
        let some = self.living.withLock { lives in
            lives.filter { user == nil || $0.value.userIndex == user }.map { (number: $0.key, life: $0.value) }
        }
        // Short beside the lives, and several in a row: a line for each would only be noise.
        let workers = Workers(
            count: self.soak.simulation.concurrency,
            shutdown: self.shutdown,
            progress: nil
        )
        return workers.run(some.count, line: { _ in "" }, {}) { index, _ in
            var life = some[index].life
            body(&life)
            self.living.withLock { $0[some[index].number] = life }
        }
    }
}
