import DeviceSimulator
import Testing

@Suite("The device limit", .timeLimit(.minutes(25)))
struct DeviceLimitTests {
    @Test(
        "of sixty devices that race for five slots exactly five enroll, and help desk sees what kept the others out",
        arguments: StoreKind.allCases
    )
    func race(_ store: StoreKind) async throws {
        try await RunningGatehouse.serve(Place.Settings(deviceLimit: 5), on: store) { gatehouse in
            var simulation = try gatehouse.simulation("kim")
            simulation.devices = 60
            simulation.concurrency = 60
            simulation.probes = false
            simulation.provesPossession = false
            let report = await simulation.run()
            #expect(report.enrolled == 5, "\(report.failures)")
            #expect(report.faults.count == 55)
            #expect(report.faults.allSatisfy { $0.subcode == "Authorization" && $0.errorType == "DeviceCapReached" })
            #expect(report.faults.allSatisfy { $0.deviceCode == "0x80180013" })
            #expect(Set(report.faults.compactMap(\.traceID)).count == 55)

            let enrolled = Set(report.enrolledDevices.map(\.entDMID))
            let place = gatehouse.place
            #expect(Set(try await place.devices().map(\.id)) == enrolled)
            #expect(try await place.user("kim@corp.example").counted == 5)

            // Whoever asks again when the dust has settled is told exactly which five fill the limit.
            let fault = try await gatehouse.simulation("kim").fault().fault
            let attempt = try await place.attempt(try #require(fault.traceID))
            #expect(attempt.outcome == "refused")
            #expect(attempt.rule == "limit.reached")
            #expect(attempt.onDevice == "0x80180013")
            #expect(Set(attempt.counted.map(\.id)) == enrolled)
            for trace in report.faults.prefix(3).compactMap(\.traceID) {
                #expect(try await place.attempt(trace).counted.count == 5)
            }
        }
    }
}
