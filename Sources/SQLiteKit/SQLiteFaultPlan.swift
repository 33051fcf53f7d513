internal import Synchronization

/// Breaks a connection's work at a chosen instruction or commit, to show that nothing half done remains.
///
/// SQLite's own tests call this an anomaly sweep: fail the n-th step for n = 1, 2, 3… until the work succeeds, and look
/// at the invariants after each. The faults are real ones of the library: an interrupt in the middle of a statement,
/// which ends the transaction as a full disk would, and a commit that turns into a rollback.
public final class SQLiteFaultPlan: Sendable {
    /// Virtual machine instructions left until the interrupt; zero or less means none is planned.
    private let instructions = Atomic<Int>(0)
    /// Commits left until one is refused; zero or less means none is planned.
    private let commits = Atomic<Int>(0)
    private let fired = Atomic<Bool>(false)
    private let isShielded = Atomic<Bool>(false)

    public init() {}

    /// Plans an interrupt of the statement that executes the n-th instruction from now.
    public func interrupt(atInstruction number: Int) {
        self.fired.store(false, ordering: .relaxed)
        self.instructions.store(number, ordering: .sequentiallyConsistent)
    }

    /// Plans the refusal of the n-th commit from now.
    public func refuse(commit number: Int) {
        self.fired.store(false, ordering: .relaxed)
        self.commits.store(number, ordering: .sequentiallyConsistent)
    }

    /// Plans nothing any more.
    ///
    /// - Returns: Whether the last planned fault has happened.
    @discardableResult
    public func disarm() -> Bool {
        self.instructions.store(0, ordering: .sequentiallyConsistent)
        self.commits.store(0, ordering: .sequentiallyConsistent)
        return self.fired.load(ordering: .sequentiallyConsistent)
    }

    func interruptsNow() -> Bool {
        !self.isShielded.load(ordering: .relaxed) && self.countDown(self.instructions)
    }

    /// Keeps interrupts away from a commit, which only ``refuse(commit:)`` breaks.
    func shield(_ isShielded: Bool) {
        self.isShielded.store(isShielded, ordering: .relaxed)
    }

    func refusesCommit() -> Bool { self.countDown(self.commits) }

    private func countDown(_ counter: borrowing Atomic<Int>) -> Bool {
        guard counter.load(ordering: .relaxed) > 0 else { return false }
        guard counter.subtract(1, ordering: .sequentiallyConsistent).newValue == 0 else { return false }
        self.fired.store(true, ordering: .sequentiallyConsistent)
        return true
    }

    /// The plan behind a callback's context; the connection holds it for as long as the callback is installed.
    static func behind(_ context: UnsafeMutableRawPointer?) -> SQLiteFaultPlan? {
        context.map { Unmanaged<SQLiteFaultPlan>.fromOpaque($0).takeUnretainedValue() }
    }
}
