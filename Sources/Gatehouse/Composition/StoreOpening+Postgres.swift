import EnrollmentCore
import Ledger

struct PostgresLedgerSettings { var connections = 8 }

extension StoreOpening {
    func settings(_ location: PostgresLocation) throws(CommandProblem) -> PostgresLedgerSettings { .init() }
    func open(_ settings: PostgresLedgerSettings, _ access: LedgerAccess) async throws(CommandProblem)
        -> any LedgerStore
    {
        throw CommandProblem("GH-STORE-002", "not yet", exit: .failed)
    }
}
