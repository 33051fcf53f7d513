import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Glibc
import ServiceRuntime
import Synchronization
import Testing

@Suite("Telling the management server", .timeLimit(.minutes(25)))
struct DeliveryTests {
    @Test("of a device's whole life comes in its order, each event signed", arguments: StoreKind.allCases)
    func wholeLife(_ store: StoreKind) async throws {
        let sink = try await EventSink()
        var settings = Place.Settings()
        settings.more = try sink.section(in: sink.folder)
        try await RunningGatehouse.serve(settings, on: store) { gatehouse in
            let device = try await gatehouse.device(of: "kim")
            let other = try await gatehouse.device(of: "lee")
            try await gatehouse.place.order("hold", device, "lost")
            try await gatehouse.place.order("resume", device, "found")
            try await gatehouse.place.order("reset", other, "sold")
            let telling = Telling(gatehouse, sink)
            try await gatehouse.wait("everything is told") { try await telling.isComplete() }
            try await telling.expectEqual()
            let kinds = try sink.distinct().filter { $0.subject == device.entDMID }.map(\.kind)
            #expect(kinds == ["enrolled", "held", "resumed"])
            try await gatehouse.wait("the devices are handed off") {
                try await gatehouse.place.query("SELECT count(*) FROM device WHERE state = 'issued'") == ["0"]
            }
        }
    }

    @Test(
        "goes on after kill -9, again and again: nothing is lost, each device's order is kept",
        arguments: StoreKind.allCases
    )
    func killed(_ store: StoreKind) async throws {
        let sink = try await EventSink()
        var settings = Place.Settings(deviceLimit: 100)
        settings.more = try sink.section(in: sink.folder)
        try await RunningGatehouse.serve(settings, on: store) { gatehouse in
            for round in 1...4 {
                if round > 1 { try await gatehouse.start() }
                try await gatehouse.enroll(32, killedAfterEvents: 8 * round, at: sink)
                #expect(!gatehouse.isRunning)
            }
            try await gatehouse.start()
            let telling = Telling(gatehouse, sink)
            try await gatehouse.wait("everything is told") { try await telling.isComplete() }
            try await telling.expectEqual()
            try await StoreAudit(gatehouse.place).expectSound(limit: 100)
        }
    }

    @Test(
        "waits for a server that is away, refuses, redirects, answers late or cuts connections, and then catches up",
        arguments: [EventSink.Behavior.status(500), .status(302), .status(503), .late, .reset]
    )
    func trouble(_ behavior: EventSink.Behavior) async throws {
        let sink = try await EventSink()
        try sink.behave(behavior)
        var settings = Place.Settings()
        settings.more = try sink.section(in: sink.folder)
        try await RunningGatehouse.serve(settings) { gatehouse in
            let device = try await gatehouse.device(of: "kim")
            try await gatehouse.place.order("hold", device, "lost")
            _ = try await gatehouse.device(of: "lee")
            try await gatehouse.wait("it has been tried") {
                let failures = "SELECT count(*) FROM destination WHERE last_error IS NOT NULL"
                let waiting = "SELECT count(*) FROM delivery WHERE attempts > 0"
                if try await gatehouse.place.query(failures) == ["1"] { return true }
                return try await gatehouse.place.query(waiting) != ["0"]
            }
            try sink.behave(.status(200))
            let telling = Telling(gatehouse, sink)
            try await gatehouse.wait("everything is told") { try await telling.isComplete() }
            try await telling.expectEqual()
        }
    }

    @Test("changes its secrets under load: whoever knows the old or the new one misses nothing")
    func rotation() async throws {
        let sink = try await EventSink()
        var settings = Place.Settings(deviceLimit: 100)
        settings.more = try sink.section(in: sink.folder)
        try await RunningGatehouse.serve(settings) { gatehouse in
            let shutdown = ShutdownSignal()
            var simulation = try gatehouse.simulation((1...8).map { Person.numbered($0) })
            simulation.devices = 60
            simulation.concurrency = 4
            simulation.probes = false
            async let load = simulation.run(until: shutdown)
            // The sender signs with both, then the receiver learns the new one, then the sender forgets the old one.
            for (signed, believed) in [([0, 1], [0]), ([0, 1], [1]), ([1], [1])] {
                let count = try sink.taken().count
                try await gatehouse.wait("some more are told") { try sink.taken().count > count + 5 }
                settings.more = try sink.section(keeping: signed, in: sink.folder)
                try gatehouse.place.write(settings)
                let logged = gatehouse.log.matches(of: /configuration/).count
                gatehouse.signal(SIGHUP)
                try await gatehouse.wait("it is reloaded") { gatehouse.log.matches(of: /configuration/).count > logged }
                try sink.believe(believed)
            }
            let report = await load
            #expect(report.firstDeviation == nil)
            let telling = Telling(gatehouse, sink)
            try await gatehouse.wait("everything is told") { try await telling.isComplete() }
            try await telling.expectEqual()
            #expect(try Set(sink.taken().map(\.secret)) == [0])
        }
    }

    @Test("is one replica's work: when that is killed another goes on, and nothing is lost")
    func replicas() async throws {
        let sink = try await EventSink()
        var settings = Replicas.Settings()
        settings.place.deviceLimit = 100
        settings.place.more = try sink.section(in: sink.folder)
        try await Replicas.serve(settings) { replicas in
            let telling = Telling(replicas[0], sink)
            for round in 0..<2 {
                _ = try await replicas.enroll(6, of: (1...8).map { Person.numbered($0) }, concurrency: 3)
                try await replicas[2].wait("everything is told") { try await telling.isComplete() }
                let holders = try await replicas[2].place.query(
                    "SELECT holder FROM lease WHERE name = 'handoff/sink'"
                )
                let holder = try #require(holders.first)
                // A holder's name ends in the number of its process.
                let sender = replicas.members.first { member in
                    member.isRunning
                        && holder.matches(of: /[0-9]+/).contains { $0.output == "\(member.processIdentifier)" }
                }
                guard round == 0 else { break }
                let killed = try #require(sender, "no replica is \(holder)")
                killed.signal(SIGKILL)
                #expect(try await killed.end() == -1)
            }
            try await telling.expectEqual()
        }
    }
}

extension RunningGatehouse {
    /// Lets devices enroll and kills the server once some events have arrived.
    fileprivate func enroll(_ devices: Int, killedAfterEvents count: Int, at sink: EventSink) async throws {
        var simulation = try self.simulation((1...12).map { Person.numbered($0) })
        simulation.devices = devices
        simulation.concurrency = 6
        simulation.probes = false
        simulation.provesPossession = false
        let shutdown = ShutdownSignal()
        async let load = simulation.run(until: shutdown)
        try await self.wait("events arrive") { try sink.taken().count >= count }
        self.signal(SIGKILL)
        shutdown.raise()
        #expect(try await self.end() == -1)
        _ = await load
    }
}
