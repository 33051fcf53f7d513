internal import EnrollmentCore
internal import SQLiteKit

/// What one operation did to the transaction that it shares.
enum OperationCourse {
    case kept
    /// It did not succeed and nothing of it is left; the others are untouched.
    case takenBack(EnrollmentError)
    /// The whole transaction is gone, or cannot be trusted any more.
    case lost(EnrollmentError)
}

/// One caller's work, waiting for its place in a commit.
protocol QueuedOperation: AnyObject, Sendable {
    /// Does the work inside the open transaction and keeps its outcome.
    ///
    /// - Parameters:
    ///   - connection: The writer's connection.
    ///   - isAlone: Whether the transaction holds nothing else, so that no savepoint is needed.
    /// - Returns: What it did to the transaction.
    func run(on connection: SQLiteConnection, isAlone: Bool) -> OperationCourse

    /// Tells the caller; `failure` overrules whatever the work itself came to.
    func conclude(_ failure: EnrollmentError?)
}

/// Work with a caller that waits for its result.
///
/// Unchecked, because it is handed from the caller to the writer's queue through a lock and touched by one at a time.
final class AwaitedOperation<Value: Sendable>: QueuedOperation, @unchecked Sendable {
    private let body: (LedgerConnection) throws -> Value
    private let continuation: CheckedContinuation<Result<Value, EnrollmentError>, Never>
    private var outcome: Result<Value, EnrollmentError>?

    init(
        _ body: @escaping @Sendable (LedgerConnection) throws -> Value,
        resuming continuation: CheckedContinuation<Result<Value, EnrollmentError>, Never>
    ) {
        self.body = body
        self.continuation = continuation
    }

    func run(on connection: SQLiteConnection, isAlone: Bool) -> OperationCourse {
        do {
            self.outcome = .success(try connection.isolated(isAlone, self.body))
            return .kept
        } catch {
            self.outcome = .failure(error.error)
            return error.isTransactionLost ? .lost(error.error) : .takenBack(error.error)
        }
    }

    func conclude(_ failure: EnrollmentError?) {
        if let failure { return self.continuation.resume(returning: .failure(failure)) }
        self.continuation.resume(returning: self.outcome ?? .failure(.unreadable("an operation without outcome")))
    }
}

/// Work that nobody waits for.
final class DeferredOperation: Sendable {
    private let body: @Sendable (LedgerConnection) throws -> Void

    init(_ body: @escaping @Sendable (LedgerConnection) throws -> Void) {
        self.body = body
    }

    func run(on connection: SQLiteConnection) -> OperationCourse {
        do {
            try connection.isolated(false, self.body)
            return .kept
        } catch {
            return error.isTransactionLost ? .lost(error.error) : .takenBack(error.error)
        }
    }
}

/// Why a piece of work did not succeed, and whether it took its neighbors along.
private struct IsolationFailure: Error {
    let error: EnrollmentError
    let isTransactionLost: Bool
}

extension SQLiteConnection {
    /// Runs `body` so that its failure takes back nothing but itself.
    ///
    /// Alone in its transaction it needs no savepoint: the whole transaction goes then.
    fileprivate func isolated<Value>(
        _ isAlone: Bool,
        _ body: (LedgerConnection) throws -> Value
    ) throws(IsolationFailure) -> Value {
        do {
            if !isAlone { try self.markSavepoint() }
            let value = try body(LedgerConnection(self))
            if !isAlone { try self.releaseSavepoint() }
            return value
        } catch {
            throw IsolationFailure(error: .ledger(error), isTransactionLost: !self.takesBack(isAlone))
        }
    }

    /// Undoes the work since the savepoint, or the whole transaction of work that is alone in it.
    ///
    /// - Returns: `false` when more than that is gone or it could not be undone.
    private func takesBack(_ isAlone: Bool) -> Bool {
        do throws(SQLiteError) {
            if isAlone {
                try self.rollBack()
                return true
            }
            // A full disk, an I/O error or an interrupt has ended the transaction for everybody in it.
            guard self.isInTransaction else { return false }
            try self.rollBackToSavepoint()
            return true
        } catch {
            return false
        }
    }
}
