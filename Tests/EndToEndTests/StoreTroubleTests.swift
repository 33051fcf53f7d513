import DeviceSimulator
import EnrollmentTestKit
import Foundation
import SQLiteKit
import Testing

@Suite("Trouble with the store", .timeLimit(.minutes(25)))
struct StoreTroubleTests {
    @Test("a database that another process keeps locked is a fault that asks to come back, with nothing half done")
    func locked() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            // As a careless tool of an administrator would hold it.
            let intruder = try SQLiteConnection(path: place.database, access: .readWrite)
            try intruder.begin()
            let (step, fault) = try await gatehouse.simulation("kim").fault()
            try intruder.rollBack()

            #expect(step == .enroll)
            #expect(fault.errorType == "InMaintenance")
            #expect(fault.deviceCode == "0x80180017")
            // There was nowhere to record the attempt, so the log has to explain the trace id.
            let trace = try #require(fault.traceID)
            #expect(gatehouse.explains(trace, with: "ledger.busy"))
            #expect(try await place.devices().isEmpty)
            #expect(try await place.certificates().allSatisfy { $0.profile != "device/1" })

            _ = try await gatehouse.simulation("kim").enroll()
            #expect(try await place.devices().count == 1)
            try await gatehouse.expectExplained([fault])
            try await StoreAudit(place).expectSound()
        }
    }

    @Test("a store that cannot grow is a typed fault with nothing half done, and room is all it takes to go on")
    func full() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            _ = try await gatehouse.simulation("kim").enroll()

            // The write-ahead log may not grow any more; the service's log, far smaller, may.
            let journal = try FileManager.default.attributesOfItem(atPath: place.database + "-wal")
            try await gatehouse.limitFileSize(to: try #require(journal[.size] as? Int))
            let report = try await gatehouse.simulation(["kim", "zoe", "pat"]).run()
            #expect(report.enrolled == 0)
            #expect(report.faults.count == 3, "\(report.failures)")
            #expect(report.faults.allSatisfy { $0.deviceCode == "0x80180005" }, "\(report.faults)")
            for trace in report.faults.compactMap(\.traceID) { #expect(gatehouse.explains(trace, with: "ledger.")) }
            try await gatehouse.limitFileSize(to: nil)
            #expect(try await place.devices().count == 1)

            let later = try await gatehouse.simulation(["kim", "zoe", "pat"]).run()
            #expect(later.enrolled == 3, "\(later.failures)")
            #expect(try await place.devices().count == 4)
            try await gatehouse.expectExplained(report.faults)
            try await StoreAudit(place).expectSound()
        }
    }
}

extension RunningGatehouse {
    /// Expects that what devices were told while the store was in trouble can be looked up now that it is not.
    fileprivate func expectExplained(_ faults: [DeviceFault]) async throws {
        for fault in faults {
            let trace = try #require(fault.traceID)
            var outcome = try await self.place.command("attempt", "show", trace)
            for _ in 0..<200 where outcome.status == 3 {
                try await Task.sleep(for: .milliseconds(50))
                outcome = try await self.place.command("attempt", "show", trace)
            }
            #expect(outcome.status == 0, "\(outcome.output)")
            #expect(outcome.output.contains("ledger."), "\(outcome.output)")
        }
    }

    /// Whether a line of the log says which rule decided about a trace id.
    fileprivate func explains(_ trace: String, with rule: String) -> Bool {
        self.log.split(separator: "\n").contains { $0.contains(trace) && $0.contains("rule=\(rule)") }
    }

    /// Limits the size of any file that it writes from now on: the next best thing to a full disk.
    ///
    /// - Throws: When the command is missing.
    fileprivate func limitFileSize(to octets: Int?) async throws {
        let size = octets.map(String.init) ?? "unlimited"
        let outcome = try await ExternalCommand.run(
            "prlimit",
            ["--pid", "\(self.processIdentifier)", "--fsize=\(size):unlimited"]
        )
        #expect(outcome.status == 0, "\(outcome.output)")
    }
}
