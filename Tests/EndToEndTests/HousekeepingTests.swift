import DeviceSimulator
import Testing

@Suite("Housekeeping", .timeLimit(.minutes(25)))
struct HousekeepingTests {
    @Test(
        "a replaced certificate is superseded once its overlap is over, and the others stay as they are",
        arguments: StoreKind.allCases
    )
    func supersedes(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(on: store) { gatehouse in
            let place = gatehouse.place
            let old = try await gatehouse.simulation("kim").enroll().serialNumber
            let other = try await gatehouse.simulation("zoe").enroll().serialNumber
            #expect(try await gatehouse.stop() == 0)
            // As a second enrollment of the same hardware marks it, a day having passed since.
            let changed = try await place.query(
                """
                UPDATE certificate SET supersede_after = 1 WHERE hex(serial) = '\(old)' RETURNING 1;
                UPDATE device SET certificate_serial = zeroblob(17) WHERE hex(certificate_serial) = '\(old)' RETURNING 1;
                """,
                postgres: """
                    UPDATE certificate SET supersede_after = 1 WHERE serial = '\\x\(old)' RETURNING 1;
                    UPDATE device SET certificate_serial = decode(repeat('00', 17), 'hex')
                        WHERE certificate_serial = '\\x\(old)' RETURNING 1;
                    """
            )
            #expect(changed == ["1", "1"])

            try await gatehouse.start()
            func state(of serial: String) async throws -> String? {
                try await place.certificates().first { $0.serialNumber.uppercased() == serial }?.state
            }
            try await gatehouse.wait("superseded") { try await StoreAudit(place).issued() == [other] }
            #expect(try await state(of: old) == "superseded")
            #expect(try await state(of: other) == "issued")
        }
    }
}
