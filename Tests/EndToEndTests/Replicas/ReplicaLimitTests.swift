import DeviceSimulator
import Testing

@Suite("The device limit, with several replicas", .timeLimit(.minutes(25)))
struct ReplicaLimitTests {
    @Test("of two hundred devices that race for five slots through three replicas exactly five enroll")
    func race() async throws {
        var settings = Replicas.Settings()
        settings.place.deviceLimit = 5
        settings.access = { _, database in
            var access = PostgresAccess(database)
            // Whoever waits for a connection is to learn of the limit here, not that there was none free.
            access.waitSeconds = 30
            return access
        }
        try await Replicas.serve(settings) { replicas in
            let others = try await replicas[1].device(of: "zoe")
            // One more than two hundred in all.
            let reports = try await replicas.enroll(67, of: ["kim"])
            let enrolled = reports.enrolledDevices
            #expect(enrolled.count == 5, "\(reports.map(\.failures))")
            #expect(reports.faults.count == 196)
            #expect(reports.faults.allSatisfy { $0.errorType == "DeviceCapReached" }, "\(reports.map(\.failures))")
            #expect(reports.faults.allSatisfy { $0.subcode == "Authorization" && $0.deviceCode == "0x80180013" })
            #expect(Set(reports.faults.compactMap(\.traceID)).count == 196)

            // Each replica tells the same of it.
            for replica in replicas.members {
                #expect(
                    Set(try await replica.place.devices().map(\.id))
                        == Set(enrolled.map(\.entDMID) + [others.entDMID])
                )
                #expect(try await replica.place.user("kim@corp.example").counted == 5)
                let fault = try await replica.simulation("kim").fault().fault
                let attempt = try await replicas[0].place.attempt(try #require(fault.traceID))
                #expect(attempt.rule == "limit.reached")
                #expect(Set(attempt.counted.map(\.id)) == Set(enrolled.map(\.entDMID)))
            }
            for trace in reports.faults.compactMap(\.traceID).prefix(3) {
                #expect(try await replicas[2].place.attempt(trace).counted.count == 5)
            }
            try await replicas.audit.expectSound(limit: 5)
            #expect(try await replicas.audit.issued().isSuperset(of: enrolled.map(\.serialNumber)))
        }
    }

    @Test("the same hardware that asks three replicas at once has one slot and one certificate that counts")
    func sameHardware() async throws {
        var settings = Replicas.Settings()
        settings.place.deviceLimit = 2
        try await Replicas.serve(settings) { replicas in
            _ = try await replicas[0].device(of: "kim")
            for _ in 1...3 {
                let results = try await withThrowingTaskGroup(of: SimulationReport.self) { group in
                    for number in replicas.members.indices {
                        var simulation = try replicas.simulation(["kim"], at: number)
                        simulation.seed = 7
                        simulation.provesPossession = false
                        group.addTask { [simulation] in await simulation.run() }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                // One that was overtaken by the same device's next request is told to come again.
                #expect(results.enrolledDevices.count >= 1, "\(results.map(\.failures))")
                results.expectNoDeviation()
                #expect(results.faults.allSatisfy { $0.errorType != "DeviceCapReached" }, "\(results.faults)")
                #expect(Set(results.enrolledDevices.map(\.entDMID)).count == 1)
                #expect(try await replicas[0].place.devices().count == 2)
                #expect(try await replicas[0].place.user("kim@corp.example").counted == 2)
                try await replicas.audit.expectSound(limit: 2)
            }
            var stranger = try replicas.simulation(["kim"], at: 1)
            stranger.seed = 8
            #expect(try await stranger.fault().fault.errorType == "DeviceCapReached")
        }
    }
}
