import EnrollmentCore
import Ledger
import Logging
import ServiceRuntime

/// Reads a large store through while it already serves, and ends the service when it is damaged.
struct StructureWatch: Service {
    let name = "structure"
    let ledger: any LedgerStore
    let logger: Logger

    func run(until shutdown: ShutdownSignal) async throws {
        // Reading takes a while; a stop in the middle of it ends it at the next table.
        try await withThrowingTaskGroup { group in
            group.addTask { try await self.check() }
            group.addTask { await shutdown.wait() }
            try await group.next()
            group.cancelAll()
        }
    }

    private func check() async throws(EnrollmentError) {
        do throws(EnrollmentError) {
            try await self.ledger.checkStructure()
        } catch {
            self.logger.critical("the store is not sound", metadata: ["detail": "\(error.detail)"])
            throw error
        }
    }
}
