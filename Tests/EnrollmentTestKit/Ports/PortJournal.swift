internal import EnrollmentCore
internal import Synchronization

/// Writes down which ports were called, in order, and makes chosen calls fail.
public final class PortJournal: Sendable {
    /// One call to a port of the core.
    public enum Call: String, Hashable, Sendable, CaseIterable {
        case verify
        case inspect
        case authorise
        case recognize
        case random
        case prepare
        case reserve
        case seal
        case sign
        case confirm
        case release
        case record
        case inspectRenewal
        case candidate
        case lookUp
        case reserveRenewal
    }

    /// Which calls fail.
    public struct Plan: Hashable, Sendable {
        /// Whether a failing call has done its work before it fails, as a commit whose answer was lost.
        public enum Moment: Hashable, Sendable, CaseIterable {
            case beforeItsWork
            case afterItsWork
        }

        /// Every call to one of these ports fails.
        public var calls: Set<Call>
        /// The call of this number fails, counted from 1 over all ports.
        public var number: Int?
        public var moment: Moment

        public init(calls: Set<Call> = [], number: Int? = nil, moment: Moment = .beforeItsWork) {
            self.calls = calls
            self.number = number
            self.moment = moment
        }
    }

    /// The rule of every error this journal throws.
    public static let rule = "test.failure"

    private let plan: Plan
    private let entries = Mutex<[Call]>([])

    public init(_ plan: Plan = Plan()) {
        self.plan = plan
    }

    /// All calls so far.
    public var calls: [Call] { self.entries.withLock { $0 } }

    /// The calls so far without those for random octets, which say nothing about the order of steps.
    public var steps: [Call] { self.calls.filter { $0 != .random } }

    /// Whether the planned failure has happened.
    public var hasFailed: Bool {
        let calls = self.calls
        return calls.contains(where: self.plan.calls.contains) || self.plan.number.map { $0 <= calls.count } ?? false
    }

    /// Notes a call.
    ///
    /// - Returns: Its number, for ``leave(_:_:)``.
    /// - Throws: `EnrollmentError` when the plan says so.
    func enter(_ call: Call) throws(EnrollmentError) -> Int {
        let number = self.entries.withLock { entries in
            entries.append(call)
            return entries.count
        }
        try self.judge(call, number, .beforeItsWork)
        return number
    }

    /// Notes that a call has done its work.
    func leave(_ call: Call, _ number: Int) throws(EnrollmentError) {
        try self.judge(call, number, .afterItsWork)
    }

    private func judge(_ call: Call, _ number: Int, _ moment: Plan.Moment) throws(EnrollmentError) {
        guard moment == self.plan.moment, number == self.plan.number || self.plan.calls.contains(call) else { return }
        throw EnrollmentError(.internalService, "The test made \(call.rawValue) fail.", rule: Self.rule)
    }
}
