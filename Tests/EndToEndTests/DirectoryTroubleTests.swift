import DeviceSimulator
import EnrollmentTestKit
import Glibc
import Testing

@Suite("Trouble with the directory", .timeLimit(.minutes(25)))
struct DirectoryTroubleTests {
    @Test("a directory that is down is a fault that says so, and its return needs no restart")
    func outage() async throws {
        let directory = try Slapd()
        try await RunningGatehouse.serve(directory: directory) { gatehouse in
            _ = try await gatehouse.simulation("kim").enroll()
            // What watches the directory has to follow a new configuration too.
            gatehouse.signal(SIGHUP)
            try await gatehouse.wait("reloaded") { gatehouse.log.contains("configuration reloaded") }
            _ = try await gatehouse.simulation("kim").enroll()
            directory.stop()
            let fault = try await gatehouse.simulation("kim").fault().fault
            #expect(fault.errorType == "InMaintenance")
            #expect(fault.deviceCode == "0x80180017")
            let attempt = try await gatehouse.place.attempt(try #require(fault.traceID))
            #expect(attempt.rule == "directory.unreachable")

            try directory.start()
            var enrolled: EnrolledDevice?
            // A server that was left out is tried again by itself after a moment.
            for _ in 0..<50 where enrolled == nil {
                enrolled = try await gatehouse.simulation("kim").run().enrolledDevices.first
                if enrolled == nil { try await Task.sleep(for: .milliseconds(200)) }
            }
            #expect(enrolled != nil)
            #expect(try await gatehouse.place.devices().count == 3)
        }
    }

    @Test("a directory whose certificate another authority issued is not told a password")
    func wrongAuthority() async throws {
        let directory = try RunningGatehouse.directory.get()
        let settings = Place.Settings(directoryAuthority: directory.otherCAFile)
        try await RunningGatehouse.serve(settings) { gatehouse in
            let fault = try await gatehouse.simulation("kim").fault().fault
            #expect(fault.deviceCode == "0x80180005")
            let attempt = try await gatehouse.place.attempt(try #require(fault.traceID))
            #expect(attempt.rule == "directory.refused")
            #expect(gatehouse.log.contains("a directory server is left out"))
            #expect(try await gatehouse.place.devices().isEmpty)
        }
    }
}
