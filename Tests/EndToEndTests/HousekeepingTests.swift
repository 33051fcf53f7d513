import DeviceSimulator
import SQLText
import SQLiteKit
import Testing

@Suite("Housekeeping", .timeLimit(.minutes(8)))
struct HousekeepingTests {
    @Test("a replaced certificate is superseded once its overlap is over, and the others stay as they are")
    func supersedes() async throws {
        try await RunningGatehouse.serve { gatehouse in
            let place = gatehouse.place
            let old = try await gatehouse.simulation("kim").enroll().serialNumber
            let other = try await gatehouse.simulation("zoe").enroll().serialNumber
            #expect(try await gatehouse.stop() == 0)
            // As a second enrollment of the same hardware marks it, a day having passed since.
            let connection = try SQLiteConnection(path: place.database, access: .readWrite)
            for sql in [
                "UPDATE certificate SET supersede_after = 1 WHERE hex(serial) = ?1",
                "UPDATE device SET certificate_serial = zeroblob(17) WHERE hex(certificate_serial) = ?1",
            ] as [SQL] {
                let marking = try connection.prepare(sql)
                try marking.bind(old, at: 1)
                #expect(try marking.run() == 1)
            }

            try await gatehouse.start()
            func state(of serial: String) async throws -> String? {
                try await place.certificates().first { $0.serialNumber.uppercased() == serial }?.state
            }
            try await gatehouse.wait("superseded") { try StoreAudit(place.database).issued() == [other] }
            #expect(try await state(of: old) == "superseded")
            #expect(try await state(of: other) == "issued")
        }
    }
}
