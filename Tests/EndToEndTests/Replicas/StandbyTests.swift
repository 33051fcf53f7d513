import CurlKit
import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing
import X509Kit

@Suite("Standbys of PostgreSQL", .timeLimit(.minutes(25)))
struct StandbyTests {
    @Test("a replica on a standby answers what only reads, says so in its readiness, and enrolls once that is promoted")
    func promoted() async throws {
        let primary = try PostgresServer()
        var settings = Replicas.Settings()
        settings.count = 1
        settings.server = primary
        try await Replicas.serve(settings) { replicas in
            let device = try await replicas[0].device(of: "kim")
            let standby = try PostgresServer(standbyOf: primary)
            let copy = PostgresDatabase(server: standby, name: replicas.database.name)
            let reader = try replicas.newcomer(1, store: PostgresAccess(copy))
            try await reader.start()

            // How old its copy is, a standby knows once it has repeated a commit: until then nothing is said of certificates.
            try await reader.wait(for: "the first commit repeated") { try await reader.status(of: device) == .good }
            #expect(try await reader.verifies(device) == nil)
            #expect(try await reader.place.devices().map(\.id) == [device.entDMID])
            #expect(try await reader.place.user("kim@corp.example").counted == 1)
            let readiness = try await reader.readiness()
            #expect(readiness.reasons.contains("standby") || readiness.reasons.contains("read"), "\(readiness)")
            #expect(!readiness.isReady)
            let fault = try await reader.simulation("zoe").fault().fault
            #expect(fault.errorType == "InMaintenance", "\(fault)")
            let order = try await reader.place.run(["device", "hold", device.entDMID, "--reason", "lost"])
            #expect(order.status == 5, "\(order)")
            #expect(try await StoreAudit(reader.place).issued().count == 1)

            // What is revoked at the primary is revoked here.
            try await replicas[0].place.order("hold", device, "lost")
            try await reader.expect(.certificateHold, of: device)

            let process = reader.processIdentifier
            #expect(try await replicas[0].stop() == 0)
            primary.stop(.immediate)
            try standby.promote()
            try await reader.wait("enrolls") { await (try reader.simulation("zoe")).run().enrolled == 1 }
            try await reader.wait("ready") { try await reader.readiness().isReady }
            try await reader.place.order("resume", device, "found")
            try await reader.wait(for: "good again") { try await reader.status(of: device) == .good }
            #expect(reader.processIdentifier == process)
            try await StoreAudit(reader.place).expectSound()
            #expect(try await reader.stop() == 0)
            try await reader.expectNoSecret()
            try primary.start()
        }
    }

    @Test("two hosts in the address: when the primary ends, devices enroll at its successor, and nothing is lost")
    func failOver() async throws {
        let primary = try PostgresServer()
        let standby = try PostgresServer(standbyOf: primary)
        // What is acknowledged is on both.
        try await primary.administration.psql(
            "ALTER SYSTEM SET synchronous_standby_names = '*'; SELECT pg_reload_conf()"
        )
        var settings = Replicas.Settings()
        settings.count = 2
        settings.server = primary
        settings.access = { _, database in
            var access = PostgresAccess(database)
            access.url = """
                host=127.0.0.1,127.0.0.1 port=\(primary.port),\(standby.port) user=\(primary.user) \
                dbname=\(database.name) target_session_attrs=read-write
                """
            return access
        }
        try await Replicas.serve(settings) { replicas in
            let people = (1...8).map { Person.numbered($0) }
            async let loading = replicas.enroll(60, of: people, concurrency: 3)
            try await replicas[0].wait("some have enrolled") {
                try await replicas.audit.issued().count > 5
            }
            primary.stop(.kill)
            try standby.promote()
            let reports = try await loading
            reports.expectNoDeviation()
            for replica in replicas.members {
                #expect(replica.isRunning)
                try await replica.wait("enrolls at the successor") {
                    await (try replica.simulation("kim")).run().enrolled == 1
                }
                try await replica.wait("ready") { try await replica.readiness().isReady }
            }
            let successor = standby.database(replicas.database.name)
            let issued = try await successor.psql(
                "SELECT upper(encode(serial, 'hex')) FROM certificate WHERE der IS NOT NULL AND device IS NOT NULL"
            ).split(separator: "\n").map(String.init)
            let missing = reports.serialNumbers.subtracting(issued)
            #expect(missing.isEmpty, "devices hold certificates that the successor does not: \(missing)")
            for replica in replicas.members { #expect(try await replica.stop() == 0) }
            try primary.start(settings: ["synchronous_standby_names": ""])
        }
    }
}

extension PostgresServer {
    /// The database of that name on this server.
    func database(_ name: String) -> PostgresDatabase { PostgresDatabase(server: self, name: name) }
}
