import EnrollmentCore
import Ledger
import Logging
import ServiceRuntime
import Synchronization

/// Keeps an eye on what replicas agree on while this one runs, and says when it goes by something else.
///
/// A replica keeps the values it was started or reloaded with: those that changed beneath a running request would be half
/// in effect. It tells everybody who watches it instead, until somebody reloads it.
final class AgreementWatch: Service {
    private static let period = Duration.seconds(1)

    private struct State {
        let started: Agreement
        var inEffect: Agreement
        var differences: [Agreement.Difference] = []
    }

    let name = "agreement"
    private let ledger: any LedgerStore
    private let bell: Doorbell
    private let clock: any WallClock
    private let logger: Logger
    private let state: Mutex<State>

    init(
        _ agreement: Agreement,
        in ledger: any LedgerStore,
        bell: Doorbell,
        clock: any WallClock,
        logger: Logger
    ) {
        self.ledger = ledger
        self.bell = bell
        self.clock = clock
        self.logger = logger
        self.state = Mutex(State(started: agreement, inEffect: agreement))
    }

    /// In what this replica differs from the others now, as of the last look.
    var differences: [Agreement.Difference] { self.state.withLock { $0.differences } }

    /// Makes sure that this replica may join the others, and adds what they have not agreed on yet.
    ///
    /// - Parameters:
    ///   - agreement: What it would go by.
    ///   - file: Where that was read.
    /// - Throws: ``CommandProblem`` that names what differs.
    func admit(_ agreement: Agreement, file: String) async throws(CommandProblem) {
        let differences = try await answer { () throws(EnrollmentError) in
            agreement.differences(from: try await self.settle(agreement))
        }
        guard differences.isEmpty else { throw .disagreement(differences, file: file) }
    }

    /// Takes note of a configuration that was reloaded.
    func reloaded(_ agreement: Agreement) {
        self.state.withLock { $0.inEffect = agreement.inEffect(sinceStart: $0.started) }
        self.bell.ring()
    }

    func run(until shutdown: ShutdownSignal) async throws {
        await self.repeatedly(every: Self.period, orWhen: self.bell, until: shutdown) { await self.look() }
    }

    /// - Returns: What is agreed on, with what this replica could add.
    private func settle(_ agreement: Agreement) async throws(EnrollmentError) -> [AgreedSetting] {
        let agreed = try await self.ledger.agreement()
        let missing = agreement.missing(in: agreed)
        // One that would not be admitted adds nothing, and one that only reads cannot.
        guard !missing.isEmpty, agreement.differences(from: agreed).isEmpty, self.ledger.standing == .readWrite else {
            return agreed
        }
        return try await self.ledger.addToAgreement(missing, at: self.clock.now)
    }

    private func look() async {
        let inEffect = self.state.withLock { $0.inEffect }
        let differences: [Agreement.Difference]
        do throws(EnrollmentError) {
            differences = inEffect.differences(from: try await self.settle(inEffect))
        } catch {
            // Readiness says that the store is away; what was found before still holds.
            return
        }
        let former = self.state.withLock { state in
            defer { state.differences = differences }
            return state.differences
        }
        guard former != differences else { return }
        guard !differences.isEmpty else {
            return self.logger.notice("configuration is what the replicas agree on again")
        }
        for difference in differences where !former.contains(difference) {
            self.logger.warning(
                "replicas agreed on another value; this one keeps its own until it is reloaded or started again with it",
                metadata: [
                    "key": "\(difference.name)", "here": "\(difference.here)", "agreed": "\(difference.agreed)",
                ]
            )
        }
    }
}
