import DeviceSimulator
import EnrollmentTestKit
import Foundation
import Testing
import X509Kit

@Suite("A replica that joins", .timeLimit(.minutes(25)))
struct ReplicaJoinTests {
    @Test("needs its configuration and the passphrase, and nothing else")
    func joins() async throws {
        var settings = Replicas.Settings()
        settings.count = 1
        try await Replicas.serve(settings) { replicas in
            let device = try await replicas[0].device(of: "kim")
            let newcomer = try replicas.newcomer(1)
            try await newcomer.start()
            #expect(try await newcomer.readiness().isReady)
            #expect(try await newcomer.status(of: device) == .good)
            #expect(try await newcomer.verifies(device) == nil)
            #expect(try await newcomer.listenerCertificate() == replicas[0].listenerCertificate())
            let enrolled = try await newcomer.simulation("zoe").enroll()
            #expect(try await Set(replicas[0].place.devices().map(\.id)) == [device.entDMID, enrolled.entDMID])
            #expect(try await newcomer.stop() == 0)
            let files = try FileManager.default.contentsOfDirectory(atPath: newcomer.place.folder.path)
            #expect(!files.contains { $0.hasSuffix(".db") })
            try await newcomer.expectNoSecret()
        }
    }

    @Test("with another configuration than the others is refused, with what differs and what to do")
    func differs() async throws {
        var settings = Replicas.Settings()
        settings.count = 1
        try await Replicas.serve(settings) { replicas in
            let newcomer = try replicas.newcomer(1)
            var other = settings.place
            other.deviceLimit = 7
            try newcomer.place.write(other)
            let run = try await newcomer.place.run(["serve"])
            #expect(run.status != 0 && run.status != 124, "\(run.errors)")
            #expect(run.errors.contains("deviceLimit"), "\(run.errors)")
            #expect(run.errors.contains("gatehouse config agree"), "\(run.errors)")
            // The one that serves has not changed.
            #expect(try await replicas[0].readiness().isReady)

            try newcomer.place.write(settings.place)
            try await newcomer.start()
            _ = try await newcomer.simulation("kim").enroll()
            #expect(try await newcomer.stop() == 0)
        }
    }

    @Test("with another passphrase is refused, and shows neither")
    func passphrase() async throws {
        var settings = Replicas.Settings()
        settings.count = 1
        try await Replicas.serve(settings) { replicas in
            let newcomer = try replicas.newcomer(1)
            _ = try newcomer.place.keep(secret: "incorrect horse\n", as: "passphrase")
            let run = try await newcomer.place.run(["serve"])
            #expect(run.status == 2, "\(run.errors)")
            #expect(run.errors.contains("passphrase does not open"), "\(run.errors)")
            #expect(!run.errors.contains("incorrect horse"))
        }
    }

    @Test("of two that found the authority at the same time one does, and the other says so")
    func founding() async throws {
        try await RunningGatehouse.databases.get().withDatabase { database in
            let seat = Place.Seat()
            let places = try (0...1).map { number in
                try Place(
                    unfounded: Place.Settings(),
                    directory: try RunningGatehouse.directory.get(),
                    store: .postgres(PostgresAccess(database)),
                    seat: seat.replica(number)
                )
            }
            async let one = places[0].run(["init"])
            async let other = places[1].run(["init"])
            let runs = [try await one, try await other]
            let winner = try #require(runs.firstIndex { $0.status == 0 }, "\(runs)")
            let loser = runs[1 - winner]
            #expect(loser.status != 0 && loser.status != 124, "\(runs)")
            #expect(loser.errors.contains("error GH-"), "\(loser.errors)")
            // There is one authority, and it serves.
            try await places[winner].keepRoot()
            let gatehouse = RunningGatehouse(places[winner])
            try await gatehouse.start()
            _ = try await gatehouse.simulation("kim").enroll()
            let roots = try await places[winner].certificates().filter { $0.profile == "root/2" }
            #expect(roots.count == 1)
            #expect(try await gatehouse.stop() == 0)
            // Once more, when it is there.
            let again = try await places[winner].run(["init"])
            #expect(again.status != 0, "\(again)")
            #expect(try await places[winner].certificates().filter { $0.profile == "root/2" }.count == 1)
        }
    }

    @Test("to an empty database is told to run init, and leaves it empty")
    func empty() async throws {
        try await RunningGatehouse.databases.get().withDatabase { database in
            let place = try Place(
                unfounded: Place.Settings(),
                directory: try RunningGatehouse.directory.get(),
                store: .postgres(PostgresAccess(database))
            )
            _ = try place.keep(secret: "correct horse battery staple\n", as: "passphrase")
            for command in ["serve", "doctor"] {
                let run = try await place.run([command])
                #expect(run.status != 0 && run.status != 124, "\(command): \(run)")
                #expect((run.errors + run.output).contains("gatehouse init"), "\(command): \(run)")
            }
            let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
            #expect(try await database.psql(tables) == "0")
        }
    }
}

extension Replicas {
    /// One more, with its configuration and the passphrase; not started.
    func newcomer(_ number: Int, store access: PostgresAccess? = nil) throws -> RunningGatehouse {
        let place = try Place(
            unfounded: Place.Settings(tellsStatus: true),
            directory: try RunningGatehouse.directory.get(),
            store: .postgres(access ?? PostgresAccess(self.database)),
            seat: self.members[0].place.seat.replica(number)
        )
        try place.join(self.members[0].place)
        return RunningGatehouse(place)
    }
}
