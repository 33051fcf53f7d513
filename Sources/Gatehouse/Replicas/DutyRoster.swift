import EnrollmentCore
import Ledger
import Logging
import ServiceRuntime
import Synchronization

/// Which duties are this replica's, by leases in the store.
///
/// A lease is renewed three times before it ends. Whoever holds one believes it for as long as it lasts by the clock that
/// cannot be set, counted from before it was asked for: at the moment another replica is given it, this one has stopped. A
/// transaction already under way may end later; what matters there is guarded by the store once more.
final class DutyRoster: Service {
    private static let leaseSeconds: Int64 = 15
    private static let period = Duration.seconds(5)
    /// How often to look whether the store takes records again, as one does that was promoted.
    private static let lookEvery = Duration.seconds(1)
    /// Taken off each lease: what this machine's clock may run slower than the store's.
    private static let margin = Duration.seconds(1)

    private struct State {
        var heldUntil: [Duty: ContinuousClock.Instant] = [:]
        /// Who has what is not ours.
        var others: [Duty: String] = [:]
        var isWell = true
        /// When leases are to be renewed.
        var due = ContinuousClock.now
    }

    let name = "duties"
    private let ledger: any LedgerStore
    private let holder: String
    private let clock: any WallClock
    private let logger: Logger
    private let state = Mutex(State())

    init(ledger: any LedgerStore, holder: String, clock: any WallClock, logger: Logger) {
        self.ledger = ledger
        self.holder = holder
        self.clock = clock
        self.logger = logger
    }

    /// Whether this replica has that duty now.
    func holds(_ duty: Duty) -> Bool {
        self.state.withLock { state in state.heldUntil[duty].map { ContinuousClock.now < $0 } ?? false }
    }

    func run(until shutdown: ShutdownSignal) async throws {
        await self.repeatedly(every: Self.lookEvery, until: shutdown) {
            if self.state.withLock({ $0.due <= .now }) { await self.refresh() }
        }
        await self.resign()
    }

    /// Takes what is free, and goes on with what is ours.
    func refresh() async {
        // What only reads would be refused.
        guard self.ledger.standing == .readWrite else { return }
        let begin = ContinuousClock.now
        self.state.withLock { $0.due = begin + Self.period }
        let now = self.clock.now
        do throws(EnrollmentError) {
            let outcomes = try await self.ledger.takeLeases(
                Duty.allCases.map(\.lease),
                holder: self.holder,
                now: now,
                until: now.adding(seconds: Self.leaseSeconds)
            )
            self.note(outcomes, until: begin + .seconds(Self.leaseSeconds) - Self.margin)
        } catch {
            let wasWell = self.state.withLock { state in
                defer { state.isWell = false }
                return state.isWell
            }
            // Every five seconds would be too often.
            guard wasWell else { return }
            self.logger.warning(
                "duties not renewed; another replica takes them over",
                metadata: ["rule": "\(error.rule)", "detail": "\(error.detail)"]
            )
        }
    }

    private func note(_ outcomes: [String: LeaseOutcome], until end: ContinuousClock.Instant) {
        var won: [Duty] = []
        self.state.withLock { state in
            state.isWell = true
            for duty in Duty.allCases {
                switch outcomes[duty.lease] {
                case .taken:
                    if state.heldUntil[duty].map({ $0 <= .now }) ?? true { won.append(duty) }
                    state.heldUntil[duty] = end
                    state.others[duty] = nil
                case .held(let other, _):
                    state.heldUntil[duty] = nil
                    state.others[duty] = other
                case nil: break
                }
            }
        }
        guard !won.isEmpty else { return }
        self.logger.notice(
            "duties taken",
            metadata: ["duties": "\(won.map(\.rawValue).joined(separator: ","))"]
        )
    }

    /// Lets another replica take over at once.
    private func resign() async {
        let own = self.state.withLock { state in
            defer { state.heldUntil = [:] }
            return Array(state.heldUntil.keys)
        }
        guard !own.isEmpty, self.ledger.standing == .readWrite else { return }
        do throws(EnrollmentError) {
            try await self.ledger.giveBackLeases(own.map(\.lease), holder: self.holder)
        } catch {
            self.logger.info("duties not given back; others take them over when their leases end")
        }
    }
}
